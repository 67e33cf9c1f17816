"""The AS paths that a story expects gateways and sites to have learned, and those that they have. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.world import World
from netlab.scenario.models import Expectation

ABSENT = "absent"

# By VNet or site and prefix: an AS path, or that there is none.
Expected = Mapping[tuple[str, str], str]
# By prefix: the AS paths of the best routes of any router of an end.
AsPaths = Mapping[str, frozenset[str]]


def expected(before: Expected, expectation: Expectation) -> Expected:
    """What is expected to be learned; what a step leaves out stays as it was before."""
    fresh = {(end, prefix): path for end, routes in expectation.learned.items() for prefix, path in routes.items()}
    return {**before, **fresh}


def as_paths(world: World, end: str) -> AsPaths:
    """What the routers of a VNet's gateway or of a site have learned by BGP."""
    found: dict[str, frozenset[str]] = {}
    for router in world.topology.of(end):
        for prefix, paths in world.learned[router.node].items():
            told = frozenset(" ".join(map(str, path.as_path)) for path in paths)
            found[str(prefix)] = found.get(str(prefix), frozenset()) | told
    return found


def in_words(known: AsPaths, prefix: str, said: str = "") -> str:
    """The AS path of a prefix: of several the one that is said, if it is among them."""
    paths = known.get(prefix, frozenset())
    if not paths:
        return ABSENT
    return said if said in paths else " or ".join(path or "an empty AS path" for path in sorted(paths))


def disagreements(world: World, documented: Expected) -> Iterator[tuple[str, str]]:
    """The VNets and sites of which the scenario expects something else than the model predicts, and what."""
    for (end, prefix), said in documented.items():
        predicted = in_words(as_paths(world, end), prefix, said)
        if predicted != said:
            yield end, f"{prefix}: the scenario expects {said}, the model predicts {predicted}"
