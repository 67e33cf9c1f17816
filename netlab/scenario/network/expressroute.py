"""ExpressRoute: gateways, circuits, and the networks of providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netlab.scenario import addresses, models
from netlab.scenario.network.ends import End, Site
from netlab.scenario.network.routers import EXPRESSROUTE_ASN, MICROSOFT_ASN, Router
from netlab.scenario.nodes import edge_router_node, expressroute_node, provider_edge_node

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
class Circuit(End):
    """An ExpressRoute circuit: a private peering with a pair of Microsoft's edge routers (R99)."""

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
        """Its two links: the edge router at Microsoft's end, and the customer's or the provider's router."""
        return tuple(zip(self.edge_routers, self._ends, strict=True))

    @property
    def _ends(self) -> tuple[Router, ...]:
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
            for prefix, (one, other) in zip(given, self.links, strict=True)
        )

    def addresses_of(self, router: Router) -> tuple[IPv4Address, ...]:
        """The addresses that a router at either end of its links has for them."""
        both = zip(self.links, self.link_addresses, strict=True)
        return tuple(a for ends, pair in both for end, a in zip(ends, pair, strict=True) if end is router)

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
        """Microsoft's edge routers (MSEE): the primary link's, then the secondary's."""
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
