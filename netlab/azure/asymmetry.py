"""Stateful appliances that see one half of a flow, the request or the answer, and so drop what follows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from netlab.azure.classes import classes, representatives
from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted, predict
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.verification import Remark
from netlab.scenario.models import Scenario
from netlab.scenario.network import Appliance
from netlab.scenario.rules.breach import Breach

# F20, F21: what an appliance that sees one half drops, and what it lets pass.
_MEANS = {
    "request": "it drops TCP's third packet; ping and UDP pass",
    "answer": "it drops SYN-ACKs and echo replies; UDP passes where its rules let it",
}


@dataclass(frozen=True, slots=True)
class Half:
    """A stateful appliance that a request passes and its answer does not, or the other way round."""

    appliance: Appliance
    source: str
    target: str
    sees: str


def halves(state: State, found: Predicted) -> Iterator[Half]:
    """The appliances that see one half of what a pair sends; with several ways, those of any two that may meet. A pair
    that cannot talk for another reason is no case of it."""
    drop = found.drop
    if drop is not None and drop.type != DropType.INVALID_STATE:
        return
    for appliance in state.network.appliances.values():
        node = appliance.nic.node
        if appliance.spec.stateful != "none" and node not in (found.source, found.target):
            seen = {(node in there.nodes, node in back.nodes) for there, back in _meeting(found)}
            for half, sees in (((True, False), "request"), ((False, True), "answer")):
                if half in seen:
                    yield Half(appliance, found.source, found.target, sees)


def _meeting(found: Predicted) -> Iterator[tuple[Walk, Walk]]:
    """The ways of a request, each with those that its answer may take: what nodes remember of it keeps others out."""
    for there, back in product(found.forward, found.reverse):
        if back.sessions[: len(there.sessions)] == there.sessions:
            yield there, back


def sentence(state: State, found: Predicted) -> str:
    """The same for a person who asks about the pair; empty where request and answer pass the same appliances."""
    return " ".join(f"Asymmetric: {_half(half.sees, half.appliance.nic.node)}." for half in halves(state, found))


def _half(sees: str, appliance: str) -> str:
    other = "answer" if sees == "request" else "request"
    return f"the {sees} passes {appliance}, the {other} does not"


def remarks(state: State, cells: Iterable[Predicted]) -> Iterator[Remark]:
    """A warning for each appliance that sees one half of flows, with the first of the pairs."""
    by_appliance: dict[Appliance, list[Half]] = {}
    for cell in cells if state.network.appliances else ():
        for half in halves(state, cell):
            by_appliance.setdefault(half.appliance, []).append(half)
    for appliance, seen in by_appliance.items():
        yield Remark(f"appliance {appliance.nic.node}", _message(seen))


def _message(seen: Collection[Half]) -> str:
    parts = []
    for sees in dict.fromkeys(half.sees for half in seen):
        mine = dict.fromkeys((half.source, half.target) for half in seen if half.sees == sees)
        (source, target), *others = mine
        more = f" and {len(others)} more pair{'s' * (len(others) > 1)}" if others else ""
        parts.append(f"{_half(sees, 'it')} ({source} > {target}{more}): {_MEANS[sees]}")
    return f"asymmetric: {'; '.join(parts)}"


def warnings(scenario: Scenario) -> Iterator[Breach]:
    """The same as findings about a file: of each appliance the first step that has it."""
    if not scenario.appliances:
        return
    found: dict[str, Breach] = {}
    foreseen = tuple(predict(scenario))
    asked = representatives(classes([step.state for step in foreseen]))
    for step in foreseen:
        appliances = {f"appliance {item.nic.node}": item for item in step.state.network.appliances.values()}
        for remark in remarks(step.state, step.forecast.matrix(asked)):
            nic = appliances[remark.name].nic
            path = ("vnets", nic.vnet.name, "vms", nic.name, "nva")
            found.setdefault(remark.name, Breach(path, remark.message, "warning"))
    yield from found.values()
