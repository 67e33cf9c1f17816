"""Proving a lab against its scenario: the story's steps, the matrix by packets, routes, sessions and daemons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from netlab.errors import ConvergeError
from netlab.lab import profile, state, story
from netlab.lab.autopsy import Coroner
from netlab.lab.autopsy import Machine as Readable
from netlab.machine.linux import CONTROLLER
from netlab.plan.model import Client, Plan
from netlab.probe.observe import observe
from netlab.probe.trace import Observation, Trace, all_pairs, path
from netlab.probe.verdict import Cell, Check, Drop, Outcome, Report, Status, StepReport
from netlab.scenario.models import Expectation, Reach, Step, node_name
from netlab.scenario.names import endpoints, resolve_node

Progress = Callable[[str], None]
_SETTLE_SECONDS = 15.0


class Machine(story.Machine, Readable, Protocol):
    """What verifying asks of the machine."""

    def namespaces_of(self, lab: str) -> tuple[str, ...]: ...

    def virtual_address(self, client: Client) -> str: ...

    def client_routes(self, plan: Plan, client: Client) -> tuple[str, ...]: ...

    def installed(self, directory: str, connection: str) -> bool: ...

    def daemons(self, lab: str) -> tuple[tuple[str, str], ...]: ...


def verify(lab: state.Lab, machine: Machine, progress: Progress) -> Report:
    """Play the scenario's story and measure after each step; the lab is as it was afterwards."""
    stage = story.Stage(lab, machine)
    stage.rewind()
    steps = []
    matrix: story.Matrix = {}
    try:
        for step in lab.scenario.story or (Step(name="as built"),):
            progress(step.name)
            for action in step.do:
                stage.take(action)
            matrix = story.expected_matrix(lab, matrix, step.expect)
            steps.append(_measure(stage, machine, step, matrix))
    finally:
        stage.rewind()
    facts = lab.facts
    return Report(facts.lab, facts.scenario, facts.data_plane, facts.time_scale, tuple(steps))


def _measure(stage: story.Stage, machine: Machine, step: Step, matrix: story.Matrix) -> StepReport:
    lab = stage.lab
    checks = list(health(lab, machine))
    if all(check.status == "passed" for check in checks):
        checks.append(_settled(stage))
    cells, sealed = _cells(lab, machine, matrix)
    checks += [sealed, *_routes(lab, machine, step.expect), *_profiles(lab)]
    return StepReport(step.name, cells, tuple(checks))


# --- checks ---------------------------------------------------------------------------------------------------------


def health(lab: state.Lab, machine: Machine) -> Iterator[Check]:
    """Whether every daemon runs, every connection is INSTALLED and every BGP session Established."""
    plan = lab.plan
    running = Counter(machine.daemons(lab.facts.lab))
    dead = [(node, name) for node, directory, name in daemons(plan) if not running[directory, name]]
    yield Check(
        "daemons",
        "failed" if dead else "passed",
        "; ".join(f"{name} of {node} is dead" for node, name in dead) or f"{sum(running.values())} run",
    )
    for charon in plan.charons:
        for connection in charon.connections:
            if connection.initiator:
                up = machine.installed(charon.directory, connection.name)
                name = charon.node if connection.virtual_ip else connection.name
                yield Check(f"connection {name}", _status(up), "INSTALLED" if up else "no INSTALLED CHILD SA")
    for speaker in plan.speakers:
        states = machine.bgp_states(speaker)
        for neighbor in speaker.neighbors:
            session = states.get(neighbor.address, "unknown")
            name = f"BGP {speaker.node} to {neighbor.address}"
            yield Check(name, _status(session == "Established"), session)


def daemons(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every daemon that must run: node, run directory and process name."""
    for charon in plan.charons:
        yield charon.node, charon.directory.rpartition("/")[2], "charon-systemd"
    for speaker in plan.speakers:
        for program in ("zebra", "bgpd"):
            yield speaker.node, speaker.directory.rpartition("/")[2], program
    yield "the lab", CONTROLLER, CONTROLLER


def _status(good: bool) -> Status:
    return "passed" if good else "failed"


def _settled(stage: story.Stage) -> Check:
    try:
        stage.settle(_SETTLE_SECONDS)
    except ConvergeError as error:
        return Check("convergence", "failed", error.message)
    return Check("convergence", "passed", "every gateway knows what Azure's rules say, and every VNet follows")


def _routes(lab: state.Lab, machine: Machine, expectation: Expectation) -> Iterator[Check]:
    clients = {client.node: client for client in lab.plan.clients}
    for name, prefixes in expectation.routes.items():
        expected = set(map(str, prefixes))
        observed = set(machine.client_routes(lab.plan, clients[node_name(name)]))
        missing, extra = sorted(expected - observed), sorted(observed - expected)
        words = [f"lacks {', '.join(missing)}"] if missing else []
        words += [f"has {', '.join(extra)} besides"] if extra else []
        yield Check(f"routes {name}", _status(not words), "; ".join(words) or ", ".join(sorted(observed)))


def _profiles(lab: state.Lab) -> Iterator[Check]:
    for client in lab.plan.clients:
        if client.os == "windows":
            fresh = profile.read(lab.facts.lab, client) == profile.current(lab.plan, lab.scenario, client)
            # I6: a stale package is a finding, not a failure.
            message = "current" if fresh else "stale: the topology changed since it was downloaded"
            yield Check(f"profile {client.node}", "passed", message)


# --- the matrix -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A packet that entered a tunnel at one public address and left it at another."""

    source: str
    target: str


def _cells(lab: state.Lab, machine: Machine, matrix: story.Matrix) -> tuple[tuple[Cell, ...], Check]:
    plan = lab.plan
    addresses = _addresses(lab, machine)
    underlay = {node.name for node in plan.nodes if node.kind in ("internet", "edge")}
    probes = all_pairs(addresses)
    wanted = [p for p in probes if (r := matrix.get((p.source, p.target))) is not None and r.expected == "reachable"]
    observation = observe(addresses, probes, {node.name: node.netns for node in plan.nodes}, underlay, expected=wanted)
    publics = _public_addresses(plan)
    crossings = {trace: tuple(_crossings(trace, publics)) for trace in observation.traces}
    total = Counter(c for of_trace in crossings.values() for c in of_trace)
    coroner = Coroner(plan, machine)
    cells = [
        _cell(
            lab,
            trace,
            matrix.get((trace.probe.source, trace.probe.target)),
            coroner,
            _encrypted(trace, crossings[trace], total, observation, underlay),
        )
        for trace in observation.traces
    ]
    unprobed = [e.node for e in endpoints(lab.scenario) if e.node not in addresses]
    cells += [_unmeasured(pair, reach) for pair, reach in matrix.items() if set(pair) & set(unprobed)]
    return tuple(cells), _sealed(observation, underlay, sum(total.values()))


def _addresses(lab: state.Lab, machine: Machine) -> dict[str, str]:
    """The address at which each endpoint is probed: a client's virtual one; a client that has none is left out."""
    clients = {client.node: client for client in lab.plan.clients}
    found = {}
    for endpoint in endpoints(lab.scenario):
        if endpoint.node in clients:
            found[endpoint.node] = machine.virtual_address(clients[endpoint.node])
        else:
            interfaces = (end for link in lab.plan.links for end in (link.a, link.b))
            end = next(item for item in interfaces if item.node == endpoint.node)
            found[endpoint.node] = end.addresses[0].partition("/")[0]
    return {node: address for node, address in found.items() if address}


def _public_addresses(plan: Plan) -> dict[tuple[str, str], str]:
    """The public address behind each tunnel interface, by node and interface."""
    local = {charon.node: charon.connections[0].local_address for charon in plan.charons}
    ends = {(tunnel.node, tunnel.interface): local[tunnel.edge] for tunnel in plan.tunnels}
    return ends | {(client.node, client.interface): local[client.node] for client in plan.clients}


def _crossings(trace: Trace, publics: Mapping[tuple[str, str], str]) -> Iterator[_Crossing]:
    for leg in ("forward", "reverse"):
        seen = [s for s in trace.sightings if s.leg == leg]
        for entry, leaving in pairwise(seen):
            source = publics.get((entry.node, entry.interface)) if entry.outgoing else None
            target = publics.get((leaving.node, leaving.interface)) if not leaving.outgoing else None
            if source and target:
                yield _Crossing(source, target)


def _encrypted(
    trace: Trace,
    crossings: tuple[_Crossing, ...],
    total: Mapping[_Crossing, int],
    observation: Observation,
    underlay: set[str],
) -> bool | None:
    """Whether all that crossed a tunnel did so as ESP and nothing of it was seen in clear; None if nothing crossed."""
    if not crossings:
        return None
    in_clear = any(seen.node in underlay for seen in trace.sightings)
    as_esp = all(observation.esp.get((c.source, c.target), 0) >= total[c] for c in crossings)
    return as_esp and not in_clear


def _sealed(observation: Observation, underlay: set[str], crossings: int) -> Check:
    leaks = sorted({s.node for trace in observation.traces for s in trace.sightings if s.node in underlay})
    packets = sum(observation.esp.values())
    message = f"{crossings} tunnel crossings, {packets} ESP packets on the underlay, no probe in clear"
    return Check("encryption", _status(not leaks), f"probes in clear at {', '.join(leaks)}" if leaks else message)


def _cell(lab: state.Lab, trace: Trace, reach: Reach | None, coroner: Coroner, encrypted: bool | None) -> Cell:
    observed: Outcome = "reachable" if trace.answered else "unreachable"
    drop = None if trace.answered else coroner.examine(trace)
    problem = _problem(lab, reach, observed, drop, encrypted)
    return Cell(
        source=trace.probe.source,
        target=trace.probe.target,
        protocol=trace.probe.protocol,
        expected=reach.expected if reach is not None else None,
        observed=observed,
        status="failed" if problem else "passed" if reach is not None else "unchecked",
        forward=path(trace, "forward") or (trace.probe.source,),
        reverse=path(trace, "reverse"),
        dropped_at=drop,
        rtt_ms=round(trace.rtt_ms, 3) if trace.rtt_ms is not None else None,
        encrypted=encrypted,
        documented=reach.reason if reach is not None else "",
        message=problem,
    )


def _problem(lab: state.Lab, reach: Reach | None, observed: Outcome, drop: Drop | None, encrypted: bool | None) -> str:
    """What is wrong with a cell, in words; empty if nothing is."""
    if encrypted is False:
        return "crossed a tunnel without being encrypted"
    if reach is None:
        return ""
    if reach.expected != observed:
        return f"expected {reach.expected}, observed {observed}"
    place = resolve_node(lab.scenario, reach.dropped_at) if reach.dropped_at is not None else None
    if drop is not None and place is not None and drop.node != place:
        return f"expected to be dropped at {place}, was dropped at {drop.node}"
    return ""


def _unmeasured(pair: tuple[str, str], reach: Reach) -> Cell:
    message = "not measured: a client of it has no address from the pool"
    return Cell(*pair, "icmp", reach.expected, None, "error", documented=reach.reason, message=message)
