"""Which routers are on duty at a moment, and the tunnels and sessions that there can be between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from netlab.scenario.network.connections import AnyEnd, Connection, Peers, Side, Tunnel
from netlab.scenario.network.ends import Site, VpnGateway
from netlab.scenario.network.graph import Network
from netlab.scenario.network.routers import Router


@dataclass(frozen=True)
class Topology:
    """The routers and tunnels of a network at a moment.

    ``switched`` are the VNets whose active-standby gateway has its second instance active; ``lost`` the nodes of
    routers that are down, ``severed`` the edge routers whose link to the customer's end is down.
    """

    network: Network
    switched: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    severed: frozenset[str] = frozenset()

    @cached_property
    def routers(self) -> dict[str, Router]:
        """Every router of a VPN gateway or a site that takes part, by its node: not an instance on standby."""
        return {router.node: router for end in self.network.ends for router in self.of(end)}

    @cached_property
    def speakers(self) -> dict[str, Router]:
        """Every router that may speak BGP: these, Route Servers, appliances, those of ExpressRoute and of providers."""
        others = (router for router in self.network.lone_speakers() if router.node not in self.lost)
        return self.routers | {router.node: router for router in others}

    @cached_property
    def appliances(self) -> dict[str, Router]:
        """The appliances that speak BGP or end connections, by their nodes."""
        found = (*self.network.bgp_appliances, *self.network.vpn_servers)
        return {a.router.node: a.router for a in found if a.router.node not in self.lost}

    def of(self, end: AnyEnd) -> tuple[Router, ...]:
        """The routers of an end; those of a site with the one before its devices."""
        before = end.before_devices if isinstance(end, Site) else None
        return (*self.with_tunnels(end), before) if before is not None else self.with_tunnels(end)

    def with_tunnels(self, end: AnyEnd | None) -> tuple[Router, ...]:
        """The routers of an end at which tunnels may end; an appliance also while it is stopped."""
        if end is None:
            return ()
        on_duty = end.on_duty(end.name in self.switched)
        return tuple(r for r in on_duty if end.role != "gateway" or r.node not in self.lost)

    def point_to_site(self, gateway: VpnGateway) -> Router | None:
        """The instance that a gateway's clients connect to, if it serves any and one is there."""
        return next(iter(self.with_tunnels(gateway)), None) if gateway.point_to_site is not None else None

    # --- tunnels ----------------------------------------------------------------------------------------------------

    @cached_property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """Every tunnel, in the file's order."""
        return tuple(tunnel for item in self.network.connections.values() for tunnel in self._tunnels(item))

    @cached_property
    def tunnel(self) -> dict[str, Tunnel]:
        """Every tunnel by its name."""
        return {tunnel.name: tunnel for tunnel in self.tunnels}

    def _tunnels(self, item: Connection) -> Iterator[Tunnel]:
        several = [isinstance(side.end, VpnGateway) and side.end.active_active for side in item.sides]
        for one, other in product(*map(self._chosen, item.sides)):
            numbers = [str(r.index) for r, numbered in zip((one, other), several, strict=True) if numbered]
            yield Tunnel("-".join((item.name, *numbers)), item, (one, other))

    def _chosen(self, side: Side) -> tuple[Router, ...]:
        """The routers of a side: of a site's several devices the connection's."""
        return (side.device,) if side.device is not None else self.with_tunnels(side.end)

    @cached_property
    def _tunnels_by_node(self) -> dict[str, tuple[Tunnel, ...]]:
        found: dict[str, list[Tunnel]] = {}
        for tunnel in self.tunnels:
            for router in tunnel.routers:
                found.setdefault(router.node, []).append(tunnel)
        return {node: tuple(tunnels) for node, tunnels in found.items()}

    def tunnels_of(self, node: str) -> tuple[Tunnel, ...]:
        """The tunnels that end at a router."""
        return self._tunnels_by_node.get(node, ())

    @cached_property
    def tunnels_by_connection(self) -> dict[str, tuple[Tunnel, ...]]:
        """The tunnels of each connection, by its name."""
        found: dict[str, list[Tunnel]] = {name: [] for name in self.network.connections}
        for tunnel in self.tunnels:
            found[tunnel.connection.name].append(tunnel)
        return {name: tuple(tunnels) for name, tunnels in found.items()}

    def lan_of(self, node: str) -> tuple[Router, ...]:
        """The other routers of the same gateway or site, with which a router has iBGP sessions."""
        router = self.routers[node]
        assert isinstance(router.end, VpnGateway | Site)
        return tuple(other for other in self.of(router.end) if other.node != node)

    # --- sessions without a tunnel ----------------------------------------------------------------------------------

    @cached_property
    def peers(self) -> tuple[Peers, ...]:
        """The pairs of routers with a BGP session without a tunnel."""
        found = (
            *self._of_route_servers(),
            *self._of_gateways(),
            *self._of_circuits(),
            *self._of_global_reach(),
            *self._of_microsoft_peerings(),
            *self._of_appliances(),
            *self._of_providers(),
        )
        there = self.speakers
        return tuple(pair for pair in found if all(router.node in there for router in pair.routers))

    @cached_property
    def peers_of(self) -> dict[str, tuple[Peers, ...]]:
        """The same pairs by the node of either router."""
        found: dict[str, list[Peers]] = {}
        for pair in self.peers:
            for router in pair.routers:
                found.setdefault(router.node, []).append(pair)
        return {node: tuple(pairs) for node, pairs in found.items()}

    def _of_route_servers(self) -> Iterator[Peers]:
        for server in self.network.route_servers:
            vnet = server.vnet
            for instance in server.instances:
                for appliance in server.appliances:
                    if appliance.bgp is not None and instance.index in appliance.bgp.route_server_instances:
                        yield Peers((appliance.router, instance))
                if vnet.branch_to_branch:
                    private = vnet.expressroute_gateway.instances if vnet.expressroute_gateway is not None else ()
                    yield from (Peers((instance, o)) for o in (*self.with_tunnels(vnet.vpn_gateway), *private))

    def _of_gateways(self) -> Iterator[Peers]:
        """With branch-to-branch the gateways of a VNet exchange routes too (R97); else there is no transit (R96)."""
        for gateway in self.network.vpn_gateways:
            private = gateway.vnet.expressroute_gateway
            if gateway.vnet.branch_to_branch and private is not None:
                for instance in self.with_tunnels(gateway):
                    yield from (Peers((instance, other)) for other in private.instances)

    def _of_circuits(self) -> Iterator[Peers]:
        gateways = self.network.expressroute_gateways
        for circuit in self.network.circuits.values():
            for (edge_router, other), addresses in zip(circuit.links, circuit.link_addresses, strict=True):
                if edge_router.node not in self.severed:
                    yield Peers((edge_router, other), addresses)
                own = (instance for g in gateways if g.vnet in circuit.vnets for instance in g.instances)
                yield from (Peers((edge_router, instance)) for instance in own)

    def _of_global_reach(self) -> Iterator[Peers]:
        return (Peers(pair, both) for reach in self.network.global_reach for pair, both in reach.links)

    def _of_microsoft_peerings(self) -> Iterator[Peers]:
        for peering in self.network.microsoft_peerings:
            for edge, other, address in peering.links:
                if edge.node not in self.severed:
                    yield Peers((edge, other), (edge.bgp_address, address))
                yield from (Peers((edge, backbone.router)) for backbone in self.network.backbone_routers.values())

    def _of_providers(self) -> Iterator[Peers]:
        for provider in self.network.provider_networks.values():
            for router in provider.routers:
                yield from (Peers((router, device)) for site in provider.sites for device in site.devices)

    def _of_appliances(self) -> Iterator[Peers]:
        for appliance in self.network.bgp_appliances:
            for site in appliance.sites:
                yield from (Peers((appliance.router, device)) for device in site.devices)
            yield from (Peers((appliance.router, other.router)) for other in appliance.remote_appliances)
