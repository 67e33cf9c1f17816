"""Proving a lab against its scenario: the story's steps, the matrix by packets, routes, sessions and daemons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from itertools import pairwise
from types import MappingProxyType
from typing import Protocol

from netlab.azure import learning as expectations
from netlab.azure.prediction import Predicted, address_asked, endpoint_addresses, matrix, story_of
from netlab.azure.propagation import too_many
from netlab.azure.world import World
from netlab.errors import ConvergeError, LabError
from netlab.lab.build import clients, profile, state
from netlab.lab.build.settling import expected_peers
from netlab.lab.measure.autopsy import Coroner
from netlab.lab.measure.autopsy import Machine as Readable
from netlab.lab.measure.checks import effective_routes as decisions
from netlab.lab.measure.checks import learned as learning
from netlab.lab.measure.judgement import another_way, predicted_drop, three_way
from netlab.lab.story import connections, flows
from netlab.lab.story import stage as story
from netlab.machine.linux import CONTROLLER
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Client, Plan
from netlab.probe.observe import observe
from netlab.probe.trace import PROTOCOLS, Observation, Probe, Trace, all_pairs, path
from netlab.results.drops import Drop
from netlab.results.verification import Cell, Check, Outcome, Report, Status, StepReport
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.models import Expectation, Reach, Step, node_name
from netlab.scenario.names import INTERNET, Pair, by_node, endpoints, expected_pairs, resolve_node, sources, targets
from netlab.scenario.outline import definition

Progress = Callable[[str], None]
Documented = Mapping[Pair, Reach]


class Machine(decisions.Machine, story.Machine, clients.Witness, learning.Machine, Readable, Protocol):
    """What verifying asks of the machine."""

    def namespaces_of(self, lab: str) -> tuple[str, ...]: ...

    def client_routes(self, plan: Plan, client: Client) -> tuple[str, ...]: ...

    def daemons(self, lab: str) -> tuple[tuple[str, str], ...]: ...


def verify(lab: state.Lab, machine: Machine, progress: Progress) -> Report:
    """Play the scenario's story and measure after each step; the lab is as it was afterwards."""
    stage = story.Stage(lab, machine)
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    troubles = list(_attempt("rewind", stage.rewind))
    steps = []
    documented: Documented = {}
    states: dict[str, str] = {}
    learned: expectations.Expected = {}
    try:
        for step in story_of(lab.scenario):
            progress(step.name)
            documented = expected_pairs(lab.scenario, documented, step.expect)
            states |= step.expect.connections
            learned = expectations.expected(learned, step.expect)
            with flows.watched(stage.lab, step, probe_addresses(stage.lab, machine)) as flow:
                for action in step.do:
                    troubles += _attempt(f"action {action.verb}", partial(stage.take, action))
                steps.append(_measure(stage, machine, step, documented, states, learned, troubles, flow))
            troubles = []
    finally:
        troubles = list(_attempt("rewind", stage.rewind))
    steps[-1] = replace(steps[-1], checks=(*steps[-1].checks, *troubles))
    facts = lab.facts
    written = definition(lab.scenario)
    return Report(facts.lab, facts.scenario, facts.data_plane, facts.time_scale, tuple(steps), measured_at, written)


def _attempt(name: str, act: Callable[[], None]) -> Iterator[Check]:
    """Act on a lab in which anything may be dead; what goes wrong is a finding, and the measuring goes on."""
    try:
        act()
    except (LabError, OSError) as error:
        yield Check(name, "failed", str(error))


def _measure(
    stage: story.Stage,
    machine: Machine,
    step: Step,
    documented: Documented,
    states: Mapping[str, str],
    learned: expectations.Expected,
    troubles: Iterable[Check],
    flow: flows.Watched,
) -> StepReport:
    lab, world = stage.lab, stage.world
    alive = _daemons(lab, machine)
    if alive.status != "passed":
        stage.lose_patience()
    settled = _settled(stage)
    checks = [alive, *_sessions(lab, machine, world, states), settled, *flow.end(step, lab.facts.time_scale)]
    checks += learning.checks(lab.plan, world, machine, learned)
    checks.append(decisions.check(lab.plan, world, machine, set(probe_addresses(lab, machine).values())))
    cells, sealed = _cells(lab, machine, documented, world)
    checks += [*troubles, sealed, *_routes(lab, machine, step.expect, world), *_profiles(lab, world)]
    return StepReport(step.name, cells, tuple(checks), flow.report)


# --- checks ---------------------------------------------------------------------------------------------------------


def health(
    lab: state.Lab, machine: Machine, world: World, documented: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Check]:
    """Whether every daemon runs, and every connection and every BGP session is as it is documented and predicted."""
    yield _daemons(lab, machine)
    yield from _sessions(lab, machine, world, documented)


def _daemons(lab: state.Lab, machine: Machine) -> Check:
    running = Counter(machine.daemons(lab.facts.lab))
    dead = [(node, name) for node, directory, name in daemons(lab.plan) if not running[directory, name]]
    words = "; ".join(f"{name} of {node} is dead" for node, name in dead) or f"{sum(running.values())} run"
    return Check("daemons", "failed" if dead else "passed", words)


def _sessions(lab: state.Lab, machine: Machine, world: World, documented: Mapping[str, str]) -> Iterator[Check]:
    plan = lab.plan
    yield from connections.checks(plan, machine, world, documented)
    yield from clients.checks(plan, world, machine)
    for speaker in plan.speakers:
        states = machine.bgp_states(speaker)
        speaking = expected_peers(world, speaker)
        for neighbor in speaker.neighbors:
            session, name = states.get(neighbor.address, "unknown"), f"BGP {speaker.node} to {neighbor.address}"
            if neighbor.address in speaking:
                yield Check(name, _status(session == "Established"), session)
            elif neighbor.connection in world.silent | world.flooded:
                silent = session != "Established"
                why = f": {_lost(world, speaker, neighbor)}" if neighbor.connection in world.flooded else ""
                yield Check(name, _status(silent), f"{session}, as expected{why}" if silent else session)


def _lost(world: World, speaker: BgpSpeaker, neighbor: BgpNeighbor) -> str:
    routers = world.topology.speakers
    return too_many(world.scenario, routers[speaker.node], routers[neighbor.node])


def daemons(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every daemon that must run: node, run directory and process name."""
    for charon in plan.charons:
        yield charon.node, charon.directory.rpartition("/")[2], "charon-systemd"
    for speaker in plan.speakers:
        for program in speaker.daemons:
            yield speaker.node, speaker.directory.rpartition("/")[2], program
    yield "the lab", CONTROLLER, CONTROLLER


def _status(good: bool) -> Status:
    return "passed" if good else "failed"


def _settled(stage: story.Stage) -> Check:
    try:
        stage.settle()
        stage.await_departures()
    except ConvergeError as error:
        return Check("convergence", "failed", error.message)
    return Check("convergence", "passed", "every gateway knows what Azure's rules say, and every VNet follows")


def _routes(lab: state.Lab, machine: Machine, expectation: Expectation, world: World) -> Iterator[Check]:
    """The VPN routes of every client, as documented, predicted and observed."""
    for name in lab.scenario.clients:
        own = (client for client in lab.plan.clients if client.node == node_name(name))
        observed = {prefix for client in own for prefix in machine.client_routes(lab.plan, client)}
        predicted = set(map(str, world.client_routes(name)))
        said = {key.lower(): set(map(str, prefixes)) for key, prefixes in expectation.routes.items()}
        problem = three_way(said.get(name.lower()), predicted, observed, _routes_in_words)
        yield Check(f"routes {name}", _status(not problem), problem or _routes_in_words(observed))


def _routes_in_words(prefixes: set[str]) -> str:
    return ", ".join(sorted(prefixes)) or "none"


def _profiles(lab: state.Lab, world: World) -> Iterator[Check]:
    for client in lab.plan.clients:
        if client.os == "windows":
            fresh = profile.read(lab.facts.lab, client) == profile.current(lab.plan, world.scenario, client)
            # I6: a stale package is a finding, not a failure.
            message = "current" if fresh else "stale: the topology changed since it was downloaded"
            yield Check(f"profile {client.name}", "passed", message)


# --- the matrix -----------------------------------------------------------------------------------------------------


def _cells(lab: state.Lab, machine: Machine, documented: Documented, world: World) -> tuple[tuple[Cell, ...], Check]:
    plan = lab.plan
    addresses = probe_addresses(lab, machine)
    everything = all_addresses(world, addresses)
    predicted = {(cell.source, cell.target): cell for cell in matrix(world, everything)}
    underlay = {node.name for node in plan.nodes if node.kind in ("internet", "edge")}
    taking_part = dict.fromkeys(end.node for end in (*sources(lab.scenario), *targets(lab.scenario)))
    present = {node: addresses[node] for node in taking_part if node in addresses}
    pairs = (probe for probe in all_pairs(present) if (probe.source, probe.target) in predicted)
    probes = [aimed(world, everything, probe) for probe in pairs]
    wanted = [probe for probe in probes if predicted[probe.source, probe.target].outcome == "reachable"]
    observation = observe(present, probes, {node.name: node.netns for node in plan.nodes}, underlay, expected=wanted)
    evidence = _Evidence(observation, public_addresses(plan), underlay, frozenset(_in_public(predicted)))
    coroner = Coroner(plan, machine)
    cells = [
        _cell(lab, trace, documented.get(pair), predicted[pair], coroner, evidence)
        for trace in observation.traces
        if (pair := (trace.probe.source, trace.probe.target))
    ]
    refused = {node: reason for vnet in lab.scenario.vnets for node, reason in machine.refusals(plan, vnet).items()}
    for pair, prediction in predicted.items():
        if not present.keys() >= set(pair):
            absent = next(node for node in pair if node not in present)
            cells += _not_probed(lab, documented.get(pair), prediction, absent, refused.get(absent, ""))
    order = {pair: number for number, pair in enumerate(predicted)}
    cells.sort(key=lambda cell: order[cell.source, cell.target])
    return tuple(cells), evidence.sealed()


def all_addresses(world: World, observed: Mapping[str, str]) -> dict[str, IPv4Address]:
    """The addresses that endpoints have, and those that clients without one might have."""
    return endpoint_addresses(world) | {node: IPv4Address(text) for node, text in observed.items()}


def probe_addresses(lab: state.Lab, machine: Machine) -> dict[str, str]:
    """The address at which each endpoint is probed: a client's virtual one; a client that has none is left out.

    A client with several tunnels has the first one's, and each of theirs by the tunnel's name.
    """
    found = {INTERNET: str(INTERNET_ADDRESS)}
    for endpoint in (endpoint for endpoint in endpoints(lab.scenario) if endpoint.kind != "client"):
        interfaces = (end for link in lab.plan.links for end in (link.a, link.b))
        end = next(item for item in interfaces if item.node == endpoint.node)
        found[endpoint.node] = end.addresses[0].partition("/")[0]
    for client in lab.plan.clients:
        address = machine.virtual_address(client)
        if address:
            found.setdefault(client.node, address)
            found[client.name] = address
    return found


def aimed(world: World, addresses: Mapping[str, IPv4Address], probe: Probe) -> Probe:
    """A probe for the address that its target has for its source."""
    ends = by_node(world.scenario)
    source, target = ends[probe.source], ends[probe.target]
    if any(end.kind == "client" and world.absence(end.owner) for end in (source, target)):
        return probe
    return replace(probe, address=str(address_asked(world, source, target, addresses)))


def public_addresses(plan: Plan) -> dict[tuple[str, str], str]:
    """The public address behind each tunnel interface, by node and interface: a charon may have several."""
    local = {(charon.node, c.name): c.public_address for charon in plan.charons for c in charon.connections}
    ends = {(tunnel.node, tunnel.interface): local[tunnel.edge, tunnel.connection] for tunnel in plan.tunnels}
    return ends | {(client.node, client.interface): local[client.node, client.connection] for client in plan.clients}


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A packet that entered a tunnel at one public address and left it at another."""

    source: str
    target: str


class _Evidence:
    """What was seen on the underlay: whether all that crossed a tunnel did so as ESP and nothing of it in clear.

    ``in_public`` are the pairs whose packets routes lead to the Internet, be it by mistake.
    """

    def __init__(
        self,
        observation: Observation,
        publics: Mapping[tuple[str, str], str],
        underlay: set[str],
        in_public: frozenset[Pair],
    ) -> None:
        self._observation, self._publics = observation, publics
        self._underlay, self._in_public = underlay, in_public
        self._total = Counter(c for trace in observation.traces for c in self._crossings(trace))

    def _crossings(self, trace: Trace) -> Iterator[_Crossing]:
        for leg in ("forward", "reverse"):
            for entry, leaving in pairwise(s for s in trace.sightings if s.leg == leg):
                source = self._publics.get((entry.node, entry.interface)) if entry.outgoing else None
                target = self._publics.get((leaving.node, leaving.interface)) if not leaving.outgoing else None
                if source and target:
                    yield _Crossing(source, target)

    def encrypted(self, trace: Trace) -> bool | None:
        """Whether a probe crossed its tunnels encrypted; None if it crossed none."""
        crossings = tuple(self._crossings(trace))
        if not crossings:
            return None
        in_clear = self._is_private(trace) and any(seen.node in self._underlay for seen in trace.sightings)
        esp = self._observation.esp
        return not in_clear and all(esp.get((c.source, c.target), 0) >= self._total[c] for c in crossings)

    def sealed(self) -> Check:
        """Whether any probe was seen in clear on the underlay, whatever its way, that is not sent to the Internet."""
        traces = [trace for trace in self._observation.traces if self._is_private(trace)]
        esp = self._observation.esp
        leaks = sorted({seen.node for trace in traces for seen in trace.sightings if seen.node in self._underlay})
        counts = f"{self._total.total()} tunnel crossings, {sum(esp.values())} ESP packets on the underlay"
        words = f"probes in clear at {', '.join(leaks)}" if leaks else f"{counts}, no probe in clear"
        return Check("encryption", _status(not leaks), words)

    def _is_private(self, trace: Trace) -> bool:
        return (trace.probe.source, trace.probe.target) not in self._in_public


def _in_public(predicted: Mapping[Pair, Predicted]) -> Iterator[Pair]:
    """The pairs of which a request or an answer goes to the Internet."""
    for pair, cell in predicted.items():
        if INTERNET in pair or any(INTERNET in walk.nodes for walk in (*cell.forward, *cell.reverse)):
            yield pair


def _cell(
    lab: state.Lab, trace: Trace, reach: Reach | None, prediction: Predicted, coroner: Coroner, evidence: _Evidence
) -> Cell:
    observed: Outcome = "reachable" if trace.answered else "unreachable"
    drop = None if trace.answered else coroner.examine(trace)
    forward, reverse = path(trace, "forward") or (trace.probe.source,), path(trace, "reverse")
    encrypted = evidence.encrypted(trace)
    problem = (
        "crossed a tunnel without being encrypted"
        if encrypted is False
        else _disagreement(lab, reach, prediction, observed, drop)
        or another_way(prediction, observed, forward, reverse)
        or _not_via(lab, reach, forward)
    )
    return Cell(
        source=trace.probe.source,
        target=trace.probe.target,
        protocol=trace.probe.protocol,
        expected=reach.expected if reach is not None else prediction.outcome,
        predicted=prediction.outcome,
        observed=observed,
        status="failed" if problem else "passed",
        forward=forward,
        reverse=reverse,
        dropped_at=drop,
        predicted_drop=predicted_drop(prediction),
        rtt_ms=round(trace.rtt_ms, 3) if trace.rtt_ms is not None else None,
        encrypted=encrypted,
        documented=reach.reason if reach is not None else "",
        message=problem,
    )


def _not_via(lab: state.Lab, reach: Reach | None, forward: tuple[str, ...]) -> str:
    """What is wrong with the way of a probe that the scenario says the way of; empty if nothing."""
    wanted = [resolve_node(lab.scenario, name) or name for name in reach.via] if reach is not None else []
    rest = iter(forward)
    if all(node in rest for node in wanted):
        return ""
    return f"the scenario expects the way over {' > '.join(wanted)}, the probe took {' > '.join(forward)}"


def _disagreement(
    lab: state.Lab, reach: Reach | None, prediction: Predicted, observed: Outcome, drop: Drop | None
) -> str:
    """What is wrong with a cell's outcome or its drop point; empty if document, model and packets agree."""
    end = (drop.node, drop.direction) if drop is not None else ("", "")
    foreseen = end in prediction.ends
    predicted = observed if foreseen else prediction.outcome
    problem = three_way(reach.expected if reach is not None else None, predicted, observed, str)
    if problem or drop is None:
        return problem
    death = prediction.death
    foretold = end if foreseen else (death[1].dropped_at, death[0]) if death is not None else ("", "")
    place = resolve_node(lab.scenario, reach.dropped_at) if reach is not None and reach.dropped_at else None
    said = (place, drop.direction) if place is not None else None
    return three_way(said, foretold, end, lambda at: f"dropped at {at[0]} ({at[1]})")


def _not_probed(
    lab: state.Lab, reach: Reach | None, prediction: Predicted, absent: str, refused: str
) -> Iterator[Cell]:
    """The cells of a client that has no address: nothing can come from it or reach it, if that was foreseen."""
    expected = reach.expected if reach is not None else prediction.outcome
    foreseen = prediction.death is not None and prediction.death[1].dropped_at == absent
    drop = Drop(absent, "forward", f"no tunnel: {absent} is not connected" + (f": {refused}" if refused else ""))
    problem = _disagreement(lab, reach, prediction, "unreachable", drop)
    status: Status = "error" if not foreseen else "failed" if problem else "passed"
    for protocol in PROTOCOLS:
        yield Cell(
            source=prediction.source,
            target=prediction.target,
            protocol=protocol,
            expected=expected,
            predicted=prediction.outcome,
            observed="unreachable" if foreseen else None,
            status=status,
            forward=(prediction.source,),
            dropped_at=drop if foreseen else None,
            predicted_drop=predicted_drop(prediction),
            documented=reach.reason if reach is not None else "",
            message=problem if foreseen else f"not measured: {absent} has no address from the pool",
        )
