"""A packet that was dropped: where, why, from whom to whom; and the places that its addresses belong to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from netlab.azure.dataplane.offers import expressroute_instances
from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Addresses, Predicted, address_asked, address_of_sender
from netlab.azure.state import State
from netlab.results.drops import Cause, Direction
from netlab.results.protocols import Protocol
from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.names import Endpoint, by_node
from netlab.scenario.network import Router, Subnet, VNet


@dataclass(frozen=True, slots=True)
class Place:
    """What an address belongs to: a VNet, a site or the P2S pool of a VNet's gateway; and the prefix around it."""

    kind: Literal["VNet", "pool", "site"]
    name: str
    prefix: IPv4Network


def place_of(state: State, address: IPv4Address) -> Place | None:
    """The place that an address belongs to; None for one of the Internet."""
    for name, vnet in state.network.vnets.items():
        for prefix in vnet.address_space:
            if address in prefix:
                return Place("VNet", name, prefix)
        pool = vnet.vpn_gateway.point_to_site if vnet.vpn_gateway is not None else None
        if pool is not None and address in pool.address_pool:
            return Place("pool", name, pool.address_pool)
    around = ((name, p) for name, site in state.network.sites.items() for p in site.prefixes if address in p)
    found = max(around, key=lambda item: item[1].prefixlen, default=None)
    return Place("site", *found) if found is not None else None


def routers_of(state: State, vnet: VNet) -> tuple[Router, ...]:
    """The routers of a VNet that serve it: instances of its gateways and of its Route Server."""
    server = vnet.route_server.instances if vnet.route_server is not None else ()
    return (*state.topology.with_tunnels(vnet.vpn_gateway), *expressroute_instances(vnet), *server)


@dataclass(frozen=True)
class Case:
    """A packet of a pair that was dropped on one leg, at a moment."""

    state: State
    leg: Direction
    walk: Walk
    cause: Cause
    sender: Endpoint
    receiver: Endpoint
    addresses: Addresses
    protocols: tuple[Protocol, ...]

    @classmethod
    def of(cls, state: State, found: Predicted, addresses: Addresses) -> Case | None:
        """The case of a pair that cannot talk; None of one that can."""
        if found.death is None or found.death[1].cause is None:
            return None
        (leg, walk), ends = found.death, by_node(state.scenario)
        source, target = ends[found.source], ends[found.target]
        sender, receiver = (source, target) if leg == "forward" else (target, source)
        assert walk.cause is not None
        return cls(state, leg, walk, walk.cause, sender, receiver, addresses, found.protocols)

    @cached_property
    def group(self) -> object:
        """What pairs have in common whose packets are dropped alike: the leg, the drop, the way, and both subnets."""
        inner = tuple(node for node in self.walk.nodes if node not in (self.sender.node, self.receiver.node))
        return (
            self.leg,
            self.walk.dropped_at,
            self.cause.type,
            inner,
            self._home(self.sender),
            self._home(self.receiver),
        )

    def _home(self, end: Endpoint) -> tuple[str, str]:
        network = self.state.network
        nic = network.primary_nics.get(end.node) or network.private_endpoints.get(end.node)
        return end.owner, nic.subnet.name if nic is not None else ""

    @cached_property
    def own(self) -> IPv4Address:
        """The address of the machine that sent the packet."""
        machine = self.state.network.machines.get(self.sender.node)
        if machine is not None and self.leg == "reverse":
            asked = address_asked(self.state, self.receiver, self.sender, self.addresses)
            return asked if asked in machine.addresses else machine.primary.address
        return address_of_sender(self.state, self.sender, self.receiver, self.address, self.addresses)

    @cached_property
    def address(self) -> IPv4Address:
        """The address of the machine that the packet is for."""
        return address_asked(self.state, self.sender, self.receiver, self.addresses)

    @cached_property
    def place(self) -> Place | None:
        """The place that the packet is for."""
        return place_of(self.state, self.address)

    @cached_property
    def vnet(self) -> VNet | None:
        """The VNet in whose fabric the packet was dropped."""
        return next((vnet for vnet in self.state.network.vnets.values() if vnet.node == self.walk.dropped_at), None)

    @cached_property
    def routers(self) -> tuple[Router, ...]:
        """The routers that would lead on from the drop: itself, or those that serve its VNet or its client."""
        topology, node = self.state.topology, self.walk.dropped_at
        router = (topology.routers | topology.speakers).get(node)
        client = self.state.network.clients_by_node.get(node)
        if router is not None:
            return (router,)
        if client is not None:
            return tuple(r for gateway in client.gateways for r in topology.with_tunnels(gateway))
        serving = self.vnet.serving if self.vnet is not None else None
        return routers_of(self.state, serving) if serving is not None else ()

    @cached_property
    def came_from(self) -> Subnet | None:
        """The subnet that a packet came from when it was dropped in its VNet; None where it came from no subnet."""
        before, vnet = self.walk.nodes[-2] if len(self.walk.nodes) > 1 else "", self.vnet
        if vnet is None:
            return None
        gateways = (vnet.vpn_gateway, vnet.expressroute_gateway)
        if before in {router.node for gateway in gateways if gateway is not None for router in gateway.instances}:
            return vnet.subnets[GATEWAY_SUBNET]
        machine = self.state.network.machines.get(before)
        if machine is not None:
            return machine.towards(self.address).subnet if machine.vnet is vnet else None
        return next((firewall.subnet for firewall in vnet.firewalls if firewall.node == before), None)
