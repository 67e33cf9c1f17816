"""The matrix: a cell per pair and protocol, measured by packets and judged three ways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netlab.azure import outcome
from netlab.azure.disagreement import Documented
from netlab.azure.prediction import Forecast, Predicted
from netlab.azure.state import State
from netlab.lab.build.clients import refusals
from netlab.lab.build.records import Lab
from netlab.lab.machine import Machine
from netlab.lab.measure.autopsy import Coroner
from netlab.lab.measure.evidence import Evidence, in_public
from netlab.lab.measure.judgement import another_cause, another_way, disagreement, not_via
from netlab.lab.measure.passages import Passages
from netlab.lab.measure.probing import aimed
from netlab.lab.measure.trace import outer, tunnel_ends
from netlab.plan.model import Plan
from netlab.probe.observe import observe
from netlab.probe.packets import MAX_PROBES
from netlab.probe.trace import Observation, Probe, Trace, all_pairs, path
from netlab.results.drops import Drop, DropType, cause
from netlab.results.protocols import Protocol
from netlab.results.routes import Foreseen
from netlab.results.verification import Cell, Outcome, Status
from netlab.scenario.models import Reach
from netlab.scenario.names import Pair

# A source, a target and a protocol.
Question = tuple[str, str, Protocol]


@dataclass(frozen=True, slots=True)
class Measured:
    """The cells, the ways that the model foresees, and what was seen on the underlay: in each of the rounds in which so
    many probes were sent as there are numbers for. So often the kernel had no room for a neighbour meanwhile
    (``overflows``)."""

    cells: tuple[Cell, ...]
    foreseen: tuple[Foreseen, ...]
    evidence: tuple[Evidence, ...]
    overflows: int


def measure(
    lab: Lab,
    machine: Machine,
    documented: Documented,
    forecast: Forecast,
    foretold: tuple[Predicted, ...],
    addresses: Mapping[str, str],
) -> Measured:
    """Measure the pairs that are foretold; ``addresses`` are those that endpoints have now."""
    state, everything = forecast.state, forecast.addresses
    predicted = {(item.source, item.target, protocol): item for item in foretold for protocol in item.protocols}
    parties = {(item.source, item.target): _parties(state, item) for item in foretold}
    taking_part = dict.fromkeys(node for nodes in parties.values() for node in nodes)
    there = set(machine.labs.of(lab.plan.lab))
    witnesses = {node.name: node.netns for node in lab.plan.nodes if node.netns in there}
    present = {node: addresses[node] for node in taking_part if node in addresses and node in witnesses}
    whole = {pair for pair, nodes in parties.items() if present.keys() >= set(nodes)}
    asked = (probe for probe in all_pairs((*present, *state.network.frontends)) if _question(probe) in predicted)
    probes = [aimed(state, everything, probe) for probe in asked if (probe.source, probe.target) in whole]
    stateful = {node.name for node in lab.plan.nodes if node.stateful}
    nodes = _Asked(present, witnesses, _underlay(lab.plan) & witnesses.keys(), stateful, forecast.size)
    coroner, passages, evidence = Coroner(lab.plan, machine, forecast.size), Passages(lab.plan), list[Evidence]()
    cells, before = list[Cell](), machine.inventory.overflows()
    for observation in _observed(nodes, probes, predicted):
        evidence.append(_evidence(lab.plan, observation, foretold))
        seen = _Seen(evidence[-1], passages)
        cells += (_cell(lab, t, documented, predicted[_question(t.probe)], coroner, seen) for t in observation.traces)
    overflows = machine.inventory.overflows() - before
    absences = _absences(lab.plan, state, machine, present.keys(), witnesses.keys())
    for item in foretold:
        if absent := next((absences[n] for n in parties[item.source, item.target] if n not in present), None):
            cells += _not_probed(lab, documented, item, absent)
    order: dict[tuple[str, str, str], int] = {question: number for number, question in enumerate(predicted)}
    cells.sort(key=lambda cell: order[cell.source, cell.target, cell.protocol])
    # To look for mends takes longer than to measure: only where something is wrong.
    wrong = {(cell.source, cell.target) for cell in cells if cell.status == "failed" and cell.expected == "reachable"}
    foreseen = tuple(
        outcome.foreseen(state, item, everything, wanted=(item.source, item.target) in wrong) for item in foretold
    )
    return Measured(tuple(cells), foreseen, tuple(evidence), overflows)


def _parties(state: State, item: Predicted) -> tuple[str, ...]:
    """The nodes that a pair needs: in the place of a frontend those that answer for it."""
    frontend = state.network.frontends.get(item.target)
    return (item.source, *(frontend.answering if frontend is not None else (item.target,)))


@dataclass(frozen=True, slots=True)
class _Seen:
    """By what is judged how packets passed."""

    evidence: Evidence
    passages: Passages


@dataclass(frozen=True, slots=True)
class _Absence:
    """A node that cannot be probed: its namespace is ``gone``, or it has no address, for which a gateway may have
    said why."""

    node: str
    gone: bool
    refused: str

    @property
    def words(self) -> str:
        """Why nothing could be measured."""
        return f"the namespace of {self.node} is gone" if self.gone else f"{self.node} has no address from the pool"


def _absences(
    plan: Plan, state: State, machine: Machine, present: Collection[str], there: Collection[str]
) -> dict[str, _Absence]:
    """The nodes that cannot be probed."""
    refused: dict[str, str] = {}
    for vnet in state.network.vnets:
        refused |= refusals(plan, vnet, machine.clients)
    names = (node.name for node in plan.nodes if node.name not in present)
    return {name: _Absence(name, name not in there, refused.get(name, "")) for name in names}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The nodes that ask and answer with their addresses, all that have a witness, those of the underlay, and the
    stateful ones; and the bytes of a probe."""

    present: Mapping[str, str]
    witnesses: Mapping[str, str]
    underlay: Collection[str]
    stateful: Collection[str]
    size: int

    def observe(self, probes: Sequence[Probe], expected: Collection[Probe]) -> Observation:
        """What is seen of some probes."""
        nodes = self.present, probes, self.witnesses, self.underlay
        return observe(*nodes, expected=expected, stateful=self.stateful, size=self.size)


def _observed(asked: _Asked, probes: Sequence[Probe], predicted: Mapping[Question, Predicted]) -> Iterator[Observation]:
    """What was seen of the probes, in as many rounds as it takes."""
    for at in range(0, len(probes), MAX_PROBES):
        some = probes[at : at + MAX_PROBES]
        wanted = [probe for probe in some if predicted[_question(probe)].outcome == "reachable"]
        yield asked.observe(some, wanted)


def _underlay(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes if node.kind in ("internet", "backbone", "edge", "access network")}


def _evidence(plan: Plan, observation: Observation, foretold: Iterable[Predicted]) -> Evidence:
    publics = {place: (own, outer(plan, place)) for place, (own, _) in tunnel_ends(plan).items()}
    carriers = {node.name for node in plan.nodes if node.kind in ("internet", "backbone")}
    return Evidence(observation, publics, _underlay(plan), frozenset(in_public(foretold, carriers)))


def _question(probe: Probe) -> Question:
    return probe.source, probe.target, probe.protocol


def _said(documented: Documented, pair: Pair, protocol: Protocol) -> tuple[Reach | None, str]:
    """What is expected of a pair by a protocol, and by whom."""
    reach = documented.reach.get(pair)
    return reach.of(protocol) if reach is not None else None, documented.by(pair)


def _cell(lab: Lab, trace: Trace, documented: Documented, prediction: Predicted, coroner: Coroner, seen: _Seen) -> Cell:
    reach, by = _said(documented, (trace.probe.source, trace.probe.target), trace.probe.protocol)
    observed: Outcome = "reachable" if trace.answered else "unreachable"
    drop = None if trace.answered else coroner.examine(trace)
    forward, reverse = path(trace, "forward") or (trace.probe.source,), path(trace, "reverse")
    encrypted = seen.evidence.encrypted(trace)
    problem = (
        "crossed a tunnel without being encrypted"
        if encrypted is False
        else disagreement(lab.scenario, reach, prediction, observed, drop, by)
        or another_way(prediction, observed, forward, reverse)
        or seen.passages.strange(trace, prediction)
        or another_cause(prediction, drop)
        or not_via(lab.scenario, reach, forward, by)
    )
    return Cell(
        source=trace.probe.source,
        target=trace.probe.target,
        protocol=trace.probe.protocol,
        expected=reach.expected if reach is not None else prediction.outcome,
        predicted=prediction.outcome,
        observed=observed,
        status="failed" if problem else "passed",
        forward=_third(trace, drop) or forward,
        reverse=reverse,
        dropped_at=drop,
        predicted_drop=prediction.drop,
        rtt_ms=round(trace.rtt_ms, 3) if trace.rtt_ms is not None else None,
        encrypted=encrypted,
        documented=reach.reason if reach is not None else "",
        message=problem,
    )


def _third(trace: Trace, drop: Drop | None) -> tuple[str, ...]:
    """The way of the packet that died after a SYN was answered, which may be another of several equal ones."""
    late = drop is not None and drop.direction == "forward" and trace.greeted
    return path(trace, "third") if late else ()


def _not_probed(lab: Lab, documented: Documented, prediction: Predicted, absence: _Absence) -> Iterator[Cell]:
    """The cells of a client that has no address: nothing can come from it or reach it, if that was foreseen.

    Those of a machine whose namespace is gone cannot be measured.
    """
    absent, refused = absence.node, absence.refused
    foreseen = not absence.gone and prediction.death is not None and prediction.death[1].dropped_at == absent
    why = cause(DropType.CLIENT_NOT_CONNECTED, client=absent, why=refused or "it has no tunnel")
    drop = Drop.of(absent, "forward", why)
    for protocol in prediction.protocols:
        said, by = _said(documented, (prediction.source, prediction.target), protocol)
        problem = disagreement(lab.scenario, said, prediction, "unreachable", drop, by)
        status: Status = "error" if not foreseen else "failed" if problem else "passed"
        yield Cell(
            source=prediction.source,
            target=prediction.target,
            protocol=protocol,
            expected=said.expected if said is not None else prediction.outcome,
            predicted=prediction.outcome,
            observed="unreachable" if foreseen else None,
            status=status,
            forward=(prediction.source,),
            dropped_at=drop if foreseen else None,
            predicted_drop=prediction.drop,
            documented=said.reason if said is not None else "",
            message=problem if foreseen else f"not measured: {absence.words}",
        )
