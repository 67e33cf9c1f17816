"""Waiting until a running lab is where Azure's rules say that it must arrive."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Protocol

from netlab.azure.propagation import Learned, static_prefixes
from netlab.azure.world import World
from netlab.fabric import controller
from netlab.machine.network import KernelRoute
from netlab.machine.waiting import wait_until
from netlab.plan.model import MAIN_TABLE, BgpSpeaker, Plan

# How long a lab may take; its daemons need a second or two whatever the time scale, more on an emulated machine.
SECONDS = 30.0


Paths = Mapping[IPv4Network, tuple[Learned, ...]]


class Reader(controller.Machine, Protocol):
    """What waiting asks of the machine."""

    def bgp_states(self, speaker: BgpSpeaker) -> dict[str, str]: ...

    def routes(self, netns: str) -> tuple[KernelRoute, ...]: ...


def await_bgp(
    plan: Plan,
    world: World,
    machine: Reader,
    seconds: float = SECONDS,
) -> None:
    """Wait until every BGP session is Established and every speaker's kernel routes are what it must learn."""
    scenario, expected = world.scenario, world.learned
    for speaker in plan.speakers:
        owner = plan.node(speaker.node).owner
        # A static route wins over what BGP says of the same prefix: an administrative distance of 1 against 20.
        statics = {p for name, _ in scenario.connections_of(owner) for p in static_prefixes(scenario, owner, name)}
        wanted = {prefix: paths for prefix, paths in expected[owner].items() if prefix not in statics}

        def missing(speaker: BgpSpeaker = speaker, wanted: Paths = wanted) -> str:
            return "; ".join(_missing(plan, speaker, wanted, world.silent, machine))

        wait_until(lambda missing=missing: not missing(), seconds, missing)  # type: ignore[misc]


def _missing(
    plan: Plan, speaker: BgpSpeaker, expected: Paths, silent: Collection[str], machine: Reader
) -> Iterator[str]:
    """What a speaker still lacks, in words."""
    speaking = {neighbor.address for neighbor in speaker.neighbors if neighbor.connection not in silent}
    for address, state in machine.bgp_states(speaker).items():
        if state != "Established" and address in speaking:
            yield f"{speaker.node}: the BGP session with {address} is {state}"
    tunnels = {tunnel.connection: tunnel.interface for tunnel in plan.tunnels if tunnel.node == speaker.node}
    present = {r.prefix: set(r.devices) for r in _bgp_routes(plan, speaker, machine)}
    wanted = {str(prefix): {tunnels[path.connection] for path in paths} for prefix, paths in expected.items()}
    for prefix, devices in wanted.items():
        if present.get(prefix) != devices:
            yield f"{speaker.node}: no BGP route to {prefix} over {', '.join(sorted(devices))}"
    for prefix in present.keys() - wanted.keys():
        yield f"{speaker.node}: still has a BGP route to {prefix}"


def _bgp_routes(plan: Plan, speaker: BgpSpeaker, machine: Reader) -> Iterator[KernelRoute]:
    found = machine.routes(plan.netns(speaker.node))
    return (route for route in found if route.table == MAIN_TABLE and route.by_bgp)


def await_fabrics(plan: Plan, machine: Reader, seconds: float = SECONDS) -> None:
    """Wait until every VNet table and every P2S selector is in step with what the gateways know."""
    wait_until(
        lambda: controller.in_step(plan, machine, controller.known_by_gateways(plan, machine)),
        seconds,
        lambda: "VNet route tables or P2S selectors are not in step with what the gateways learned",
    )
