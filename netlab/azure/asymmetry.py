"""Stateful appliances that see one half of a flow, the request or the answer, and so drop what follows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, product

from netlab.azure.classes import classes, representatives
from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted, predict
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.verification import Remark
from netlab.scenario.models import Scenario
from netlab.scenario.network import Firewall, Network, Nic
from netlab.scenario.rules.breach import Breach, Path

# F20, F21: what an appliance that sees one half drops, and what it lets pass.
_MEANS = {
    "request": "it drops TCP's third packet; ping and UDP pass",
    "answer": "it drops SYN-ACKs and echo replies; UDP passes where its rules let it",
}


@dataclass(frozen=True, slots=True)
class Half:
    """A stateful appliance that a request passes and its answer does not, or the other way round."""

    appliance: Nic | Firewall
    source: str
    target: str
    sees: str


def halves(state: State, found: Predicted) -> Iterator[Half]:
    """The appliances that see one half of what a pair sends; with several ways, those of any two that may meet. A pair
    that cannot talk for another reason is no case of it."""
    drop = found.drop
    if drop is not None and drop.type != DropType.INVALID_STATE:
        return
    for appliance in _stateful(state.network):
        node = appliance.node
        if node not in (found.source, found.target):
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
    return " ".join(f"Asymmetric: {_half(half.sees, half.appliance.node)}." for half in halves(state, found))


def _stateful(network: Network) -> Iterator[Nic | Firewall]:
    nics = (appliance.nic for appliance in network.appliances.values() if appliance.spec.stateful != "none")
    return chain(nics, network.firewalls.values())


def _half(sees: str, appliance: str) -> str:
    other = "answer" if sees == "request" else "request"
    return f"the {sees} passes {appliance}, the {other} does not"


def remarks(state: State, cells: Iterable[Predicted]) -> Iterator[Remark]:
    """A warning for each appliance that sees one half of flows, with the first of the pairs."""
    by_appliance: dict[Nic | Firewall, list[Half]] = {}
    for cell in cells if state.network.appliances or state.network.firewalls else ():
        for half in halves(state, cell):
            by_appliance.setdefault(half.appliance, []).append(half)
    for appliance, seen in by_appliance.items():
        yield Remark(_named(appliance), _message(seen))


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
    if not scenario.appliances and not scenario.firewalls:
        return
    found: dict[str, Breach] = {}
    foreseen = tuple(predict(scenario))
    asked = representatives(classes([step.state for step in foreseen]))
    for step in foreseen:
        appliances = {_named(item): item for item in _stateful(step.state.network)}
        for remark in remarks(step.state, step.forecast.matrix(asked)):
            found.setdefault(remark.name, Breach(_place(appliances[remark.name]), remark.message, "warning"))
    yield from found.values()


def _named(found: Nic | Firewall) -> str:
    return f"{'firewall' if isinstance(found, Firewall) else 'appliance'} {found.node}"


def _place(found: Nic | Firewall) -> Path:
    """Where it is in the file."""
    if isinstance(found, Firewall):
        return ("firewalls", found.name)
    return found.machine.appliance_path
