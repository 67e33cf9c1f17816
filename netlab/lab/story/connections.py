"""The connections of a running lab: up or not, and why not, in Azure's words and IKE's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from netlab.azure.selectors import Selectors
from netlab.azure.state import State
from netlab.controllers.demand import Packet, lacking, takes
from netlab.lab.machine import Machine
from netlab.machine.ports import Sas
from netlab.machine.waiting import wait_until
from netlab.plan.model import Charon, IkeConnection, Plan, Tunnel

ConnectionState = Literal["Connected", "Connecting", "NotConnected"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as it was found: Azure's state, and why it is not up."""

    state: ConnectionState
    reason: str = ""

    @property
    def words(self) -> str:
        """The state with its reason."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def ends(plan: Plan, tunnel: str) -> Iterator[tuple[Charon, IkeConnection]]:
    """The charons that a tunnel ends at, and what they hold of it."""
    for charon in plan.charons:
        for item in charon.connections:
            if item.name == tunnel and item.remote_address and not item.virtual_ip:
                yield charon, item


def observe(plan: Plan, sas: Sas, tunnels: Iterable[str]) -> Seen:
    """A connection as it is now, by its tunnels: one that is up is enough."""
    both = tuple(end for tunnel in tunnels for end in ends(plan, tunnel))
    found = [sa for charon, item in both for sa in sas.sas(charon.directory) if sa.connection == item.name]
    if any("INSTALLED" in sa.children for sa in found):
        return Seen("Connected")
    connecting = any(sa.state == "CONNECTING" for sa in found)
    return Seen("Connecting" if connecting else "NotConnected", _reason(sas, both))


def _reason(sas: Sas, both: Iterable[tuple[Charon, IkeConnection]]) -> str:
    if not any(item.initiator for _, item in both):
        return "nobody initiates"
    return next(filter(None, (sas.refusal(charon.directory, item.name) for charon, item in both)), "")


def rouse(plan: Plan, machine: Machine, state: State, seconds: float) -> None:
    """Send packets into every tunnel that waits for some, and wait until it is up; ConvergeError if it is not.

    What the side that initiates does not ask for, the other one does.
    """
    waiting = [
        (item.initiator, tunnel, charon.directory, item)
        for tunnel in plan.tunnels
        for charon, item in (ends(plan, tunnel.connection) if tunnel.connection in state.up else ())
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
