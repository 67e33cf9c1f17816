"""Why a packet died: from where it was seen last, and the routes, tunnels and selectors of that node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from netlab.azure.prediction import from_elsewhere
from netlab.machine.charon import Sa
from netlab.machine.ports import Routes, Sas
from netlab.machine.routes import KernelRoute, longest_match
from netlab.plan.model import DEFAULT_TABLE, MAIN_TABLE, Barrier, FixedRoute, Plan, Route
from netlab.plan.underlay import LAST_RESORT
from netlab.probe.trace import Leg, Sighting, Trace, last, looping
from netlab.results.drops import Drop


@dataclass(slots=True)
class Coroner:
    """Says of a probe that was not answered where it died and why; reads each namespace once."""

    plan: Plan
    routes: Routes
    sas: Sas
    _routes_of: dict[str, tuple[KernelRoute, ...]] = field(default_factory=dict)
    _sas_of: dict[str, list[Sa]] = field(default_factory=dict)

    def examine(self, trace: Trace) -> Drop:
        """The drop of a trace that is not answered."""
        probe = trace.probe
        if trace.unsent:
            return Drop(probe.source, "forward", self._no_way(probe.source, trace.target_address))
        arrived = any(s.node == probe.target and not s.outgoing for s in trace.sightings if s.leg == "forward")
        strangers = [node for node in trace.answered_by if node != probe.target]
        if strangers:
            return Drop(strangers[0], "forward", f"no answer from {probe.target}: {strangers[0]} answered in its place")
        if not arrived:
            return self._leg(trace, "forward", probe.source, trace.target_address)
        return self._leg(trace, "reverse", probe.target, trace.source_address)

    def _leg(self, trace: Trace, leg: Literal["forward", "reverse"], start: str, destination: str) -> Drop:
        loop = looping(trace, leg)
        if loop is not None:
            return Drop(loop.node, leg, f"loop: the packet came back to {loop.node}")
        seen = last(trace, leg)
        if seen is None:
            rejected = self._rejected(trace, start)
            return Drop(start, leg, rejected or self._no_way(start, destination))
        if leg == "reverse" and seen.node == trace.probe.source and seen.source != trace.target_address:
            return Drop(seen.node, leg, from_elsewhere(trace.target_address, seen.source))
        if seen.node == (trace.probe.source if leg == "reverse" else trace.probe.target) and not seen.outgoing:
            return Drop(
                seen.node, leg, f"no answer: {self._rejected(trace, seen.node) or 'it arrived and was ignored'}"
            )
        if seen.outgoing:
            return self._on_the_wire(seen, leg, destination)
        if seen.node == start:
            return Drop(start, leg, f"loop: the packet came back to {start}")
        barred = self._barred(seen, destination)
        return Drop(seen.node, leg, barred or self._no_way(seen.node, destination, seen.interface))

    def _rejected(self, trace: Trace, node: str) -> str:
        """What an ICMP error or a reset that a node sent says."""
        found = (s.rejection for s in trace.sightings if s.rejection is not None and s.node == node and s.outgoing)
        return next((rejection.reason for rejection in found), "")

    # --- into a tunnel, or onto a link ------------------------------------------------------------------------------

    def _on_the_wire(self, seen: Sighting, leg: Leg, destination: str) -> Drop:
        direction: Literal["forward", "reverse"] = "forward" if leg == "forward" else "reverse"
        tunnel = self._tunnel(seen.node, seen.interface)
        if tunnel is None:
            return Drop(seen.node, direction, f"no answer: lost behind {seen.interface}")
        connection, owner, directory = tunnel
        mine = (sa for sa in self._security_associations(directory) if sa.connection == connection)
        sas = [sa for sa in mine if "INSTALLED" in sa.children]
        if not sas:
            return Drop(seen.node, direction, f"no tunnel: {owner} has no INSTALLED CHILD SA")
        refused = _outside(sas, seen.source, destination)
        if refused:
            return Drop(seen.node, direction, f"not in the selectors: {refused}")
        return Drop(seen.node, direction, f"no tunnel: lost between the ends of {owner}")

    def _tunnel(self, node: str, interface: str) -> tuple[str, str, str] | None:
        """The connection of a tunnel interface, what to call it, and its charon's directory."""
        directories = {charon.node: charon.directory for charon in self.plan.charons}
        for tunnel in self.plan.tunnels:
            if (tunnel.node, tunnel.interface) == (node, interface):
                return tunnel.connection, tunnel.connection, directories[tunnel.edge]
        for client in self.plan.clients:
            if (client.node, client.interface) == (node, interface):
                return client.connection, f"the connection of {client.node}", client.directory
        return None

    def _security_associations(self, directory: str) -> list[Sa]:
        if directory not in self._sas_of:
            self._sas_of[directory] = self.sas.sas(directory)
        return self._sas_of[directory]

    # --- barriers ---------------------------------------------------------------------------------------------------

    def _barred(self, seen: Sighting, destination: str) -> str:
        """Which of a fabric's barriers a packet that came in there met; empty if none."""
        fabric = next((fabric for fabric in self.plan.fabrics if fabric.node == seen.node), None)
        if fabric is None:
            return ""
        found = self._route(seen.node, destination, self.routes.table_of(fabric.netns, seen.interface))
        if found is not None and found.type == "throw":
            found = self._delivery(seen.node, destination)
        devices = found.devices if found is not None else ()
        stopping = (b for b in fabric.barriers if _stops(b, seen.interface, devices, seen.source, destination))
        return next((barrier.reason for barrier in stopping), "")

    # --- routes -----------------------------------------------------------------------------------------------------

    def _no_way(self, node: str, destination: str, interface: str = "") -> str:
        """Why a node does not know where to send a packet that came in by an interface, or that it made itself."""
        table = self.routes.table_of(self.plan.netns(node), interface) if interface else MAIN_TABLE
        found = self._route(node, destination, table)
        if table == MAIN_TABLE and found is None:
            found = self._route(node, destination, DEFAULT_TABLE)
        if table == MAIN_TABLE and found is not None and found.metric == LAST_RESORT:
            return f"unknown route: {node} knows no route to {destination} that would not lead to the Internet"
        if found is None:
            return f"unknown route: {node} knows no route to {destination}"
        if found.type == "throw":
            found = self._delivery(node, destination)
        if found is None:
            return f"unknown route: no NIC of {node} has the address {destination}"
        if found.type != "unicast":
            return self._discarded(node, table, found, destination)
        return f"no answer: {node} has the route {found.prefix} and yet does not forward"

    def _delivery(self, node: str, destination: str) -> KernelRoute | None:
        """The route to the NIC that has an address; None if none has."""
        table = next(fabric.delivery for fabric in self.plan.fabrics if fabric.node == node)
        found = self._route(node, destination, table)
        return found if found is not None and found.type == "unicast" else None

    def _route(self, node: str, destination: str, table: int) -> KernelRoute | None:
        if node not in self._routes_of:
            self._routes_of[node] = self.routes.routes(self.plan.netns(node))
        return longest_match(self._routes_of[node], destination, table)

    def _discarded(self, node: str, table: int, route: KernelRoute, destination: str) -> str:
        for subnet, item in self._fixed(node, table, route):
            if item.next_hop_type == "VirtualAppliance":
                return f"unknown route: {node} knows no NIC with the next hop's address of {route.prefix} ({subnet})"
            kind = "user" if item.source == "User" else "system"
            return f"None route: {destination} matches the {kind} route {route.prefix} to None ({subnet})"
        return f"unknown route: {route.type} {route.prefix} at {node}"

    def _fixed(self, node: str, table: int, route: KernelRoute) -> Iterator[tuple[str, FixedRoute]]:
        """The subnet and the route of Azure that a kernel route stands for; one that a gateway told is none."""
        for fabric in self.plan.fabrics:
            for item in fabric.tables:
                if fabric.node == node and item.table == table:
                    name = f"subnet {item.subnet}" if not item.subnet.startswith("from ") else item.subnet
                    yield from ((name, f) for f in item.fixed if _identity(f.route) == _identity(route))


def _stops(barrier: Barrier, ingress: str, egress: tuple[str, ...], source: str, destination: str) -> bool:
    if barrier.ingress and ingress not in barrier.ingress:
        return False
    if barrier.egress and not set(egress) & set(barrier.egress):
        return False
    outside = (
        prefixes and not _covered(address, prefixes)
        for address, prefixes in ((source, barrier.sources), (destination, barrier.destinations))
    )
    return any(outside)


def _identity(route: Route | KernelRoute) -> tuple[str, str, int]:
    return route.prefix, route.type, route.metric


def _outside(sas: list[Sa], source: str, destination: str) -> str:
    """Which address of a packet no CHILD SA selects, and what they select; empty if one selects both."""
    pairs = [pair for sa in sas for pair in sa.selectors]
    towards = [local for local, remote in pairs if _covered(destination, remote)]
    if any(_covered(source, local) for local in towards):
        return ""
    address, side = (source, towards) if towards else (destination, [remote for _, remote in pairs])
    return f"{address} is in none of {', '.join(sorted({ts for selectors in side for ts in selectors}))}"


def _covered(address: str, selectors: tuple[str, ...]) -> bool:
    return any(IPv4Address(address) in IPv4Network(ts) for ts in selectors)
