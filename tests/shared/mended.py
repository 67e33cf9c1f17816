"""Mends applied to scenario files, and what becomes of a pair then: as a user does it, by the file alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from netlab.azure.explanation import Explanation, explain
from netlab.azure.prediction import Predicted, PredictedStep, endpoint_addresses, predict
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.mends import Mend, actions_of, edits_of
from netlab.results.protocols import Protocol
from netlab.scenario.document import read
from netlab.scenario.edits import edited
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node


def with_actions(document: Mapping[str, Any], step: int, actions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a file holds when a step of its story takes more actions; a file without a story gets one of one step."""
    story = [dict(item) for item in document.get("story") or [{"name": "as built"}]]
    story[step]["do"] = [*story[step].get("do", ()), *actions]
    return {**document, "story": story}


def mended(text: str, step: int, mend: Mend) -> str:
    """The text of a scenario file with a mend: its edits, and its actions at the end of a step."""
    document = edited(read(text, "x.yaml").data, edits_of(mend.changes))
    actions = actions_of(mend.changes)
    return json.dumps(with_actions(document, step, actions) if actions else document)


@cache
def states(text: str) -> tuple[State, ...]:
    """The state after each step of a scenario; the rules accept it."""
    return tuple(step.state for step in _steps(text))


@cache
def _steps(text: str) -> tuple[PredictedStep, ...]:
    return tuple(predict(parse(text, "x.yaml").scenario))


def found(text: str, step: int, source: str, target: str, protocol: Protocol = "icmp") -> Predicted:
    """What becomes of a pair after a step."""
    moment = _steps(text)[step]
    ends = by_node(moment.state.scenario)
    return moment.forecast.pair(ends[source], ends[target], protocol)


def explained(text: str, source: str, target: str, step: int = 0) -> Explanation:
    """The explanation of a pair after a step."""
    state = states(text)[step]
    return explain(state, found(text, step, source, target), endpoint_addresses(state))


def untrue(text: str, item: Predicted, step: int, mends: tuple[Mend, ...]) -> Iterator[str]:
    """The mends that do not let a pair talk by each of its protocols; a ping only gets as far as a private endpoint or
    a frontend."""
    for mend in mends:
        for protocol in item.protocols:
            after = found(mended(text, step, mend), step, item.source, item.target, protocol)
            if protocol == "icmp" and _refused_ping(after):
                continue
            if after.drop is not None:
                yield f"{item.source} to {item.target}, step {step}, {protocol}: {mend.sentence}: {after.drop.reason}"


def _refused_ping(after: Predicted) -> bool:
    """E12, L17: a private endpoint and a frontend answer no ping, whatever is changed; they drop it themselves."""
    drop = after.drop
    if drop is None or drop.type is DropType.NO_LOAD_BALANCING_RULE:
        return drop is not None and after.target.endswith(f"-{drop.parameters['frontend']}")
    return drop.type is DropType.NOT_THE_SERVICE and drop.parameters["endpoint"] == after.target
