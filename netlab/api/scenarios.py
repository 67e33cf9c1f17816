"""Scenarios: loaded, checked, listed; and the ends that a user names in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netlab.azure import asymmetry, misfits
from netlab.azure.dataplane import load_balancers
from netlab.azure.moments import initial
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.scenario.loader import MAX_BYTES, Loaded, decoded, load, located, parse
from netlab.scenario.loader import catalogue as files
from netlab.scenario.models import Scenario
from netlab.scenario.names import (
    INTERNET,
    Pair,
    asked_by_address,
    endpoints,
    pairs_between,
    resolve,
    sources,
    suggest,
)
from netlab.scenario.network import resolve as network_of

if TYPE_CHECKING:
    from netlab.results.catalogue import ListedScenario

__all__ = [
    "MAX_BYTES",
    "Loaded",
    "Scenario",
    "catalogue",
    "check",
    "check_bytes",
    "find_pairs",
    "find_two",
    "findings",
    "load",
    "named",
    "names",
    "remarks",
]


def catalogue() -> list[ListedScenario]:
    """The scenarios that come with netlab."""
    from netlab.results.catalogue import ListedScenario

    found = (load(str(path)).scenario for path in files().values())
    return [ListedScenario(scenario.name, scenario.description) for scenario in found]


def names() -> tuple[str, ...]:
    """The names of the scenarios that come with netlab."""
    return tuple(files())


def check(reference: str) -> tuple[tuple[Finding, ...], bool]:
    """All findings about a scenario, and whether it is valid: broken rules, and ends that the model cannot connect."""
    return _findings(lambda: load(reference), reference)


def check_bytes(data: bytes, where: str) -> tuple[tuple[Finding, ...], bool]:
    """The same of what a file would hold, up to ``MAX_BYTES`` of it."""
    return _findings(lambda: parse(decoded(data, where), where), where)


def findings(text: str, where: str) -> tuple[tuple[Finding, ...], bool]:
    """The same of a scenario's text."""
    return _findings(lambda: parse(text, where), where)


def _findings(read: Callable[[], Loaded], reference: str) -> tuple[tuple[Finding, ...], bool]:
    try:
        loaded = read()
        return tuple(sorted((*loaded.warnings, *remarks(loaded)), key=lambda finding: finding.line)), True
    except ScenarioError as error:
        return error.findings or (Finding(error.message, where=reference),), False


def remarks(loaded: Loaded) -> tuple[Finding, ...]:
    """What the model finds in a valid scenario: ends that it cannot connect, ways that differ."""
    scenario = loaded.scenario
    of_ends = (*misfits.warnings(scenario), *misfits.without_session(scenario))
    of_pools = load_balancers.warnings(initial(scenario))
    return tuple(located(loaded, (*of_ends, *of_pools, *asymmetry.warnings(scenario))))


def named(scenario: Scenario, name: Any) -> Any:
    """A name in the case in which the scenario writes it; anything else as it is."""
    network = network_of(scenario)
    devices = (device for site in network.sites.values() for device in site.spec.devices)
    known = (*network.vnets, *network.sites, *network.clients, *network.connections, *devices)
    return next((item for item in known if isinstance(name, str) and item.lower() == name.lower()), name)


def find_pairs(scenario: Scenario, source: str, target: str) -> tuple[Pair, ...]:
    """The pairs of nodes that two names stand for: of machines, or of all machines of VNets and sites."""
    for name in (source, target):
        if not resolve(scenario, name):
            ends = endpoints(scenario)
            known = (*scenario.vnets, *scenario.sites, *(end.name for end in ends), *(end.node for end in ends))
            raise UsageError(f"{name[:60]!r} is unknown here", suggest(name, known))
    _refuse_unasked_address(scenario, source, target)
    found = tuple(pairs_between(scenario, source, target))
    if not found:
        raise UsageError(f"{source} and {target} are one and the same", "name two different ones")
    return found


def find_two(scenario: Scenario, source: str, target: str) -> tuple[str, str]:
    """The nodes of two different machines, hosts or clients; the Internet asks only where the story has it ask."""
    nodes = (_find_endpoint(scenario, source), _find_endpoint(scenario, target))
    if nodes[0] == nodes[1]:
        raise UsageError(f"{source} and {target} are one and the same", "name two different ones")
    if nodes[0] == INTERNET and INTERNET not in (end.node for end in sources(scenario)):
        raise UsageError("the Internet asks nothing in this story", "name it second, or under `reach` in a step")
    _refuse_unasked_address(scenario, source, target)
    return nodes


def _refuse_unasked_address(scenario: Scenario, source: str, target: str) -> None:
    """A machine is asked by another address than its primary NIC's only where the story does so."""
    # A name begins with a letter: what does not is an address.
    if not target[0].isalpha():
        asked = asked_by_address(scenario)
        for pair in pairs_between(scenario, source, target):
            if asked.get(pair) != target:
                raise UsageError(f"{source} asks {target} by its address nowhere in this story", f"name it {pair[1]}")


def _find_endpoint(scenario: Scenario, name: str) -> str:
    """The node of one machine, host or client."""
    nodes = resolve(scenario, name)
    if len(nodes) != 1:
        what = f"stands for {', '.join(nodes)}" if nodes else "is unknown here"
        raise UsageError(f"{name[:60]!r} {what}", suggest(name, [item.node for item in endpoints(scenario)]))
    return nodes[0]
