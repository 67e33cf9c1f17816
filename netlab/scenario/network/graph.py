"""The network as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address

from netlab.scenario.addresses import backbone_routers, edge_routers, provider_edges
from netlab.scenario.models import Scenario
from netlab.scenario.names import resolve as resolve_name
from netlab.scenario.network.access import AccessNetwork
from netlab.scenario.network.clients import Client, ClientTunnel
from netlab.scenario.network.connections import AnyEnd, Connection, Side
from netlab.scenario.network.ends import Appliance, RouteServer, Site, VpnGateway
from netlab.scenario.network.expressroute import (
    Backbone,
    Circuit,
    ExpressRouteGateway,
    GlobalReach,
    MicrosoftPeering,
    ProviderNetwork,
)
from netlab.scenario.network.firewalls import Firewall
from netlab.scenario.network.load_balancers import Frontend
from netlab.scenario.network.machines import Machine, Nic
from netlab.scenario.network.public import PublicAddresses, assign
from netlab.scenario.network.routers import Router
from netlab.scenario.network.vnets import Peering, PrivateEndpoint, SecurityGroup, VNet
from netlab.scenario.nodes import region_name


@dataclass(frozen=True, eq=False)
class Network:
    """All objects of a scenario, by their names, in the file's order."""

    scenario: Scenario = field(repr=False)

    @cached_property
    def vnets(self) -> dict[str, VNet]:
        """The VNets."""
        return {name: VNet(self, name, spec) for name, spec in self.scenario.vnets.items()}

    @cached_property
    def sites(self) -> dict[str, Site]:
        """The sites."""
        return {name: Site(self, name, spec) for name, spec in self.scenario.sites.items()}

    @cached_property
    def circuits(self) -> dict[str, Circuit]:
        """The ExpressRoute circuits."""
        items = enumerate(self.scenario.expressroute_circuits.items())
        return {name: Circuit(self, name, spec, number) for number, (name, spec) in items}

    @cached_property
    def global_reach(self) -> tuple[GlobalReach, ...]:
        """The connections between circuits (U25)."""
        both = (
            (circuit, name, to) for circuit in self.circuits.values() for name, to in circuit.spec.global_reach.items()
        )
        return tuple(GlobalReach(name, to, circuit, self.circuits[to.peer_circuit]) for circuit, name, to in both)

    @cached_property
    def provider_networks(self) -> dict[str, ProviderNetwork]:
        """The networks of connectivity providers."""
        return {name: ProviderNetwork(self, name, spec) for name, spec in self.scenario.provider_networks.items()}

    @cached_property
    def connections(self) -> dict[str, Connection]:
        """The connections."""
        return {name: Connection(self, name, spec) for name, spec in self.scenario.connections.items()}

    @cached_property
    def access_networks(self) -> dict[str, AccessNetwork]:
        """The access networks."""
        return {name: AccessNetwork(self, name, spec) for name, spec in self.scenario.access_networks.items()}

    @cached_property
    def clients(self) -> dict[str, Client]:
        """The point-to-site clients."""
        return {name: Client(self, name, spec) for name, spec in self.scenario.clients.items()}

    @cached_property
    def security_groups(self) -> dict[str, SecurityGroup]:
        """The network security groups."""
        groups = self.scenario.network_security_groups
        return {name: SecurityGroup(name, spec) for name, spec in groups.items()}

    @cached_property
    def members(self) -> dict[str, tuple[Nic, ...]]:
        """The NICs of each application security group."""
        found: dict[str, list[Nic]] = {name: [] for name in self.scenario.application_security_groups}
        for nic in self.nics.values():
            for name in nic.spec.application_security_groups:
                found[name].append(nic)
        return {name: tuple(nics) for name, nics in found.items()}

    @cached_property
    def appliances(self) -> dict[str, Appliance]:
        """The appliances that have an address, by VNET-VM."""
        return {found.name: found for vnet in self.vnets.values() for found in vnet.appliances}

    @cached_property
    def nics(self) -> dict[str, Nic]:
        """Every NIC of a virtual machine, by its name in the lab."""
        return {nic.label: nic for vnet in self.vnets.values() for nic in vnet.nics}

    def nics_of(self, name: str) -> tuple[Nic, ...]:
        """The NIC that a name is, in any case of letters, or those of the machines that it stands for."""
        alone = self.nics.get(name.lower()) if name.lower() not in self.machines else None
        nodes = resolve_name(self.scenario, name)
        return (alone,) if alone is not None else tuple(nic for nic in self.nics.values() if nic.node in nodes)

    @cached_property
    def machines(self) -> dict[str, Machine]:
        """Every virtual machine, by its node."""
        return {machine.node: machine for vnet in self.vnets.values() for machine in vnet.machines}

    @cached_property
    def primary_nics(self) -> dict[str, Nic]:
        """The primary NIC of every virtual machine, by its node."""
        return {node: machine.primary for node, machine in self.machines.items()}

    @cached_property
    def private_endpoints(self) -> dict[str, PrivateEndpoint]:
        """Every private endpoint, by its node."""
        return {found.node: found for vnet in self.vnets.values() for found in vnet.private_endpoints}

    @cached_property
    def frontends(self) -> dict[str, Frontend]:
        """Every internal frontend of a load balancer, by its name as a target."""
        return {found.node: found for vnet in self.vnets.values() for found in vnet.frontend_at.values()}

    @cached_property
    def firewalls(self) -> dict[str, Firewall]:
        """The Azure Firewalls."""
        items = self.scenario.firewalls.items()
        return {name: Firewall(self, name, self.vnets[spec.vnet], spec) for name, spec in items}

    @cached_property
    def clients_by_node(self) -> dict[str, Client]:
        """The point-to-site clients, by their nodes."""
        return {client.node: client for client in self.clients.values()}

    # --- indices ----------------------------------------------------------------------------------------------------

    @cached_property
    def peerings_from(self) -> dict[str, tuple[Peering, ...]]:
        """The peering objects of each VNet, connected or not; of several to one VNet all."""
        found: dict[str, list[Peering]] = {}
        for name, spec in self.scenario.peerings.items():
            peering = Peering(name, spec, self.vnets[spec.vnet], self.vnets[spec.remote_vnet])
            found.setdefault(spec.vnet, []).append(peering)
        return {vnet: tuple(items) for vnet, items in found.items()}

    @cached_property
    def sides_of(self) -> dict[str, tuple[Side, ...]]:
        """The sides of connections by the name of their end."""
        found: dict[str, list[Side]] = {}
        for connection in self.connections.values():
            for side in connection.sides:
                found.setdefault(side.end.name, []).append(side)
        return {name: tuple(sides) for name, sides in found.items()}

    @cached_property
    def peering(self) -> dict[tuple[VNet, VNet], Peering]:
        """The peering object from one VNet to another; of several the first."""
        found: dict[tuple[VNet, VNet], Peering] = {}
        for peerings in self.peerings_from.values():
            for item in peerings:
                found.setdefault((item.vnet, item.remote), item)
        return found

    @cached_property
    def clients_of(self) -> dict[VpnGateway, tuple[Client, ...]]:
        """The clients of each VPN gateway that has some, in the file's order."""
        found: dict[VpnGateway, list[Client]] = {}
        for tunnel in self.client_tunnels.values():
            found.setdefault(tunnel.gateway, []).append(tunnel.client)
        return {gateway: tuple(clients) for gateway, clients in found.items()}

    @cached_property
    def radius_servers(self) -> dict[str, tuple[VpnGateway, ...]]:
        """The machines that are RADIUS servers, by their nodes, each with the gateways that ask its address (P15)."""
        found: dict[str, list[VpnGateway]] = {}
        for gateway in self.vpn_gateways:
            asked = {server.radius_server_address for server in gateway.spec.radius_servers}
            for node in (node for node, address in self.machine_addresses.items() if address in asked):
                found.setdefault(node, []).append(gateway)
        return {node: tuple(found[node]) for node in self.machine_addresses if node in found}

    @cached_property
    def machine_addresses(self) -> dict[str, IPv4Address]:
        """The private address of each virtual machine and of each host of a site, by node."""
        found = {node: nic.address for node, nic in self.primary_nics.items()}
        return found | {host.node: host.address for site in self.sites.values() for host in site.hosts}

    def clients_in(self, place: AccessNetwork | Site) -> tuple[Client, ...]:
        """The clients that are in an access network or in a site, in the file's order."""
        return tuple(client for client in self.clients.values() if client.upstream is place)

    def end(self, name: str) -> AnyEnd:
        """The end of connections of this name: a VNet's VPN gateway, a site or an appliance."""
        if name in self.sites:
            return self.sites[name]
        gateway = self.vnets[name].vpn_gateway if name in self.vnets else None
        return gateway if gateway is not None else self.appliances[name]

    # --- what there is of a kind ------------------------------------------------------------------------------------

    @cached_property
    def vpn_gateways(self) -> tuple[VpnGateway, ...]:
        """The VPN gateways."""
        return tuple(vnet.vpn_gateway for vnet in self.vnets.values() if vnet.vpn_gateway is not None)

    @cached_property
    def expressroute_gateways(self) -> tuple[ExpressRouteGateway, ...]:
        """The ExpressRoute gateways."""
        found = (vnet.expressroute_gateway for vnet in self.vnets.values())
        return tuple(gateway for gateway in found if gateway is not None)

    @cached_property
    def route_servers(self) -> tuple[RouteServer, ...]:
        """The Route Servers."""
        return tuple(vnet.route_server for vnet in self.vnets.values() if vnet.route_server is not None)

    @cached_property
    def bgp_appliances(self) -> tuple[Appliance, ...]:
        """The appliances that speak BGP."""
        return tuple(appliance for appliance in self.appliances.values() if appliance.bgp is not None)

    @cached_property
    def vpn_servers(self) -> tuple[Appliance, ...]:
        """The appliances at which connections end (R90)."""
        return tuple(appliance for appliance in self.appliances.values() if appliance.is_vpn_server)

    @cached_property
    def ends(self) -> tuple[VpnGateway | Site, ...]:
        """The VPN gateways, then the sites."""
        return (*self.vpn_gateways, *self.sites.values())

    @cached_property
    def bgp_ends(self) -> frozenset[AnyEnd]:
        """The VPN gateways and sites that run BGP.

        Those with a connection that has it on; gateways that a Route Server exchanges routes with (A23); sites behind
        an appliance, on a circuit or in the network of a provider.
        """
        joined = (side.end for c in self.connections.values() if c.speaks_bgp for side in c.sides)
        found = [end for end in joined if end.role != "appliance"]
        found += [gateway for gateway in self.vpn_gateways if gateway.vnet.branch_to_branch]
        found += [site for appliance in self.bgp_appliances for site in appliance.sites]
        found += [site for circuit in self.circuits.values() for site in circuit.sites]
        found += [site for provider in self.provider_networks.values() for site in provider.sites]
        return frozenset(found)

    def lone_speakers(self) -> Iterator[Router]:
        """The routers with BGP besides gateways and sites: Route Servers, appliances, those of ExpressRoute and of
        providers."""
        yield from (router for server in self.route_servers for router in server.instances)
        yield from (appliance.router for appliance in self.bgp_appliances)
        yield from (router for gateway in self.expressroute_gateways for router in gateway.instances)
        yield from (router for circuit in self.circuits.values() for router in circuit.every_edge)
        yield from (router for provider in self.provider_networks.values() for router in provider.routers)
        yield from (backbone.router for backbone in self.backbone_routers.values())

    def link_addresses_of(self, router: Router) -> tuple[IPv4Address, ...]:
        """The addresses that a router has for the links of circuits, besides its BGP address."""
        found = (address for circuit in self.circuits.values() for address in circuit.addresses_of(router))
        return tuple(address for address in dict.fromkeys(found) if address != router.bgp_address)

    @cached_property
    def named_next_hops(self) -> frozenset[IPv4Address]:
        """The addresses that user routes have as their next hop."""
        routes = (route for item in self.scenario.route_tables.values() for route in item.routes.values())
        return frozenset(address for route in routes for address in route.next_hops)

    @cached_property
    def edge_router_addresses(self) -> dict[str, tuple[IPv4Address, IPv4Address]]:
        """The addresses of each circuit's edge routers."""
        return edge_routers(self.scenario.expressroute_circuits)

    @cached_property
    def backbones(self) -> tuple[str, ...]:
        """The nodes of Microsoft's backbone, one for each region with VNets (R80)."""
        return tuple(dict.fromkeys(vnet.backbone for vnet in self.vnets.values()))

    @cached_property
    def microsoft_peerings(self) -> tuple[MicrosoftPeering, ...]:
        """The Microsoft peerings of all circuits."""
        return tuple(c.microsoft_peering for c in self.circuits.values() if c.microsoft_peering is not None)

    @cached_property
    def backbone_routers(self) -> dict[str, Backbone]:
        """The backbone of each region by its node, where it speaks BGP: with Microsoft peerings (R121)."""
        nodes = backbone_routers(self.backbones if self.microsoft_peerings else ())
        return {node: Backbone(self, node, address) for node, address in nodes.items()}

    @cached_property
    def _delays(self) -> dict[frozenset[str], float]:
        """The delay of each pair of regions that has one, in milliseconds."""
        found = self.scenario.region_delays
        return {
            frozenset(map(region_name, (one, other))): delay
            for one, row in found.items()
            for other, delay in row.items()
        }

    def delay(self, one: VNet, other: VNet) -> float:
        """How long a packet takes from one VNet's region to another's, in milliseconds; 0 unless the file says so."""
        return self._delays.get(frozenset((one.region, other.region)), 0)

    @cached_property
    def provider_edge_addresses(self) -> dict[str, tuple[IPv4Address, IPv4Address]]:
        """The addresses of the routers of each provider's network."""
        return provider_edges(self.scenario.provider_networks)

    @cached_property
    def public(self) -> PublicAddresses:
        """Every public address."""
        return assign(self)

    @cached_property
    def client_tunnels(self) -> dict[tuple[str, str], ClientTunnel]:
        """Every tunnel of every client by its key, in the order in which they are connected."""
        return {tunnel.key: tunnel for client in self.clients.values() for tunnel in client.tunnels}


def resolve(scenario: Scenario) -> Network:
    """The network of a scenario that the rules accept: every name in it is that of an object.

    Raises KeyError for a name of which there is no object.
    """
    return Network(scenario)
