"""VNet fabrics: the tables of each ingress, the deliveries to NICs, the filters and the way to the Internet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import endpoints
from netlab.azure.dataplane import filters, load_balancers, offers, security
from netlab.azure.dataplane.filters import AnyFilter, link_to_appliance
from netlab.azure.dataplane.nodes import Frontend, Node, Service, Translation
from netlab.azure.dataplane.tables import ANY, Hop, Route, Table
from netlab.azure.effective import EffectiveRoute, active, fixed_routes, local_routes, routes_from_peer
from netlab.azure.state import State
from netlab.results.drops import DropType, cause
from netlab.scenario import network
from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.names import INTERNET
from netlab.scenario.network import BalancingRule, Firewall, Nic, PrivateEndpoint, Router, VNet

Instances = Mapping[IPv4Network, tuple[Router, ...]]


def fabric(state: State, vnet: VNet) -> Node:
    """The fabric of a VNet."""
    return _Fabric(state, vnet).node()


@dataclass(frozen=True)
class _Fabric:
    """Builds the node of a VNet's fabric."""

    state: State
    vnet: VNet

    def node(self) -> Node:
        vnet, egress = self.vnet, self.vnet.network.public.egress[self.vnet.name]
        out = Translation(INTERNET, dict(self.vnet.public_pairs), egress, shared=network.shared_addresses(self.vnet))
        return Node(
            vnet.node,
            self._table(local_routes(vnet)),
            tables=dict(self._tables()),
            deliveries=dict(self._deliveries()),
            frontends=dict(self._frontends()),
            filters=tuple(self._filters()),
            translations={INTERNET: out},
        )

    def _filters(self) -> Iterator[AnyFilter]:
        """The filters in their order: a network security group comes first where packets leave a NIC (N16), and last
        where they enter one."""
        tag = partial(security.virtual_network, self.state)
        yield from security.filters_of(self.vnet, tag, "Outbound")
        yield from filters.of_vnet(self.vnet)
        yield from security.filters_of(self.vnet, tag, "Inbound")

    def _deliveries(self) -> Iterator[tuple[IPv4Address, Hop]]:
        """The NICs of the VNet, those of its gateways' instances included."""
        for router in offers.expressroute_instances(self.vnet):
            yield router.bgp_address, self._to(router.node)
        gateway = self.vnet.vpn_gateway
        if gateway is not None:
            for router in self.state.topology.with_tunnels(gateway):
                yield from ((address, self._to(router.node)) for address in gateway.instance_addresses(router))
        for sender in self.vnet.senders:
            yield from ((address, self._to_nic(sender)) for address in sender.addresses)
        yield from ((end.address, self._to(end.node)) for end in self.vnet.private_endpoints)
        yield from ((firewall.instance, self._to(firewall.node)) for firewall in self.vnet.firewalls)

    def _to(self, node: str) -> Hop:
        return Hop(node, node, self.vnet.node)

    # --- tables -----------------------------------------------------------------------------------------------------

    def _tables(self) -> Iterator[tuple[str, Table]]:
        """The table of each ingress: NICs by their subnets, gateways, peers, and peers for an appliance."""
        vnet = self.vnet
        subnets = dict.fromkeys(nic.subnet for nic in vnet.senders)
        by_subnet = {subnet: self._table(offers.effective_routes(self.state, subnet)) for subnet in subnets}
        yield from ((nic.link, by_subnet[nic.subnet]) for nic in vnet.senders)
        yield from ((endpoint.node, self._of_endpoint(endpoint)) for endpoint in vnet.private_endpoints)
        for router in (*self.state.topology.with_tunnels(vnet.vpn_gateway), *offers.expressroute_instances(vnet)):
            yield router.node, self._of_gateway(router)
        yield from ((router.node, self._table(local_routes(vnet))) for router in vnet.fast_paths)
        of_spoke = tuple(offers.learned_routes(vnet, offers.of_gateways(self.state, vnet))) if vnet.spokes else ()
        spokes = frozenset(vnet.spokes)
        for peering in vnet.peerings:
            peer = peering.remote
            learned = of_spoke if peer in spokes else ()
            yield peer.node, self._table(active((*routes_from_peer(vnet, peer), *learned)))
            yield from ((link_to_appliance(peer, nic), self._for(nic)) for nic in vnet.next_hops)

    def _for(self, nic: Nic | Firewall) -> Table:
        """The table for packets that a peer sends to an appliance."""
        return Table((Route(ANY, "the peer's route", nic.label, (self._to_nic(nic),)),))

    def _of_endpoint(self, endpoint: PrivateEndpoint) -> Table:
        """The table for what a private endpoint sends; to a gateway's prefixes by the appliances before it (E8, E9)."""
        serving = self.vnet.serving
        known = offers.all_of(self.state, serving) if serving is not None else ()
        learned = tuple(offers.learned_routes(serving, known)) if serving is not None else ()
        first, *further = endpoints.appliances_before_gateway(endpoint) or ("",)
        if first:
            learned = tuple(replace(route, next_hop=first, further=tuple(further)) for route in learned)
        return self._table(active((*endpoints.fixed_routes_of(endpoint), *learned)))

    def _of_gateway(self, router: Router) -> Table:
        vnet = self.vnet
        by_other = tuple(offers.of_the_other_gateway(self.state, vnet, router))
        subnet = vnet.subnets[GATEWAY_SUBNET]
        known = (*by_other, *offers.of_appliances(self.state, vnet)) if subnet.serving is not None else ()
        routes = active((*fixed_routes(subnet), *offers.learned_routes(vnet, known)))
        return self._table(routes, offers.instances(by_other))

    def _table(self, routes: Iterable[EffectiveRoute], instances: Instances | None = None) -> Table:
        """The table of these routes; ``instances`` serve the gateways' prefixes, if not the usual ones."""
        return Table(tuple(self._route(route, instances) for route in routes))

    def _route(self, route: EffectiveRoute, instances: Instances | None) -> Route:
        hops = tuple(self._hops(route, instances))
        return Route(route.prefix, route.source, route.next_hop_type, hops or (_NOWHERE,))

    # --- next hops --------------------------------------------------------------------------------------------------

    def _hops(self, route: EffectiveRoute, instances: Instances | None) -> Iterator[Hop]:
        match route.next_hop_type:
            case "VnetLocal":
                yield Hop(deliver=True)
            case "InterfaceEndpoint" if route.next_hop == self.vnet.name:
                yield Hop(deliver=True)
            case "VNetPeering" | "VNetGlobalPeering" | "InterfaceEndpoint":
                yield self._to_peer(route.next_hop)
            case "VirtualAppliance" | "VirtualNetworkGateway" if "." in route.next_hop:  # an address, not a VNet
                for address in map(IPv4Address, route.next_hops):
                    yield from self._by_appliance(address)
            case "VirtualNetworkGateway" if route.next_hop == self.vnet.name:
                yield from (self._to(router.node) for router in self._instances(route, instances))
            case "VirtualNetworkGateway" if route.next_hop:
                yield self._to_peer(route.next_hop)
            case "None":
                source = "user" if route.source == "User" else "system"
                yield Hop(drop=cause(DropType.NONE_ROUTE, source=source, prefix=route.prefix))
            # Differs from Azure: A service sees the subnet's address in the Internet, not the private one (E17).
            case "Internet" | "VirtualNetworkServiceEndpoint":
                yield Hop(self.vnet.backbone, INTERNET, self.vnet.node)

    def _instances(self, route: EffectiveRoute, instances: Instances | None) -> tuple[Router, ...]:
        """The instances that a route to the VNet's gateway leads to; one without an offer leads to VPN's (R88)."""
        if route.source != "VirtualNetworkGateway":
            return self.state.topology.with_tunnels(self.vnet.vpn_gateway)
        return (instances if instances is not None else self._served)[route.prefix]

    @cached_property
    def _served(self) -> Instances:
        return offers.instances_by_prefix(self.state, self.vnet)

    def _to_peer(self, name: str) -> Hop:
        return self._to(self.vnet.network.vnets[name].node)

    def _by_appliance(self, address: IPv4Address) -> Iterator[Hop]:
        """To the NIC of an appliance, here or in a peer; or to the members of a pool, by the frontend's address."""
        for vnet in (self.vnet, *(peering.remote for peering in self.vnet.peerings)):
            nic, frontend = vnet.nic_at.get(address), vnet.frontend_at.get(address)
            if nic is not None:
                yield self._to_nic(nic)
                return
            if frontend is not None:
                yield from self._through(frontend)
                return
        yield Hop(drop=cause(DropType.NO_NEXT_HOP, next_hop=address))

    def _to_nic(self, nic: Nic | Firewall, choice: str = "") -> Hop:
        if nic.vnet is self.vnet:
            return Hop(nic.node, nic.link, nic.link_inside, choice=choice)
        return Hop(nic.vnet.node, link_to_appliance(nic.vnet, nic), link_to_appliance(self.vnet, nic), choice=choice)

    def _through(self, frontend: network.Frontend) -> Iterator[Hop]:
        """A frontend as next hop: packets reach the members unchanged (L5), those of a flow the same one (L7)."""
        rule = frontend.for_all_ports
        if rule is None:
            yield Hop(drop=load_balancers.no_rule(frontend, "what has another destination"))
            return
        members = load_balancers.healthy(self.state, rule)
        yield from (self._to_nic(nic, f"{rule.choice}: {nic.node}") for nic in members)
        if not members:
            yield Hop(drop=load_balancers.nobody(self.state, rule))

    def _frontends(self) -> Iterator[tuple[IPv4Address, Frontend]]:
        """The frontends of the VNet's load balancers: what is for them goes to a member (L1)."""
        for address, frontend in self.vnet.frontend_at.items():
            services = {key: self._to_members(rule) for rule in frontend.rules for key in _services(rule)}
            yield address, Frontend(services, load_balancers.no_rule(frontend, "this packet"))

    def _to_members(self, rule: BalancingRule) -> tuple[Hop, ...]:
        # Differs from Azure: A rule that has a backend port of its own leads to the members' port that was asked.
        # Differs from Azure: Members behind a rule with floating IP are asked at their own address, too.
        members = load_balancers.healthy(self.state, rule)
        hops = (replace(self._to_nic(n, f"{rule.choice}: {n.node}"), destination=n.address) for n in members)
        return tuple(hops) or (Hop(drop=load_balancers.nobody(self.state, rule)),)


def _services(rule: BalancingRule) -> Iterator[Service]:
    """What a rule is for."""
    yield from ((protocol, rule.spec.frontend_port or None) for protocol in rule.spec.protocols)


_NOWHERE = Hop(drop=cause(DropType.NO_ROUTE))
