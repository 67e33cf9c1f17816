"""What routers belong to: VPN gateways, sites, appliances and Route Servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Literal

from netlab.scenario import addresses, models
from netlab.scenario.models import node_name
from netlab.scenario.network.routers import ROUTE_SERVER_ASN, Router
from netlab.scenario.nodes import device_node, instance_node, route_server_node

if TYPE_CHECKING:
    from netlab.scenario.network.access import AccessNetwork
    from netlab.scenario.network.clients import Client
    from netlab.scenario.network.connections import Side
    from netlab.scenario.network.expressroute import Circuit, MicrosoftPeering, ProviderNetwork
    from netlab.scenario.network.graph import Network
    from netlab.scenario.network.machines import Nic
    from netlab.scenario.network.vnets import VNet

# R119, in Mbit/s: of Generation1, where a SKU has two.
THROUGHPUT = {
    "Basic": 100,
    "Standard": 100,
    "HighPerformance": 200,
    "VpnGw1": 650,
    "VpnGw2": 1000,
    "VpnGw3": 1250,
    "VpnGw4": 5000,
    "VpnGw5": 10_000,
}


@dataclass(frozen=True, eq=False)
class End:
    """What routers belong to; ``name`` is the one that the file uses."""

    network: Network = field(repr=False)
    name: str

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """Its sides of the connections that end at it, in the file's order."""
        return self.network.sides_of.get(self.name, ())


@dataclass(frozen=True, eq=False)
class VpnGateway(End):
    """The VPN gateway of a VNet: two instances, one of them on standby unless it is active-active (R7, R10)."""

    vnet: VNet = field(repr=False)
    spec: models.VpnGateway = field(repr=False)
    role: Literal["gateway"] = "gateway"

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the file."""
        return "vnets", self.name, "vpn_gateway"

    @cached_property
    def instances(self) -> tuple[Router, Router]:
        """Both instances; those of an active-standby gateway share the BGP address (R7)."""
        return self._instance(0), self._instance(1)

    def _instance(self, index: int) -> Router:
        address = addresses.gateway_bgp_addresses(self.vnet.spec)[index]
        apipa = addresses.gateway_apipa_addresses(self.vnet.spec)[index]
        return Router(self, instance_node(self.name, index), index, self.asn, address, "gateway", self.vnet, apipa)

    @cached_property
    def apipa_addresses(self) -> frozenset[IPv4Address]:
        """The APIPA addresses of its instances (B35)."""
        return frozenset(address for router in self.instances for address in router.tunnel_addresses)

    def instance_addresses(self, router: Router) -> tuple[IPv4Address, ...]:
        """The addresses of an instance in GatewaySubnet: its own and its BGP address."""
        own = addresses.gateway_instances(self.vnet.spec)[router.index]
        return tuple(dict.fromkeys((own, router.bgp_address)))

    @property
    def asn(self) -> int:
        """Its ASN: 65515 unless given (B2)."""
        return self.spec.bgp.asn if self.spec.bgp is not None else addresses.DEFAULT_ASN

    @property
    def bgp_address(self) -> IPv4Address:
        """The BGP address of its first instance."""
        return self.instances[0].bgp_address

    @property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """What is behind it: the VNet's address space."""
        return self.vnet.address_space

    @property
    def active_active(self) -> bool:
        """Whether both instances are active (R10)."""
        return self.spec.active_active

    @property
    def policy_based(self) -> bool:
        """Whether its selectors are policies (R20)."""
        return self.spec.vpn_type == "PolicyBased"

    @property
    def throughput(self) -> float:
        """What all of its tunnels share, point-to-site ones included, in kbit/s (R119); 0 where there is no limit.

        Differs from Azure: A gateway has the throughput of its SKU in each direction, and each instance of an
        active-active one has half of it; Azure's documents give one number for a gateway. After a failover the lab does
        not limit the instance that takes over.
        """
        scale = self.network.scenario.bandwidth_scale
        if scale is None:
            return 0
        whole = THROUGHPUT[self.spec.sku.removesuffix("AZ")] * 1000 / scale
        return whole / 2 if self.active_active else whole

    @property
    def point_to_site(self) -> models.PointToSite | None:
        """Its point-to-site configuration, if it serves clients."""
        return self.spec.point_to_site

    @property
    def client_settings(self) -> models.PointToSite:
        """The same of a gateway that serves clients."""
        assert self.point_to_site is not None
        return self.point_to_site

    @property
    def clients(self) -> tuple[Client, ...]:
        """The point-to-site clients that connect to it, in the file's order."""
        return self.network.clients_of.get(self, ())

    def on_duty(self, second_is_active: bool) -> tuple[Router, ...]:
        """The instances at which tunnels end."""
        return self.instances if self.active_active else (self.instances[int(second_is_active)],)


@dataclass(frozen=True, eq=False)
class Site(End):
    """An on-premises network: hosts behind a VPN device, or several devices with a router before them (R73)."""

    spec: models.Site = field(repr=False)
    role: Literal["site"] = "site"

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the file."""
        return "sites", self.name

    @cached_property
    def node(self) -> str:
        """The node of its one device, or of the router before several."""
        return node_name(self.name)

    @cached_property
    def devices(self) -> tuple[Router, ...]:
        """Its VPN devices: the one that is the site's own node, or several."""
        if not self.spec.devices:
            address, of_tunnels = addresses.site_bgp_address(self.spec), addresses.tunnel_bgp_addresses(self.spec.bgp)
            return (Router(self, self.node, 0, self.asn, address, "device", tunnel_addresses=of_tunnels),)
        return tuple(
            Router(
                self,
                device_node(self.name, name),
                index,
                self.asn,
                addresses.device_bgp_address(self.spec, name),
                "device",
                tunnel_addresses=addresses.tunnel_bgp_addresses(device),
            )
            for index, (name, device) in enumerate(self.spec.devices.items())
        )

    @cached_property
    def before_devices(self) -> Router | None:
        """The router between its hosts and its several devices, if it has several."""
        if not self.spec.devices:
            return None
        address = addresses.router_bgp_address(self.spec)
        return Router(self, self.node, len(self.devices), self.asn, address, "before devices")

    @cached_property
    def hosts(self) -> tuple[Host, ...]:
        """Its hosts, in the file's order."""
        return tuple(Host(self, name, address) for name, address in self.spec.hosts.items())

    @cached_property
    def upstream(self) -> AccessNetwork | None:
        """The access network that its device is in; None on the Internet."""
        return self.network.access_networks[self.spec.behind] if self.spec.behind is not None else None

    def device(self, name: str | None) -> Router:
        """The device of this name; the first one without a name."""
        return self.devices[list(self.spec.devices).index(name) if name is not None else 0]

    @property
    def asn(self) -> int:
        """The ASN of its devices, 0 where it has no BGP."""
        return self.spec.bgp.asn if self.spec.bgp is not None else 0

    @property
    def bgp_address(self) -> IPv4Address:
        """The BGP address of its first device."""
        return self.devices[0].bgp_address

    @property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """What is behind its devices."""
        return self.spec.address_prefixes

    @property
    def announces(self) -> tuple[IPv4Network, ...]:
        """What its devices advertise by BGP at first."""
        return self.spec.announces if self.spec.announces is not None else self.prefixes

    @property
    def static_routes(self) -> dict[str, tuple[IPv4Network, ...]]:
        """The prefixes that its devices are set to send into a connection, by its name."""
        return self.spec.static_routes

    @cached_property
    def circuits(self) -> tuple[Circuit, ...]:
        """The circuits that end at it, or at a provider's network that it is in."""
        return tuple(circuit for circuit in self.network.circuits.values() if self in circuit.sites)

    @cached_property
    def microsoft_peerings(self) -> tuple[MicrosoftPeering, ...]:
        """The Microsoft peerings of the circuits that end at it."""
        found = (circuit.microsoft_peering for circuit in self.circuits)
        return tuple(peering for peering in found if peering is not None)

    @cached_property
    def public_prefixes(self) -> tuple[IPv4Network, ...]:
        """The public prefixes that Microsoft accepts from it over these peerings, in their order."""
        return tuple(prefix for peering in self.microsoft_peerings for prefix in peering.advertised)

    @cached_property
    def provider_networks(self) -> tuple[ProviderNetwork, ...]:
        """The networks of providers that it is in."""
        return tuple(found for found in self.network.provider_networks.values() if self in found.sites)

    @cached_property
    def appliances(self) -> tuple[Appliance, ...]:
        """The appliances that it has a BGP session with, without a tunnel (an SD-WAN)."""
        return tuple(a for a in self.network.appliances.values() if self in a.sites)

    def on_duty(self, second_is_active: bool) -> tuple[Router, ...]:
        """Its devices."""
        del second_is_active
        return self.devices


@dataclass(frozen=True, eq=False)
class Host:
    """A host of a site."""

    site: Site = field(repr=False)
    name: str
    address: IPv4Address

    @cached_property
    def node(self) -> str:
        """Its node."""
        return node_name(self.site.name, self.name)


@dataclass(frozen=True, eq=False)
class Appliance(End):
    """A virtual machine that forwards; its name is VNET-VM."""

    nic: Nic = field(repr=False)
    spec: models.NetworkVirtualAppliance = field(repr=False)
    role: Literal["appliance"] = "appliance"

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the file."""
        return self.nic.machine.appliance_path

    @property
    def vnet(self) -> VNet:
        """The VNet that it is in."""
        return self.nic.vnet

    @cached_property
    def router(self) -> Router:
        """The router that it is; its BGP address is that of its primary NIC."""
        index = list(self.vnet.spec.vms).index(self.nic.machine.name)
        return Router(self, self.nic.node, index, self.asn, self.nic.address, "appliance", self.vnet)

    @property
    def bgp(self) -> models.NvaBgp | None:
        """Its BGP settings, if it speaks BGP."""
        return self.spec.bgp

    @property
    def is_vpn_server(self) -> bool:
        """Whether connections end at it (R90)."""
        return bool(self.sides)

    @property
    def asn(self) -> int:
        """Its ASN, 0 where it has no BGP."""
        return self.bgp.asn if self.bgp is not None else 0

    @property
    def bgp_address(self) -> IPv4Address:
        """The address of its primary NIC."""
        return self.nic.address

    @property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """What is behind it: its VNet's address space."""
        return self.vnet.address_space

    @property
    def static_routes(self) -> dict[str, tuple[IPv4Network, ...]]:
        """The prefixes that it is set to send into a connection, by its name."""
        return self.spec.static_routes

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites that it has BGP sessions with, without a tunnel (an SD-WAN)."""
        return tuple(self.network.sites[name] for name in (self.bgp.sites if self.bgp is not None else ()))

    @cached_property
    def route_server(self) -> RouteServer | None:
        """The Route Server that it peers with: its own VNet's, or that of a peered one (A45)."""
        if self.bgp is None:
            return None
        named = self.bgp.route_server
        return (self.network.vnets[named] if named is not None else self.vnet).route_server

    @cached_property
    def remote_appliances(self) -> tuple[Appliance, ...]:
        """The appliances of peered VNets with which it opens BGP sessions."""
        return tuple(self.network.appliances[name] for name in (self.bgp.appliances if self.bgp is not None else ()))

    @cached_property
    def bgp_neighbors(self) -> tuple[Appliance, ...]:
        """The appliances of peered VNets with which it has BGP sessions, whichever opens them."""
        found = self.network.bgp_appliances
        return tuple(other for other in found if other in self.remote_appliances or self in other.remote_appliances)

    @cached_property
    def addresses_by_fabric(self) -> tuple[IPv4Address, ...]:
        """The addresses that it always reaches through its VNet: its BGP peers', and next hops of theirs (A5)."""
        server = self.route_server
        vnets = dict.fromkeys((self.vnet, *((server.vnet,) if server is not None else ())))
        beside = (*self.vnet.appliances, *(server.appliances if server is not None else ()))
        further = [a for a in beside if a.bgp is not None and a is not self]
        hops = (a.bgp.next_hop for a in further if a.bgp is not None)
        speakers = (
            router.bgp_address
            for vnet in vnets
            for end in (vnet.route_server, vnet.vpn_gateway, vnet.expressroute_gateway)
            for router in (end.instances if end is not None else ())
        )
        found = (
            *(a.bgp_address for a in further),
            *(hop for hop in hops if hop is not None and hop != self.bgp_address),
            *speakers,
            *(a.bgp_address for a in self.bgp_neighbors),
        )
        return tuple(dict.fromkeys(found))

    def on_duty(self, second_is_active: bool) -> tuple[Router, ...]:
        """Itself, also while it is stopped."""
        del second_is_active
        return (self.router,)


@dataclass(frozen=True, eq=False)
class RouteServer(End):
    """The Route Server of a VNet (A3, A4)."""

    vnet: VNet = field(repr=False)
    spec: models.RouteServer = field(repr=False)

    @cached_property
    def appliances(self) -> tuple[Appliance, ...]:
        """The appliances that peer with it, of its VNet and of peered ones."""
        return tuple(appliance for appliance in self.network.bgp_appliances if appliance.route_server is self)

    @cached_property
    def instances(self) -> tuple[Router, ...]:
        """Its two instances."""
        both = enumerate(addresses.route_server_instances(self.vnet.spec))
        return tuple(
            Router(self, route_server_node(self.name, i), i, ROUTE_SERVER_ASN, address, "route server", self.vnet)
            for i, address in both
        )
