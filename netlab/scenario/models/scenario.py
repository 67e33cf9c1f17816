"""A whole scenario: all objects of a file, by name, and the story."""

from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.models.access import AccessNetwork
from netlab.scenario.models.client import Client
from netlab.scenario.models.connection import Connection
from netlab.scenario.models.expressroute import Circuit, ProviderNetwork, RouteFilter
from netlab.scenario.models.firewall import Firewall, FirewallPolicy
from netlab.scenario.models.link import Delay, Impairment
from netlab.scenario.models.nat_gateway import NatGateway
from netlab.scenario.models.nat_rule import NatMode, NatRule, effective
from netlab.scenario.models.network_security_group import ApplicationSecurityGroup, NetworkSecurityGroup
from netlab.scenario.models.nva import NetworkVirtualAppliance
from netlab.scenario.models.route_table import RouteTable
from netlab.scenario.models.site import LocalNetworkGateway, Site
from netlab.scenario.models.vnet import Peering, VirtualNetwork
from netlab.scenario.story import Step
from netlab.scenario.values import ConnectionName, Day, LabName, Model, Name, Prefixes


class Scenario(Model):
    """A topology in Azure's words, and the story that happens in it."""

    name: LabName
    """The name of the scenario, and of its lab unless another one is given."""
    description: str = ""
    """One or two sentences for `netlab list` and the catalogue."""
    notes: tuple[str, ...] = ()
    """Remarks for the reader of a report."""
    time_scale: Annotated[float, Field(ge=1, le=60)] = 20
    """The lab divides all of Azure's timers by this number. 1 means Azure's own times."""
    bandwidth_scale: Annotated[float, Field(ge=1, le=100_000)] | None = None
    """The lab gives every VPN gateway the throughput of its SKU divided by this number, for all of its tunnels together
    (R119), and likewise each link of a circuit its bandwidth: 100 makes 6.5 Mbit/s of 650. Default: no limit."""
    profile: Literal["current", "seed"] = "current"
    """The documents that count where they differ: the current ones, or the older seeds (section 7)."""
    as_of: Day | None = None
    """The day that counts where Azure has begun or ended something (P4, P5). Default: that of netlab's release; with
    the profile seed, when the seeds were written."""
    route_tables: dict[Name, RouteTable] = {}
    """The route tables, by name."""
    application_security_groups: dict[Name, ApplicationSecurityGroup] = {}
    """The application security groups, by name."""
    network_security_groups: dict[Name, NetworkSecurityGroup] = {}
    """The network security groups, by name."""
    service_tags: dict[str, Prefixes] = {}
    """The prefixes of service tags, as far as service endpoints and security rules need them. netlab brings none along:
    Azure changes them every week."""
    nat_gateways: dict[Name, NatGateway] = {}
    """The NAT gateways, by name. A subnet uses one by its name."""
    firewall_policies: dict[Name, FirewallPolicy] = {}
    """The policies of Azure Firewalls, by name."""
    firewalls: dict[Name, Firewall] = {}
    """The Azure Firewalls, by name."""
    vnets: dict[Name, VirtualNetwork] = {}
    """The virtual networks, by name."""
    peerings: dict[ConnectionName, Peering] = {}
    """The peerings, by name; two for each pair of VNets (R101)."""
    sites: dict[Name, Site] = {}
    """The on-premises sites, by name."""
    expressroute_circuits: dict[Name, Circuit] = {}
    """The ExpressRoute circuits, by name."""
    provider_networks: dict[Name, ProviderNetwork] = {}
    """The networks of connectivity providers (IPVPN), by name."""
    route_filters: dict[Name, RouteFilter] = {}
    """The route filters of Microsoft peerings, by name (R122)."""
    local_network_gateways: dict[ConnectionName, LocalNetworkGateway] = {}
    """The local network gateways, by name. A connection without one gets one with the right values."""
    connections: dict[ConnectionName, Connection] = {}
    """The connections, by name."""
    access_networks: dict[Name, AccessNetwork] = {}
    """The networks of somebody else that clients are in, with a NAT router each, by name."""
    clients: dict[Name, Client] = {}
    """The point-to-site clients, by name."""
    links: dict[Name, Impairment] = {}
    """The impairment of a link to the Internet, by the VNet (its gateway), site or client that has the link, or of both
    links of a circuit, by the circuit."""
    survives: dict[str, tuple[str, ...]] = {}
    """The pairs that must talk whatever single part fails, for `netlab sweep`: by source its targets. A VNet stands for
    its machines, a site for its hosts."""
    region_delays: dict[str, dict[str, Delay]] = {}
    """How long a packet takes from one Azure region to another, and as long back, as `westeurope: {eastus: 40ms}`: in
    tunnels between gateways, over peerings, between public addresses. Default: no delay."""
    story: tuple[Step, ...] = ()
    """The steps of the story, in their order."""

    # --- by name ----------------------------------------------------------------------------------------------------

    @cached_property
    def appliances(self) -> dict[str, tuple[str, str]]:
        """Each appliance by its name VNET-VM, as connections use it: its VNet and its machine."""
        return {
            f"{name}-{vm}": (name, vm)
            for name, vnet in self.vnets.items()
            for vm, machine in vnet.vms.items()
            if machine.nva is not None
        }

    @cached_property
    def private_peerings(self) -> frozenset[str]:
        """The circuits that have a private peering: with a VNet, or with another circuit (U25)."""
        circuits = self.expressroute_circuits.items()
        joined = (
            end for name, item in circuits for to in item.global_reach.values() for end in (name, to.peer_circuit)
        )
        return frozenset((*joined, *(name for name, item in circuits if item.vnets)))

    def appliance(self, end: str) -> NetworkVirtualAppliance:
        """The appliance of this name."""
        vnet, vm = self.appliances[end]
        nva = self.vnets[vnet].vms[vm].nva
        assert nva is not None
        return nva

    def static_routes(self, end: str) -> dict[str, tuple[IPv4Network, ...]]:
        """The prefixes that the device of a site or an appliance sends into tunnels, by connection."""
        return (self.sites[end] if end in self.sites else self.appliance(end)).static_routes

    def prefixes_of(self, end: str) -> tuple[IPv4Network, ...]:
        """The prefixes of an end of a connection: the address space of a VNet, also an appliance's, or a site's."""
        if end in self.sites:
            return self.sites[end].address_prefixes
        vnet, _ = self.appliances.get(end, (end, ""))
        return self.vnets[vnet].address_space

    def public_address_of(self, site: str, device: str | None) -> IPv4Address | None:
        """The public address that the file gives a site's device, or the NAT before it."""
        spec = self.sites[site]
        if spec.behind in self.access_networks:
            return self.access_networks[spec.behind].public_ip_address
        return spec.devices[device].public_ip_address if device in spec.devices else spec.public_ip_address

    def local_network_gateway(self, connection: str, vnet: str) -> LocalNetworkGateway:
        """The local network gateway that describes the other end of a connection to the gateway of a VNet.

        The named local network gateway, or an implied one: the other VNet's address space (the hidden one of a
        Vnet2Vnet connection, R75, never holds its P2S pool or its spokes), that of an appliance's VNet, or the site's
        prefixes; none if the connection has BGP (B11). Its prefixes are those after NAT (T12).
        """
        found = self._local_network_gateway(self.connections[connection], vnet)
        rules = self.nat_rules(connection, vnet, "IngressSnat")
        prefixes = effective(found.address_prefixes, rules)
        return found.model_copy(update={"address_prefixes": prefixes}) if rules else found

    def _local_network_gateway(self, item: Connection, vnet: str) -> LocalNetworkGateway:
        named = item.local_network_gateways.get(vnet)
        if named is not None:
            return self.local_network_gateways[named]
        other = item.other(vnet)
        space = () if item.enable_bgp else self.prefixes_of(other)
        if other in self.sites:
            return LocalNetworkGateway(site=other, address_prefixes=space, bgp=self.sites[other].bgp)
        kind = "nva" if other in self.appliances else "vnet"
        return LocalNetworkGateway.model_validate({kind: other, "address_prefixes": space})

    def nat_rules(self, connection: str, vnet: str, mode: NatMode) -> tuple[NatRule, ...]:
        """The NAT rules of a VNet's gateway that a connection names, of one mode."""
        gateway, settings = self.vnets[vnet].vpn_gateway, self.connections[connection].settings(vnet)
        names = settings.ingress_nat_rules if mode == "IngressSnat" else settings.egress_nat_rules
        known = gateway.nat_rules if gateway is not None else {}
        return tuple(known[name] for name in dict.fromkeys(names) if name in known and known[name].mode == mode)

    def route_table(self, vnet: str, subnet: str) -> RouteTable:
        """The route table of a subnet; an empty one if the subnet has none, or one that does not exist."""
        name = self.vnets[vnet].subnets[subnet].route_table
        return self.route_tables.get(name or "", RouteTable())

    # --- by what they join ------------------------------------------------------------------------------------------

    def connections_of(self, end: str) -> tuple[tuple[str, Connection], ...]:
        """The connections of this VNet, site or appliance, in the file's order."""
        return self._connections_by_end.get(end, ())

    @cached_property
    def _connections_by_end(self) -> dict[str, tuple[tuple[str, Connection], ...]]:
        found: dict[str, list[tuple[str, Connection]]] = {}
        for name, item in self.connections.items():
            for end in dict.fromkeys(item.between):
                found.setdefault(end, []).append((name, item))
        return {end: tuple(items) for end, items in found.items()}

    def clients_of(self, vnet: str) -> tuple[str, ...]:
        """The point-to-site clients of a VNet's gateway."""
        return self._clients_by_gateway.get(vnet, ())

    @cached_property
    def _clients_by_gateway(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name, client in self.clients.items():
            for vnet in dict.fromkeys(client.gateways):
                found.setdefault(vnet, []).append(name)
        return {vnet: tuple(names) for vnet, names in found.items()}

    # --- peerings ---------------------------------------------------------------------------------------------------

    def peering(self, vnet: str, remote: str) -> Peering | None:
        """The peering object from one VNet to another; of several the first."""
        return self._peering_by_pair.get((vnet, remote))

    @cached_property
    def _peering_by_pair(self) -> dict[tuple[str, str], Peering]:
        return {(item.vnet, item.remote_vnet): item for item in reversed(self.peerings.values())}

    def peered(self, vnet: str) -> tuple[tuple[Peering, Peering], ...]:
        """The connected peerings of a VNet: its own object and the remote one (R101)."""
        return self._peered_by_vnet.get(vnet, ())

    @cached_property
    def _peered_by_vnet(self) -> dict[str, tuple[tuple[Peering, Peering], ...]]:
        found: dict[str, list[tuple[Peering, Peering]]] = {}
        for mine in self.peerings.values():
            theirs = self.peering(mine.remote_vnet, mine.vnet)
            if theirs is not None:
                found.setdefault(mine.vnet, []).append((mine, theirs))
        return {vnet: tuple(pairs) for vnet, pairs in found.items()}

    def spokes(self, vnet: str) -> tuple[str, ...]:
        """The VNets that use this VNet's gateway through a connected peering (R103)."""
        return tuple(mine.remote_vnet for mine, theirs in self.peered(vnet) if _lends_gateway(mine, theirs))

    def gateway_for(self, vnet: str) -> str | None:
        """The VNet whose gateway or Route Server serves this VNet: itself, or the one that it uses by a peering."""
        own = self.vnets[vnet]
        if (own.vpn_gateway, own.expressroute_gateway, own.route_server) != (None, None, None):
            return vnet
        return next((mine.remote_vnet for mine, theirs in self.peered(vnet) if _lends_gateway(theirs, mine)), None)


def _lends_gateway(mine: Peering, theirs: Peering) -> bool:
    """Whether the VNet of the second object uses the gateway of the VNet of the first one (R103)."""
    return mine.allow_gateway_transit and theirs.use_remote_gateways
