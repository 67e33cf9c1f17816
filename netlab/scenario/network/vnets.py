"""VNets with their subnets, NICs and peerings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.addresses import GATEWAY_SUBNET, private_endpoint_addresses, subnet_gateway
from netlab.scenario.models import HubRoutingPreference, node_name
from netlab.scenario.models.endpoint import SERVICE_TAGS
from netlab.scenario.network.ends import Appliance, RouteServer, VpnGateway
from netlab.scenario.network.expressroute import Circuit, ExpressRouteGateway
from netlab.scenario.network.firewalls import Firewall
from netlab.scenario.network.load_balancers import Frontend, LoadBalancer
from netlab.scenario.network.machines import Machine, Nic
from netlab.scenario.nodes import backbone_node, region_name

if TYPE_CHECKING:
    from netlab.scenario.network.graph import Network
    from netlab.scenario.network.routers import Router

_NO_ROUTE_TABLE = models.RouteTable()


@dataclass(frozen=True, eq=False)
class VNet:
    """A VNet: its subnets, its NICs, its gateways and its Route Server, and the peerings that are connected."""

    network: Network = field(repr=False)
    name: str
    spec: models.VirtualNetwork = field(repr=False)

    @cached_property
    def node(self) -> str:
        """The node of its fabric."""
        return node_name(self.name)

    @property
    def address_space(self) -> tuple[IPv4Network, ...]:
        """Its own prefixes."""
        return self.spec.address_space

    @cached_property
    def region(self) -> str:
        """Its Azure region as Azure's API writes it: `West Europe` is westeurope; empty where the file gives none."""
        return region_name(self.spec.region)

    @cached_property
    def backbone(self) -> str:
        """The node of Microsoft's backbone that its public addresses are at (R80)."""
        return backbone_node(self.region)

    @cached_property
    def subnets(self) -> dict[str, Subnet]:
        """Its subnets, by name, in the file's order."""
        return {name: Subnet(self, name, spec) for name, spec in self.spec.subnets.items()}

    @cached_property
    def machines(self) -> tuple[Machine, ...]:
        """Its virtual machines whose NICs have addresses, in the file's order."""
        found = (Machine(self, name, spec) for name, spec in self.spec.vms.items())
        return tuple(machine for machine in found if machine.nics)

    @cached_property
    def nics(self) -> tuple[Nic, ...]:
        """The NICs of its virtual machines, in the file's order; of each machine the primary one first."""
        return tuple(nic for machine in self.machines for nic in machine.nics)

    @cached_property
    def private_endpoints(self) -> tuple[PrivateEndpoint, ...]:
        """Its private endpoints, in the file's order."""
        found = private_endpoint_addresses(self.spec)
        return tuple(
            PrivateEndpoint(self, name, self.subnets[spec.subnet], found[name], spec)
            for name, spec in self.spec.private_endpoints.items()
            if name in found
        )

    @cached_property
    def firewalls(self) -> tuple[Firewall, ...]:
        """Its Azure Firewall, if it has one: there is one for a subnet (F1)."""
        return tuple(firewall for firewall in self.network.firewalls.values() if firewall.vnet is self)

    @cached_property
    def senders(self) -> tuple[Nic | Firewall, ...]:
        """What sends by the routes of its subnet: the NICs of virtual machines, and the Azure Firewall."""
        return (*self.nics, *self.firewalls)

    @cached_property
    def interfaces(self) -> tuple[Nic | PrivateEndpoint | Firewall, ...]:
        """The NICs of its virtual machines, and those of its private endpoints and its Azure Firewall."""
        return (*self.nics, *self.private_endpoints, *self.firewalls)

    @cached_property
    def public_pairs(self) -> tuple[tuple[IPv4Address, IPv4Address], ...]:
        """The private addresses that have a public one, each with it."""
        public = self.network.public.machines
        of_nics = ((nic.address, public[nic.link]) for nic in self.nics if nic.link in public)
        return (*of_nics, *((firewall.instance, firewall.public_address) for firewall in self.firewalls))

    @cached_property
    def nic_at(self) -> dict[IPv4Address, Nic | Firewall]:
        """Its NICs and its Azure Firewall by their private addresses."""
        return {address: nic for nic in self.senders for address in nic.addresses}

    @cached_property
    def load_balancers(self) -> tuple[LoadBalancer, ...]:
        """Its load balancers, in the file's order."""
        return tuple(LoadBalancer(self, name, spec) for name, spec in self.spec.load_balancers.items())

    @cached_property
    def frontend_at(self) -> dict[IPv4Address, Frontend]:
        """The frontends of its load balancers by their addresses."""
        return {found.address: found for balancer in self.load_balancers for found in balancer.frontends}

    @cached_property
    def next_hops(self) -> tuple[Nic | Firewall, ...]:
        """The NICs that may be next hops: of appliances, those that a user route names whatever they are, itself or by
        the frontend of a load balancer (L6), and the Azure Firewall's."""
        named = self.network.named_next_hops
        rules = (found.for_all_ports for address, found in self.frontend_at.items() if address in named)
        members = {nic for rule in rules if rule is not None for nic in rule.members}
        nics = (n for n in self.nics if n.machine.forwards or named.intersection(n.addresses) or n in members)
        return (*nics, *self.firewalls)

    @cached_property
    def appliances(self) -> tuple[Appliance, ...]:
        """The appliances among its virtual machines."""
        return tuple(machine.appliance for machine in self.machines if machine.appliance is not None)

    # --- gateways ---------------------------------------------------------------------------------------------------

    @cached_property
    def vpn_gateway(self) -> VpnGateway | None:
        """Its VPN gateway, if it has one."""
        spec = self.spec.vpn_gateway
        return VpnGateway(self.network, self.name, self, spec) if spec is not None else None

    @cached_property
    def expressroute_gateway(self) -> ExpressRouteGateway | None:
        """Its ExpressRoute gateway, if it has one."""
        spec = self.spec.expressroute_gateway
        return ExpressRouteGateway(self.network, self.name, self, spec) if spec is not None else None

    @cached_property
    def route_server(self) -> RouteServer | None:
        """Its Route Server, if it has one."""
        spec = self.spec.route_server
        return RouteServer(self.network, self.name, self, spec) if spec is not None else None

    @property
    def branch_to_branch(self) -> bool:
        """Whether its Route Server exchanges routes with its gateways (A23)."""
        return self.spec.branch_to_branch

    @property
    def hub_routing_preference(self) -> HubRoutingPreference:
        """Which gateway's routes win of equal prefixes: as its Route Server says, else ExpressRoute's (A27, R94)."""
        server = self.route_server
        return server.spec.hub_routing_preference if server is not None else "ExpressRoute"

    @cached_property
    def circuits(self) -> tuple[Circuit, ...]:
        """The circuits that its ExpressRoute gateway is connected to, in the file's order."""
        return tuple(circuit for circuit in self.network.circuits.values() if self in circuit.vnets)

    @cached_property
    def fast_paths(self) -> tuple[Router, ...]:
        """The edge routers of circuits that send what is for its own address space past its gateway (U23)."""
        fast = (circuit for circuit in self.circuits if circuit.vnets[self].express_route_gateway_bypass)
        return tuple(router for circuit in fast for router in circuit.edge_routers)

    @property
    def fast_path_address(self) -> IPv4Address:
        """The address of its fabric on the links to these edge routers: the default router of GatewaySubnet (R18)."""
        return subnet_gateway(self.subnets[GATEWAY_SUBNET].prefix)

    # --- peerings ---------------------------------------------------------------------------------------------------

    @cached_property
    def peerings(self) -> tuple[Peering, ...]:
        """Its side of each connected peering: both VNets have an object for it (R101)."""
        return tuple(p for p in self.network.peerings_from.get(self.name, ()) if p.theirs is not None)

    @cached_property
    def peering_to(self) -> dict[VNet, Peering]:
        """Its connected peerings by the VNet at the other side."""
        return {peering.remote: peering for peering in self.peerings}

    @cached_property
    def spokes(self) -> tuple[VNet, ...]:
        """The VNets that use this VNet's gateway through a connected peering (R103)."""
        return tuple(p.remote for p in self.peerings if p.lends_gateway)

    @cached_property
    def serving(self) -> VNet | None:
        """The VNet whose gateway or Route Server serves this VNet: itself, or the one that it may use by peering."""
        own = (self.spec.vpn_gateway, self.spec.expressroute_gateway, self.spec.route_server)
        if own != (None, None, None):
            return self
        return next((p.remote for p in self.peerings if p.theirs is not None and p.theirs.lends_gateway), None)

    @cached_property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """The prefixes that its gateways hold for their own: the VNet's and its transit spokes' (B18, B22), of a spoke
        with peered subnets these (U15)."""
        of_spokes = (prefix for peering in self.peerings if peering.lends_gateway for prefix in peering.prefixes)
        return (*self.address_space, *of_spokes)

    @cached_property
    def advertised_prefixes(self) -> tuple[IPv4Network, ...]:
        """What its gateways advertise of these: a summary takes the place of the VNet's own, and of what it covers of
        its spokes (U16, U17)."""
        given = self.spec.summarized_gateway_prefixes
        if given is None:
            return self.prefixes
        # U18, unconfirmed: VPN gateways advertise the summary as ExpressRoute's do.
        summary = given.address_prefixes
        of_spokes = (prefix for prefix in self.prefixes if prefix not in self.address_space)
        return (*summary, *(prefix for prefix in of_spokes if not any(map(prefix.subnet_of, summary))))


@dataclass(frozen=True, eq=False)
class Subnet:
    """A subnet of a VNet, with its route table if it has one."""

    vnet: VNet = field(repr=False)
    name: str
    spec: models.Subnet = field(repr=False)

    @property
    def prefix(self) -> IPv4Network:
        """Its address prefix."""
        return self.spec.address_prefix

    @property
    def route_table(self) -> models.RouteTable:
        """Its route table; an empty one where it has none."""
        name = self.spec.route_table
        return self.vnet.network.scenario.route_tables[name] if name is not None else _NO_ROUTE_TABLE

    @property
    def security_group(self) -> SecurityGroup | None:
        """Its network security group, if it has one."""
        return self.vnet.network.security_groups.get(self.spec.network_security_group or "")

    @property
    def nat_address(self) -> IPv4Address | None:
        """The public address of its NAT gateway, if it has one."""
        return self.vnet.network.public.nat_gateways.get(self.spec.nat_gateway or "")

    @property
    def services(self) -> tuple[tuple[str, IPv4Network], ...]:
        """The services that it reaches by service endpoints, each with each of its prefixes (E15)."""
        tags = self.vnet.network.scenario.service_tags
        named = ((service, SERVICE_TAGS[service]) for service in self.spec.service_endpoints)
        return tuple((service, prefix) for service, tag in named for prefix in tags.get(tag, ()))

    @property
    def has_way_out(self) -> bool:
        """Whether machines without a public address have one to send to the Internet with (E19, E24)."""
        return self.spec.default_outbound_access or self.nat_address is not None

    @property
    def serving(self) -> VNet | None:
        """The VNet whose gateway's routes are in this subnet: none where propagation is off (5.1, item 6)."""
        return None if self.route_table.disable_bgp_route_propagation else self.vnet.serving


@dataclass(frozen=True, eq=False)
class PrivateEndpoint:
    """A private endpoint: the address in a subnet under which a service is reached."""

    vnet: VNet = field(repr=False)
    name: str
    subnet: Subnet = field(repr=False)
    address: IPv4Address
    spec: models.PrivateEndpoint = field(repr=False)

    @cached_property
    def node(self) -> str:
        """The node that answers for the service."""
        return node_name(self.vnet.name, self.name)

    @property
    def link(self) -> str:
        """The link of its VNet to it."""
        return self.node

    @property
    def label(self) -> str:
        """The name of its NIC in the lab."""
        return self.node

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """Its addresses."""
        return (self.address,)

    @property
    def range(self) -> IPv4Network:
        """The address range of its VNet that it is in."""
        return next(prefix for prefix in self.vnet.address_space if self.address in prefix)

    @property
    def security_groups(self) -> tuple[SecurityGroup, ...]:
        """The network security group that packets to it meet: its subnet's, if its policies say so (E4, E5)."""
        enabled = self.subnet.spec.private_endpoint_network_policies in ("NetworkSecurityGroupEnabled", "Enabled")
        group = self.subnet.security_group
        return (group,) if enabled and group is not None else ()

    @property
    def obeys_shorter_routes(self) -> bool:
        """Whether user routes shorter than a /32 may lead its clients elsewhere (E6)."""
        return self.subnet.spec.private_endpoint_network_policies in ("RouteTableEnabled", "Enabled")


@dataclass(frozen=True, eq=False)
class SecurityGroup:
    """A network security group."""

    name: str
    spec: models.NetworkSecurityGroup = field(repr=False)


@dataclass(frozen=True, eq=False)
class Peering:
    """One side of a VNet peering: the object that ``vnet`` has for ``remote``."""

    name: str
    spec: models.Peering
    vnet: VNet = field(repr=False)
    remote: VNet = field(repr=False)

    @cached_property
    def theirs(self) -> Peering | None:
        """The object of the other side; without it the peering is only initiated (R101)."""
        return next(
            (p for p in self.vnet.network.peerings_from.get(self.remote.name, ()) if p.remote is self.vnet), None
        )

    @cached_property
    def remote_address_space(self) -> tuple[IPv4Network, ...]:
        """The address space of the remote VNet as of the last sync (R111)."""
        held = self.spec.remote_address_space
        return held if held is not None else self.remote.address_space

    @cached_property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """The prefixes of the remote VNet that it leads to: all, or those of the remote subnets that it names (U12)."""
        return self.remote_address_space if self.spec.peer_complete_vnets else tuple(self._of_subnets)

    @property
    def _of_subnets(self) -> Iterator[IPv4Network]:
        found = (self.remote.subnets[name].prefix for name in self.spec.remote_subnet_names)
        return (prefix for prefix in found if any(map(prefix.subnet_of, self.remote_address_space)))

    @property
    def lends_gateway(self) -> bool:
        """Whether the remote VNet uses this VNet's gateway (R103)."""
        theirs = self.theirs
        return self.spec.allow_gateway_transit and theirs is not None and theirs.spec.use_remote_gateways
