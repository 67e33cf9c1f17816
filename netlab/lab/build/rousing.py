"""Packets for tunnels that wait for some: they bring up the CHILD SAs that no end has asked for at first (R22, R50)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.selectors import Selectors
from netlab.azure.state import State
from netlab.controllers.demand import Packet, lacking, takes
from netlab.lab.machine import Machine
from netlab.machine.waiting import wait_until
from netlab.plan.model import Charon, IkeConnection, Plan, Tunnel


def ends(plan: Plan, tunnel: str) -> Iterator[tuple[Charon, IkeConnection]]:
    """The charons that a tunnel ends at, and what they hold of it."""
    for charon in plan.charons:
        for item in charon.connections:
            if item.name == tunnel and item.remote_address and not item.virtual_ip:
                yield charon, item


def rouse(plan: Plan, machine: Machine, state: State, tunnels: Collection[str], seconds: float) -> None:
    """Send packets into the tunnels that wait for some, and wait until they are up; ConvergeError if one is not.

    What the side that initiates does not ask for, the other one does.
    """
    waiting = [
        (item.initiator, tunnel, charon.directory, item)
        for tunnel in plan.tunnels
        for charon, item in (ends(plan, tunnel.connection) if tunnel.connection in tunnels else ())
        if item.on_demand and charon.node == tunnel.edge
    ]
    for _, tunnel, directory, item in sorted(waiting, key=lambda found: not found[0]):
        agreed = state.negotiated[tunnel.of].selectors[state.topology.tunnel[tunnel.connection].side(tunnel.node).index]
        _rouse(plan, machine, tunnel, directory, item, agreed, seconds)


def _rouse(
    plan: Plan,
    machine: Machine,
    tunnel: Tunnel,
    directory: str,
    item: IkeConnection,
    agreed: Iterable[Selectors],
    seconds: float,
) -> None:
    for selectors in agreed:
        packet = (str(_inside(selectors.local[0])), str(_inside(selectors.remote[0])))

        def up(packet: Packet = packet) -> bool:
            return any(takes(child, packet) for child in machine.sas.children(directory, tunnel.connection))

        if lacking(item, machine.sas.children(directory, tunnel.connection), (packet,)):
            machine.packets.knock(plan.netns(tunnel.node), tunnel.interface, *packet)
            wait_until(up, seconds, lambda: f"{tunnel.connection} does not come up for a packet")


def _inside(prefix: IPv4Network) -> IPv4Address:
    """An address of a prefix: not its first one, which the edge may hold itself."""
    return prefix[min(1, prefix.num_addresses - 1)]
