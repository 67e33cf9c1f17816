"""The kernel tables of a VNet's fabric: one per ingress, with Azure's routes as the kernel's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address

from netlab.azure import endpoints
from netlab.azure.effective import EffectiveRoute, active, fixed_routes, local_routes, routes_from_peer, system_routes
from netlab.plan import load_balancers
from netlab.plan.fabrics import PeerAddresses, appliances_of_peers
from netlab.plan.model import FixedRoute, GatewayWay, Route, SubnetTable
from netlab.plan.names import interface, table_numbers
from netlab.plan.ports import (
    WAN,
    circuit_port,
    for_appliance,
    to_expressroute,
    to_gateway,
    to_machine,
    to_peer,
    to_route_server,
)
from netlab.plan.underlay import FAR
from netlab.scenario.addresses import GATEWAY_SUBNET, ROUTE_SERVER_SUBNET
from netlab.scenario.network import BalancingRule, Subnet, Topology, VNet

# Route metrics; of several sources of the same prefix only the one that wins is in a table (section 5.2).
USER_METRIC = 10
GATEWAY_METRIC = 20
SYSTEM_METRIC = 30

# Where routes to the frontends of load balancers are, before those to the NICs.
FRONTENDS_TABLE = 998

# An ingress interface and its table.
Ingress = tuple[str, SubnetTable]


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of one VNet's fabric at a moment."""

    vnet: VNet
    topology: Topology
    peers: PeerAddresses

    def ingresses(self) -> Iterator[Ingress]:
        """The ingress interfaces of the fabric, each with its table: machines, gateways, peerings, the Internet."""
        yield from self._of_machines()
        yield from self._of_private_endpoints()
        yield from self._of_gateways()
        yield from self._of_peers()
        inward = self._table(self._numbers[WAN], "from the Internet", tuple(local_routes(self.vnet)))
        yield WAN, inward
        yield from ((circuit_port(router.node), inward) for router in self.vnet.fast_paths)

    def frontends(self) -> tuple[SubnetTable, ...]:
        """The table of routes to the frontends of the VNet's load balancers, over the members of their pools (L1); none
        where no frontend has a rule."""
        found = tuple(self._to_frontend(item.rules[0]) for item in self.vnet.frontend_at.values() if item.rules)
        return (SubnetTable(FRONTENDS_TABLE, "load balancers", found),) if found else ()

    def _to_frontend(self, rule: BalancingRule) -> FixedRoute:
        prefix = f"{rule.frontend.address}/32"
        like = Route(prefix, type="blackhole", table=FRONTENDS_TABLE, metric=USER_METRIC)
        ways = tuple((nic.node, *self._way_to[str(nic.address)]) for nic in rule.members)
        route = load_balancers.through(ways, [nic.node for nic in rule.members], like)
        return FixedRoute("User", "VirtualAppliance", route, rule.choice, ways)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The numbers of the tables: of subnets, and of ingress interfaces that have one of their own."""
        private = self.vnet.expressroute_gateway
        return table_numbers(
            (
                *(f"subnet {name}" for name in self.vnet.subnets),
                *(f"private endpoint {item.name}" for item in self.vnet.private_endpoints),
                *(to_expressroute(router.index) for router in (private.instances if private is not None else ())),
                *(to_peer(peering.remote) for peering in self.vnet.peerings),
                *(for_appliance(p.remote, nic) for p in self.vnet.peerings for nic in self.vnet.next_hops),
                WAN,
            )
        )

    def _of_machines(self) -> Iterator[Ingress]:
        known: dict[Subnet, SubnetTable] = {}
        for nic in self.vnet.senders:
            subnet = nic.subnet
            if subnet not in known:
                known[subnet] = self._of_subnet(subnet)
            yield interface(to_machine(nic)), known[subnet]

    def _of_subnet(self, subnet: Subnet) -> SubnetTable:
        serving = self.vnet.serving
        return self._table(
            self._numbers[f"subnet {subnet.name}"],
            subnet.name,
            self._fixed(subnet.name),
            serving,
            # A12, A28: a Route Server programs the subnets of its VNet and of the VNets that use it.
            serving if serving is not None and serving.route_server is not None else None,
            subnet.serving is not None,
        )

    def _of_private_endpoints(self) -> Iterator[Ingress]:
        """What a private endpoint sends to a gateway's prefixes goes by the appliances before it (E8, E9)."""
        serving = self.vnet.serving
        for endpoint in self.vnet.private_endpoints:
            hops = [self._way_to[address] for address in endpoints.appliances_before_gateway(endpoint)]
            ways = tuple(replace(way, device=device, via=via) for way in self._ways for device, via in hops)
            yield (
                interface(to_machine(endpoint)),
                self._table(
                    self._numbers[f"private endpoint {endpoint.name}"],
                    endpoint.subnet.name,
                    endpoints.fixed_routes_of(endpoint),
                    serving,
                    serving if serving is not None and serving.route_server is not None else None,
                    ways=ways or None,
                ),
            )

    def _of_gateways(self) -> Iterator[Ingress]:
        vnet = self.vnet
        if vnet.vpn_gateway is not None:
            for index in (0, 1):
                number = self._numbers[f"subnet {GATEWAY_SUBNET}"]
                yield to_gateway(index), self._of_gateway_subnet(number, by_vpn=True)
        if vnet.expressroute_gateway is not None:
            for router in vnet.expressroute_gateway.instances:
                name = to_expressroute(router.index)
                yield name, self._of_gateway_subnet(self._numbers[name], by_vpn=False)
        for index in (0, 1) if vnet.route_server is not None else ():
            number = self._numbers[f"subnet {ROUTE_SERVER_SUBNET}"]
            yield to_route_server(index), self._table(number, ROUTE_SERVER_SUBNET, self._system)

    def _of_gateway_subnet(self, number: int, *, by_vpn: bool) -> SubnetTable:
        """What a gateway sends back into its VNet never turns round to it again; to the other gateway it goes only
        where a Route Server has them exchange routes (R96)."""
        vnet = self.vnet
        others = tuple(way for way in self._ways if way.expressroute == by_vpn and vnet.branch_to_branch)
        server = vnet if vnet.route_server is not None else None
        fixed, propagates = self._fixed(GATEWAY_SUBNET), vnet.subnets[GATEWAY_SUBNET].serving is not None
        return self._table(number, GATEWAY_SUBNET, fixed, vnet if others else None, server, propagates, others)

    def _of_peers(self) -> Iterator[Ingress]:
        """R102: what a peer sends in is delivered here or to the gateway that it may use, never passed on to a third
        VNet."""
        vnet = self.vnet
        for peering in vnet.peerings:
            peer, name = peering.remote, f"from {peering.remote.name}"
            fixed = tuple(routes_from_peer(vnet, peer))
            table = self._table(self._numbers[to_peer(peer)], name, fixed, vnet if peering.lends_gateway else None)
            yield interface(to_peer(peer)), table
            for nic in vnet.next_hops:
                ingress = for_appliance(peer, nic)
                number, device = self._numbers[ingress], interface(to_machine(nic))
                route = Route("0.0.0.0/0", device, via=str(nic.address), table=number)
                yield ingress, SubnetTable(number, name, (FixedRoute("Default", "VirtualAppliance", route),))

    @cached_property
    def _system(self) -> tuple[EffectiveRoute, ...]:
        return tuple(system_routes(self.vnet))

    def _fixed(self, subnet: str) -> tuple[EffectiveRoute, ...]:
        return fixed_routes(self.vnet.subnets[subnet])

    @cached_property
    def _ways(self) -> tuple[GatewayWay, ...]:
        """The ways to the instances of the gateways that serve the VNet."""
        serving = self.vnet.serving
        if serving is None:
            return ()
        vpn, private = serving.vpn_gateway, serving.expressroute_gateway
        ways = (
            *(
                GatewayWay(router.node, to_gateway(router.index), str(vpn.instance_addresses(router)[0]))
                for router in (self.topology.with_tunnels(vpn) if vpn is not None else ())
                if vpn is not None
            ),
            *(
                GatewayWay(router.node, to_expressroute(router.index), str(router.bgp_address), expressroute=True)
                for router in (private.instances if private is not None else ())
            ),
        )
        if serving is self.vnet:
            return ways
        return tuple(replace(way, device=interface(to_peer(serving)), via=self.peers[serving]) for way in ways)

    @cached_property
    def _appliances(self) -> tuple[tuple[str, str, str], ...]:
        """The address of every NIC that can be a next hop, here or in a peer, with the interface and next hop to it."""
        here = ((str(a), interface(to_machine(n)), str(a)) for n in self.vnet.senders for a in n.addresses)
        far = appliances_of_peers(self.vnet)
        there = ((str(a), for_appliance(p, n), self.peers[p]) for p, n in far for a in n.addresses)
        return (*here, *there)

    @cached_property
    def _way_to(self) -> dict[str, tuple[str, str]]:
        """The interface and the next hop that lead to the NIC of each address; the first one of several."""
        return {address: (device, via) for address, device, via in reversed(self._appliances)}

    def _table(
        self,
        number: int,
        name: str,
        fixed: tuple[EffectiveRoute, ...],
        gateway: VNet | None = None,
        route_server: VNet | None = None,
        propagates: bool = True,
        ways: tuple[GatewayWay, ...] | None = None,
    ) -> SubnetTable:
        ways = () if gateway is None else self._ways if ways is None else ways
        return SubnetTable(
            number,
            name,
            tuple(
                FixedRoute(route.source, route.next_hop_type, *self._route(number, route))
                for route in fixed
                if route.source != "VirtualNetworkGateway" and not route.overridden
            ),
            gateway.name if gateway is not None else "",
            ways,
            route_server.name if route_server is not None else "",
            self._appliances if route_server is not None else (),
            (gateway or route_server or self.vnet).hub_routing_preference,
            propagates,
        )

    def _route(self, table: int, route: EffectiveRoute) -> tuple[Route, str, tuple[tuple[str, str, str], ...]]:
        """The kernel route that stands for a system or a user route; where it leads to a pool, that and the ways to its
        members."""
        kernel, rule = self._kernel_route(table, route), self._rule_of(route)
        if rule is None:
            return kernel, "", ()
        ways = tuple((nic.node, *self._way_to[str(nic.address)]) for nic in rule.members)
        return load_balancers.through(ways, [nic.node for nic in rule.members], kernel), rule.choice, ways

    def _rule_of(self, route: EffectiveRoute) -> BalancingRule | None:
        """The rule of HA ports that a route leads to by the frontend that is its next hop (L6)."""
        if route.next_hop_type != "VirtualAppliance" or route.further or route.next_hop in self._way_to:
            return None
        address = IPv4Address(route.next_hop)
        near = (self.vnet, *(peering.remote for peering in self.vnet.peerings))
        frontend = next((vnet.frontend_at[address] for vnet in near if address in vnet.frontend_at), None)
        return frontend.for_all_ports if frontend is not None else None

    def _kernel_route(self, table: int, route: EffectiveRoute) -> Route:
        """The same, but for pools."""
        prefix, metric = str(route.prefix), USER_METRIC if route.source == "User" else SYSTEM_METRIC
        match route.next_hop_type:
            case "VnetLocal":
                return Route(prefix, type="throw", table=table, metric=metric)
            case "InterfaceEndpoint" if route.next_hop == self.vnet.name:
                return Route(prefix, type="throw", table=table, metric=metric)
            case "VNetPeering" | "VNetGlobalPeering" | "InterfaceEndpoint":
                peer = self.vnet.network.vnets[route.next_hop]
                via = self.peers[peer]
                return Route(prefix, interface(to_peer(peer)), via=via, table=table, metric=metric)
            case "Internet" | "VirtualNetworkServiceEndpoint":
                return Route(prefix, WAN, via=FAR, table=table, metric=metric)
            case "VirtualNetworkGateway" if vpn := [way for way in self._ways if not way.expressroute]:  # R88
                return over(vpn, prefix, table, metric)
            case "VirtualAppliance":
                hops = (self._way_to[address] for address in route.next_hops if address in self._way_to)
                return by_turns(hops, prefix, table, metric)
        # The packet disappears without a word.
        return Route(prefix, type="blackhole", table=table, metric=metric)


def opening(table: SubnetTable) -> Iterator[Route]:
    """What a table holds before any gateway has advertised anything: the active ones of its routes."""
    kernel = {(item.source, item.route.prefix): item.route for item in table.fixed}
    chosen = active(item.candidate for item in table.fixed)
    return (kernel[route.source, str(route.prefix)] for route in chosen if route.source != "VirtualNetworkGateway")


def over(ways: Iterable[GatewayWay], prefix: str, table: int, metric: int) -> Route:
    """The route over these instances of a gateway, by turns (R11)."""
    return by_turns(((way.device, way.via) for way in ways), prefix, table, metric)


def by_turns(ways: Iterable[tuple[str, str]], prefix: str, table: int, metric: int) -> Route:
    """The route over these devices and next hops; into nothing where there is none."""
    hops = tuple(sorted(set(ways)))
    if not hops:
        return Route(prefix, type="blackhole", table=table, metric=metric)
    if len(hops) == 1:
        ((device, via),) = hops
        return Route(prefix, device, via=via, table=table, metric=metric)
    return Route(prefix, table=table, metric=metric, hops=hops)
