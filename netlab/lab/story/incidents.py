"""Faults and resets from outside a story: the same actions, and what an outage they make."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import pairwise

from netlab.azure.dataplane.walk import Walk
from netlab.azure.faults import Impact, targets
from netlab.azure.faults.timers import timers
from netlab.azure.faults.tunnel import TUNNEL
from netlab.azure.moments import after
from netlab.azure.prediction import Predicted, matrix
from netlab.azure.state import State
from netlab.lab.build.records import Lab
from netlab.lab.machine import Machine
from netlab.lab.story import connections, flows
from netlab.lab.story.actions import take as take_action
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.stage import Stage
from netlab.results.lab import Incident
from netlab.scenario.models import Action, Flow, Scenario, Step
from netlab.scenario.names import endpoints

# The routers at the ends of a tunnel.
Ends = frozenset[str]


def reset_gateway(scenario: Scenario, vnet: str) -> tuple[Action, ...]:
    """What Azure does for it: the active instance reboots and the standby takes over, so that a second time it is the
    other one's turn; of an active-active gateway the first instance reboots, and comes back (RST25)."""
    gateway = scenario.vnets[vnet].vpn_gateway
    if gateway is None or not gateway.active_active:
        return (Action.model_validate({"fail_gateway": {"vnet": vnet}}),)
    subject = {"vnet": vnet, "instance": 0}
    return tuple(Action.model_validate({verb: subject}) for verb in ("fail_gateway", "restore_gateway"))


def take(lab: Lab, machine: Machine, actions: Iterable[Action]) -> Incident:
    """Take actions as a story does, each until all has settled."""
    stage, actions = Stage(lab, machine), tuple(actions)
    stage.resume()
    states = [stage.state]
    for action in actions:
        states.append(after(states[-1], action))

    def act() -> None:
        for action in actions:
            take_action(stage, action)
            stage.settle()

    changed = frozenset[Ends]().union(*(_up(one) ^ _up(two) for one, two in pairwise(states)))
    return _measured(stage, machine, act, states, changed, actions)


def reset_connection(lab: Lab, machine: Machine, name: str) -> tuple[Incident, connections.Seen]:
    """Take a connection's tunnels down and bring them up, those too that were taken down; and what it is then."""
    stage = Stage(lab, machine)
    stage.resume()
    before = stage.state
    tunnels = before.topology.tunnels_by_connection[name]
    restore = Action.model_validate({"restore_tunnel": {"connection": name}})
    actions = (restore,) if targets(before.faults, TUNNEL) & {tunnel.name for tunnel in tunnels} else ()

    def act() -> None:
        for action in actions:
            take_action(stage, action)
        down = {tunnel.name for tunnel in tunnels} - stage.state.up
        for tunnel in tunnels:
            machine.ike.reset(stage.lab.plan, tunnel.name, down)
        stage.settle()

    states = [before, *(after(before, action) for action in actions)]
    ends = frozenset(frozenset(router.node for router in tunnel.routers) for tunnel in tunnels)
    incident = _measured(stage, machine, act, states, ends, actions)
    return incident, connections.observe(stage.lab.plan, machine.sas, (tunnel.name for tunnel in tunnels))


def _up(state: State) -> frozenset[Ends]:
    """Whatever carries packets: tunnels, links between routers without one, and the NICs of virtual machines."""
    tunnels = (t.routers for t in state.topology.tunnels if t.name in state.up)
    routers = (*tunnels, *(peers.routers for peers in state.topology.peers))
    machines = ((machine.vnet.node, node) for node, machine in state.network.machines.items())
    nics = frozenset(frozenset(ends) for ends in machines if ends[1] not in state.hit(Impact.STOPPED))
    return nics | frozenset(frozenset(router.node for router in pair) for pair in routers)


def _measured(
    stage: Stage,
    machine: Machine,
    act: Callable[[], None],
    states: list[State],
    through: frozenset[Ends],
    actions: tuple[Action, ...],
) -> Incident:
    flow, scale = _flow(states, through), stage.lab.facts.time_scale
    step = Step(name="now", do=actions, flow=flow)
    with flows.watched(stage.lab, states[0], step, probe_addresses(stage.lab, machine.clients)) as watched:
        began = time.monotonic()
        act()
        seconds = round(time.monotonic() - began, 2)
        watched.end(step, scale, stage.noted)
    taken = tuple(action.model_dump(mode="json", exclude_unset=True) for action in actions)
    return Incident(taken, seconds, round(seconds * scale, 1), watched.report, timers(actions))


def _flow(states: list[State], through: frozenset[Ends]) -> Flow | None:
    """Two machines that can talk at every moment, and whose packets pass the tunnels in question: of several pairs the
    one of which that is surest, as equal paths share the load. Clients are dropped, and no measure."""
    machines = {end.node for end in endpoints(states[0].scenario) if end.kind != "client"}
    found: dict[tuple[str, str], list[Predicted]] = {}
    for state in states if through else ():
        for cell in matrix(state):
            if {cell.source, cell.target} <= machines and cell.outcome == "reachable":
                found.setdefault((cell.source, cell.target), []).append(cell)
    sure = {pair: max(_share(c, through) for c in cells) for pair, cells in found.items() if len(cells) == len(states)}
    best = max(sure, key=lambda pair: sure[pair], default=None)
    return Flow(source=best[0], target=best[1]) if best is not None and sure[best] else None


def _share(cell: Predicted, through: frozenset[Ends]) -> float:
    """How many of its ways pass one of these tunnels."""
    ways = (*cell.forward, *cell.reverse)
    return sum(_passes(way, through) for way in ways) / len(ways)


def _passes(way: Walk, through: frozenset[Ends]) -> bool:
    return any(frozenset(hop) in through for hop in pairwise(way.nodes))
