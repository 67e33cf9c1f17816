"""Check what was learned by BGP.

Success: each learner has the AS paths that the scenario documents, if it does, and that the model predicts.
Failure: scenario, model and lab are not of one opinion about a prefix.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.learning import AsPaths, Expected, as_paths, in_words, learners, routers
from netlab.azure.state import State
from netlab.lab.build import speakers
from netlab.lab.measure.judgement import some, three_way
from netlab.machine.ports import Bgp
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, bgp: Bgp, documented: Expected) -> Iterator[Check]:
    """Every gateway, site, Route Server's instance and appliance that speaks BGP: all that it has learned."""
    for end in learners(state.network):
        predicted, observed = as_paths(state, end), _observed(plan, state, bgp, end)
        mine = {prefix: said for (who, prefix), said in documented.items() if who.lower() == end.lower()}
        problems = list(_problems(predicted, observed, mine))
        words = some(problems) if problems else some([f"{p}: {in_words(observed, p)}" for p in sorted(observed)])
        yield Check(f"learned {end}", "failed" if problems else "passed", words or "nothing")


def _observed(plan: Plan, state: State, bgp: Bgp, learner: str) -> AsPaths:
    """The AS paths that the routers of a learner have."""
    nodes = {router.node for router in routers(state, learner)}
    found: dict[str, frozenset[str]] = {}
    for speaker in (speaker for speaker in plan.speakers if speaker.node in nodes):
        for prefix, paths in speakers.as_paths(bgp, speaker).items():
            found[prefix] = found.get(prefix, frozenset()) | paths
    return found


def _problems(predicted: AsPaths, observed: AsPaths, documented: dict[str, str]) -> Iterator[str]:
    """Who stands alone with which prefix."""
    for prefix, said in documented.items():
        problem = three_way(said, in_words(predicted, prefix, said), in_words(observed, prefix, said), str)
        if problem:
            yield f"{prefix}: {problem}"
    for prefix in sorted((predicted.keys() | observed.keys()) - documented.keys()):
        problem = three_way(None, in_words(predicted, prefix), in_words(observed, prefix), str)
        if problem:
            yield f"{prefix}: {problem}"
