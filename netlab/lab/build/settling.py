"""Waiting until a running lab is where Azure's rules say that it must arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from netlab.azure.dataplane.routers import static_ways
from netlab.azure.state import State
from netlab.controllers import probing, steering, tables
from netlab.lab.build import speakers
from netlab.lab.build.rousing import rouse
from netlab.lab.build.speakers import GIVEN_UP
from netlab.lab.machine import Machine
from netlab.machine.routes import KernelRoute
from netlab.machine.waiting import wait_until
from netlab.plan.model import MAIN_TABLE, BgpNeighbor, BgpSpeaker, Plan

# How long a lab may take; its daemons need a second or two whatever the time scale, a minute on an emulated machine.
SECONDS = 120.0
_MOST_SAID = 8


def await_bgp(
    plan: Plan, state: State, machine: Machine, seconds: float = SECONDS, hopeless: Callable[[], str] = str
) -> None:
    """Wait until every BGP session that must be is Established and every speaker's kernel routes are what it learns.

    One that was given up for too many prefixes, and must be, is tried anew. BFD watches those that it shall. A session
    through a tunnel on demand needs its SA first, which only packets of the end with these selectors ask for.
    """
    speaking = {t.name for t in state.topology.tunnels if t.connection.speaks_bgp}
    rouse(plan, machine, state, speaking & state.talking, seconds)
    for speaker in plan.speakers:
        lacking: list[str] = []

        def met(speaker: BgpSpeaker = speaker, lacking: list[str] = lacking) -> bool:
            lacking[:] = list(_missing(plan, state, speaker, machine)) or _heard_otherwise(state, speaker, machine)
            if lacking:
                _try_again(plan, state, machine)
            return not lacking

        wait_until(met, seconds, lambda lacking=lacking: _said(lacking), hopeless)  # type: ignore[misc]


def _said(lacking: list[str]) -> str:
    more = len(lacking) - _MOST_SAID
    return "; ".join((*lacking[:_MOST_SAID], *((f"and {more} more",) if more > 0 else ())))


def _try_again(plan: Plan, state: State, machine: Machine) -> None:
    for speaker in plan.speakers:
        states = speakers.states(machine.bgp, speaker)
        for address in expected_peers(state, speaker):
            if states.get(address) == GIVEN_UP:
                machine.bgp.reset_session(speaker, address)
        speakers.count_again(machine.bgp, speaker)


def expected_peers(state: State, speaker: BgpSpeaker) -> frozenset[str]:
    """The addresses of the peers with which a speaker's session must be Established."""
    peers = {session.peer.node for session in state.bgp_sessions if session.router.node == speaker.node}
    return frozenset(neighbor.address for neighbor in speaker.neighbors if neighbor.node in peers)


def is_down(state: State, speaker: BgpSpeaker, neighbor: BgpNeighbor) -> bool:
    """Whether the model says of a session why it is not established."""
    return neighbor.connection in state.silent | state.exceeded or state.stops_session(speaker.node, neighbor.node)


def _missing(plan: Plan, state: State, speaker: BgpSpeaker, machine: Machine) -> Iterator[str]:
    """What a speaker still lacks, in words; one that is stopped loses what it learned when its hold time is over."""
    present = {r.prefix: frozenset(r.devices) for r in _bgp_routes(plan, speaker, machine)}
    if speaker.node not in state.learned:
        yield from (f"{speaker.node}: is stopped and still has a BGP route to {prefix}" for prefix in present)
        return
    states, expected = speakers.states(machine.bgp, speaker), expected_peers(state, speaker)
    for address in sorted(expected):
        found = states.get(address, "unknown")
        if found != "Established":
            yield f"{speaker.node}: the BGP session with {address} is {found}"
    watched = machine.bgp.bfd_states(speaker)
    for neighbor in speaker.neighbors:
        if neighbor.policy.session.bfd and neighbor.address in expected and watched.get(neighbor.address) != "up":
            yield f"{speaker.node}: BFD does not watch {neighbor.address} yet"
        if is_down(state, speaker, neighbor) and states.get(neighbor.address) == "Established":
            yield f"{speaker.node}: the BGP session with {neighbor.address} is still Established"
    wanted = bgp_ways(plan, state, speaker.node)
    for prefix, devices in wanted.items():
        if present.get(prefix) != devices:
            yield f"{speaker.node}: no BGP route to {prefix} over {', '.join(sorted(devices))}"
    for prefix in present.keys() - wanted.keys():
        yield f"{speaker.node}: still has a BGP route to {prefix}"


def bgp_ways(plan: Plan, state: State, node: str) -> Mapping[str, frozenset[str]]:
    """The interfaces to which a speaker's kernel routes lead, by the prefixes that it uses BGP's routes for."""
    speaker = next((speaker for speaker in plan.speakers if speaker.node == node), None)
    if speaker is None or node not in state.learned:
        return {}
    ports = speaker.interfaces
    # A static route wins over what BGP says of the same prefix: an administrative distance of 1 against 20.
    statics = {str(way.prefix) for way in static_ways(state, state.topology.speakers[node])}
    statics |= {r.prefix for r in plan.node(node).routes if r.table == MAIN_TABLE and not r.metric}
    return {
        str(prefix): frozenset(ports.get(str(path.next_hop), ports[path.neighbor]) for path in paths)
        for prefix, paths in state.learned[node].items()
        if str(prefix) not in statics
    }


def _heard_otherwise(state: State, speaker: BgpSpeaker, machine: Machine) -> Iterator[str]:
    """The AS paths that a speaker has and must not have yet or any more, in words: its kernel routes may be the same,
    as that of a Route Server, whose routes all lead into its VNet."""
    if speaker.node not in state.learned:
        return
    heard = speakers.as_paths(machine.bgp, speaker)
    for prefix, paths in state.learned[speaker.node].items():
        wanted = frozenset(" ".join(map(str, path.as_path)) for path in paths)
        if heard.get(str(prefix)) != wanted:
            found = ", ".join(sorted(heard.get(str(prefix), ()))) or "none"
            yield f"{speaker.node}: the AS path to {prefix} is {found}, not {', '.join(sorted(wanted))}"


def _bgp_routes(plan: Plan, speaker: BgpSpeaker, machine: Machine) -> Iterator[KernelRoute]:
    found = machine.routes.routes(plan.netns(speaker.node))
    return (route for route in found if route.table == MAIN_TABLE and route.by_bgp)


def await_tunnels(plan: Plan, state: State, machine: Machine, seconds: float = SECONDS) -> None:
    """Wait until the tunnels that must be are up at both ends, and the others down."""
    wanted = frozenset(
        (router.node, tunnel.name)
        for tunnel in state.topology.tunnels
        for router in tunnel.routers
        if tunnel.name in state.up
    )

    def missing() -> str:
        found = steering.tunnels_up(plan, machine.sas)
        down = (f"{name} is not up at {node}" for node, name in sorted(wanted - found))
        up = (f"{name} is still up at {node}" for node, name in sorted(found - wanted))
        return "; ".join((*down, *up))

    wait_until(lambda: not missing(), seconds, missing)


def await_fabrics(plan: Plan, machine: Machine, seconds: float = SECONDS, hopeless: Callable[[], str] = str) -> None:
    """Wait until every VNet table and every P2S selector is in step with what the gateways know, and with the members
    of pools that are up."""

    def in_step() -> bool:
        known, up = tables.known_by_gateways(plan, machine.gateways), probing.found_now(plan, machine.members)
        return tables.in_step(plan, machine.gateways, known, up)

    wait_until(
        lambda: steering.steered(plan, machine.routers, steering.tunnels_up(plan, machine.sas)) and in_step(),
        seconds,
        lambda: "VNet route tables or P2S selectors are not in step with what the gateways learned",
        hopeless,
    )
