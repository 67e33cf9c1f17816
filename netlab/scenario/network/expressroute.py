"""ExpressRoute: gateways, circuits, and the networks of providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario import addresses, models
from netlab.scenario.communities import COMMUNITIES
from netlab.scenario.network.ends import End, Site
from netlab.scenario.network.routers import EXPRESSROUTE_ASN, MICROSOFT_ASN, Router
from netlab.scenario.network.ways_out import public_addresses
from netlab.scenario.nodes import edge_router_node, expressroute_node, provider_edge_node, public_edge_node

if TYPE_CHECKING:
    from netlab.scenario.network.vnets import VNet


@dataclass(frozen=True, eq=False)
class ExpressRouteGateway(End):
    """The ExpressRoute gateway of a VNet (R92)."""

    vnet: VNet = field(repr=False)
    spec: models.ExpressRouteGateway = field(repr=False)

    @cached_property
    def instances(self) -> tuple[Router, ...]:
        """Its two instances."""
        both = enumerate(addresses.expressroute_instances(self.vnet.spec))
        return tuple(
            Router(self, expressroute_node(self.name, i), i, EXPRESSROUTE_ASN, address, "expressroute", self.vnet)
            for i, address in both
        )


@dataclass(frozen=True, eq=False)
class ProviderNetwork(End):
    """The IPVPN of a connectivity provider, with sites behind its routers (R117)."""

    spec: models.ProviderNetwork = field(repr=False)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites behind its routers, in the file's order."""
        return tuple(self.network.sites[name] for name in self.spec.sites)

    @cached_property
    def circuits(self) -> tuple[Circuit, ...]:
        """The circuits that end at its routers."""
        return tuple(circuit for circuit in self.network.circuits.values() if circuit.customer is self)

    @cached_property
    def routers(self) -> tuple[Router, ...]:
        """Its provider edge routers: that of the circuits' primary links, then that of the secondary ones."""
        both = enumerate(self.network.provider_edge_addresses[self.name])
        asn = self.spec.asn
        return tuple(
            Router(self, provider_edge_node(self.name, i), i, asn, address, "provider edge") for i, address in both
        )


@dataclass(frozen=True, eq=False)
class Backbone(End):
    """Microsoft's backbone in a region, where its public addresses are (R80); ``name`` is its node. With the edge
    routers of Microsoft peerings it has BGP sessions (R121)."""

    address: IPv4Address

    @cached_property
    def router(self) -> Router:
        """The router that it is."""
        return Router(self, self.name, 0, MICROSOFT_ASN, self.address, "backbone")

    @cached_property
    def vnets(self) -> tuple[VNet, ...]:
        """The VNets of the region."""
        return tuple(vnet for vnet in self.network.vnets.values() if vnet.backbone == self.name)

    @cached_property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """The public addresses of the region."""
        # Differs from Azure: Microsoft advertises each public address of a lab as a /32; Azure's prefixes are as wide
        # as its regions, and are there before a public address is in use.
        public = self.network.public
        gateways = [vnet.vpn_gateway for vnet in self.vnets if vnet.vpn_gateway is not None]
        found = (
            *(address for vnet in self.vnets for address in public_addresses(vnet)),
            *(public.routers[router.node] for gateway in gateways for router in gateway.instances),
            *(public.point_to_site[gateway.name] for gateway in gateways),
        )
        return tuple(IPv4Network(address) for address in dict.fromkeys(found))

    @cached_property
    def community(self) -> str:
        """The community that Microsoft tags these prefixes with; empty where the region has none (R122)."""
        return COMMUNITIES.get(self.vnets[0].region, "")


@dataclass(frozen=True, eq=False)
class MicrosoftPeering:
    """The Microsoft peering of a circuit (R121)."""

    circuit: Circuit = field(repr=False)
    spec: models.MicrosoftPeering = field(repr=False)

    @cached_property
    def edges(self) -> tuple[Router, ...]:
        """Microsoft's edge routers as this peering has them: the primary link's, then the secondary's."""
        name = self.circuit.name
        return tuple(
            Router(self.circuit, public_edge_node(name, index), index, MICROSOFT_ASN, prefix[2], "public edge")
            for index, prefix in enumerate(self.spec.peer_prefixes)
        )

    @cached_property
    def links(self) -> tuple[tuple[Router, Router, IPv4Address], ...]:
        """Its two links: the edge router, the customer's router, and that one's address."""
        both = zip(self.edges, self.circuit.ends, self.spec.peer_prefixes, strict=True)
        return tuple((edge, other, prefix[1]) for edge, other, prefix in both)

    @cached_property
    def advertised(self) -> tuple[IPv4Network, ...]:
        """The customer's public prefixes, which Microsoft accepts (R123)."""
        return self.spec.advertised_public_prefixes

    @cached_property
    def allowed(self) -> tuple[IPv4Network, ...]:
        """The public prefixes of Azure that its route filter allows; none without one (R122)."""
        name, network = self.spec.route_filter, self.circuit.network
        communities = network.scenario.route_filters[name].communities if name is not None else ()
        allowed = (backbone for backbone in network.backbone_routers.values() if backbone.community in communities)
        return tuple(prefix for backbone in allowed for prefix in backbone.prefixes)


@dataclass(frozen=True, eq=False)
class GlobalReach:
    """A connection of the private peerings of two circuits (U25)."""

    name: str
    spec: models.GlobalReach = field(repr=False)
    circuit: Circuit = field(repr=False)
    peer: Circuit = field(repr=False)

    @cached_property
    def links(self) -> tuple[tuple[tuple[Router, Router], tuple[IPv4Address, IPv4Address]], ...]:
        """Its two links, between the edge routers of both primary links and of both secondary ones: these, and their
        addresses."""
        # Differs from Azure: Which edge routers of two circuits have sessions is not documented: here the primary one
        # with the primary one, and the secondary one with the secondary one.
        ends = zip(self.circuit.edge_routers, self.peer.edge_routers, strict=True)
        halves = self.spec.address_prefix.subnets(new_prefix=30)
        return tuple((pair, (half[1], half[2])) for pair, half in zip(ends, halves, strict=True))


@dataclass(frozen=True, eq=False)
class Circuit(End):
    """An ExpressRoute circuit: peerings with a pair of Microsoft's edge routers (R99)."""

    spec: models.Circuit = field(repr=False)
    number: int

    @cached_property
    def customer(self) -> Site | ProviderNetwork:
        """What is at the customer's end: a site, or a provider's network (R117)."""
        if self.spec.site is not None:
            return self.network.sites[self.spec.site]
        return self.network.provider_networks[self.spec.provider_network or ""]

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites that it leads to."""
        return (self.customer,) if isinstance(self.customer, Site) else self.customer.sites

    @cached_property
    def links(self) -> tuple[tuple[Router, Router], ...]:
        """The two links of its private peering, if it has one: the edge router at Microsoft's end, and the customer's
        or the provider's router."""
        return tuple(zip(self.edge_routers, self.ends, strict=True)) if self.edge_routers else ()

    @cached_property
    def microsoft_peering(self) -> MicrosoftPeering | None:
        """Its Microsoft peering, if it has one."""
        spec = self.spec.microsoft_peering
        return MicrosoftPeering(self, spec) if spec is not None else None

    @cached_property
    def edges(self) -> dict[str, tuple[Router, ...]]:
        """The edge routers of each of its peerings, by Azure's name; none where it has no such peering."""
        public = self.microsoft_peering.edges if self.microsoft_peering is not None else ()
        return {"AzurePrivatePeering": self.edge_routers, "MicrosoftPeering": public}

    @cached_property
    def every_edge(self) -> tuple[Router, ...]:
        """The edge routers of all of its peerings: a link of the circuit carries one of each."""
        return tuple(router for edges in self.edges.values() for router in edges)

    @cached_property
    def ends(self) -> tuple[Router, ...]:
        """The customer's or the provider's routers at which its two links end."""
        if not isinstance(self.customer, Site):
            return self.customer.routers
        named = tuple(self.customer.device(name) for name in self.spec.devices)
        devices = named or self.customer.devices[:2]
        return devices if len(devices) == 2 else devices * 2

    @cached_property
    def link_addresses(self) -> tuple[tuple[IPv4Address, IPv4Address], ...]:
        """The addresses at both ends of each link, first the edge router's: the second one of a /30 (R118)."""
        given = (self.spec.primary_peer_address_prefix, self.spec.secondary_peer_address_prefix)
        return tuple(
            (prefix[2], prefix[1]) if prefix is not None else (one.bgp_address, other.bgp_address)
            for prefix, (one, other) in zip(given, self.links, strict=False)
        )

    @property
    def _public_links(self) -> tuple[tuple[Router, Router, IPv4Address], ...]:
        """The links of its Microsoft peering; none without one."""
        return self.microsoft_peering.links if self.microsoft_peering is not None else ()

    @cached_property
    def every_link(self) -> tuple[tuple[Router, Router, IPv4Address], ...]:
        """Its links in each of its peerings: the edge router, the router at the customer's end, and the former's
        address."""
        # Differs from Azure: Each peering of a circuit has the whole bandwidth; on Azure they share that of a link.
        private = zip(self.links, self.link_addresses, strict=True)
        return (
            *((edge, other, address) for (edge, other), (address, _) in private),
            *((edge, other, edge.bgp_address) for edge, other, _ in self._public_links),
        )

    def addresses_of(self, router: Router) -> tuple[IPv4Address, ...]:
        """The addresses that a router at either end of its links has for them."""
        both = zip(self.links, self.link_addresses, strict=True)
        private = (a for ends, pair in both for end, a in zip(ends, pair, strict=True) if end is router)
        public = (a for _, end, a in self._public_links if end is router)
        return (*private, *public, *(own for own, _, _ in self.across(router)))

    def across(self, router: Router) -> tuple[tuple[IPv4Address, Router, IPv4Address], ...]:
        """The links by Global Reach of one of its edge routers: its address, the other circuit's edge router, and the
        address of that one (U25)."""
        return tuple(
            (own, other, address)
            for reach in self.network.global_reach
            for pair, both in reach.links
            for end, other, own, address in ((*pair, *both), (*pair[::-1], *both[::-1]))
            if end is router
        )

    @property
    def rate(self) -> float:
        """The bandwidth of each of its links in kbit/s, as far as the lab limits it; 0 where there is no limit."""
        scale, mbps = self.network.scenario.bandwidth_scale, self.spec.bandwidth_in_mbps
        return mbps * 1000 / scale if scale is not None and mbps is not None else 0

    @cached_property
    def vnets(self) -> dict[VNet, models.CircuitConnection]:
        """The VNets that it is connected to, with the connection's settings."""
        return {self.network.vnets[name]: item for name, item in self.spec.vnets.items()}

    @cached_property
    def edge_routers(self) -> tuple[Router, ...]:
        """Microsoft's edge routers (MSEE) of its private peering: the primary link's, then the secondary's."""
        if self.name not in self.network.scenario.private_peerings:
            return ()
        return tuple(
            Router(
                self,
                edge_router_node(self.name, index),
                index,
                MICROSOFT_ASN,
                address,
                "edge router",
            )
            for index, address in enumerate(self.network.edge_router_addresses[self.name])
        )
