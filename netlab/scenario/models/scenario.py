"""A whole scenario: all objects of a file, by name, and the story."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.models.client import Client
from netlab.scenario.models.connection import Connection
from netlab.scenario.models.expressroute import Circuit
from netlab.scenario.models.link import Impairment
from netlab.scenario.models.nva import NetworkVirtualAppliance
from netlab.scenario.models.route_table import RouteTable
from netlab.scenario.models.site import LocalNetworkGateway, Site
from netlab.scenario.models.vnet import Peering, VirtualNetwork
from netlab.scenario.story import Step
from netlab.scenario.values import ConnectionName, LabName, Model, Name


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
    profile: Literal["current", "seed"] = "current"
    """The documents that count where they differ: the current ones, or the older seeds (section 7)."""
    route_tables: dict[Name, RouteTable] = {}
    """The route tables, by name."""
    vnets: dict[Name, VirtualNetwork] = {}
    """The virtual networks, by name."""
    peerings: dict[ConnectionName, Peering] = {}
    """The peerings, by name; two for each pair of VNets (R101)."""
    sites: dict[Name, Site] = {}
    """The on-premises sites, by name."""
    expressroute_circuits: dict[Name, Circuit] = {}
    """The ExpressRoute circuits, by name."""
    local_network_gateways: dict[ConnectionName, LocalNetworkGateway] = {}
    """The local network gateways, by name. A connection without one gets one with the right values."""
    connections: dict[ConnectionName, Connection] = {}
    """The connections, by name."""
    clients: dict[Name, Client] = {}
    """The point-to-site clients, by name."""
    links: dict[Name, Impairment] = {}
    """The impairment of a link to the Internet, by the VNet (its gateway), site or client that has the link."""
    story: tuple[Step, ...] = ()
    """The steps of the story, in their order."""

    @property
    def appliances(self) -> dict[str, tuple[str, str]]:
        """Every appliance, VNet and machine, by the name VNET-VM that connections know it by."""
        return {
            f"{name}-{vm}": (name, vm)
            for name, vnet in self.vnets.items()
            for vm, machine in vnet.vms.items()
            if machine.nva is not None
        }

    def appliance(self, end: str) -> NetworkVirtualAppliance:
        """The appliance of this name."""
        vnet, vm = self.appliances[end]
        nva = self.vnets[vnet].vms[vm].nva
        assert nva is not None
        return nva

    def static_routes(self, end: str) -> dict[str, tuple[IPv4Network, ...]]:
        """What a site's device or an appliance is told to send into tunnels, by connection."""
        return (self.sites[end] if end in self.sites else self.appliance(end)).static_routes

    def prefixes_of(self, end: str) -> tuple[IPv4Network, ...]:
        """What is at an end of a connection: the address space of a VNet, also an appliance's, or a site's prefixes."""
        if end in self.sites:
            return self.sites[end].address_prefixes
        vnet, _ = self.appliances.get(end, (end, ""))
        return self.vnets[vnet].address_space

    def connections_of(self, end: str) -> Iterator[tuple[str, Connection]]:
        """The connections that end at this VNet, site or appliance, in the file's order."""
        return ((name, item) for name, item in self.connections.items() if end in item.between)

    def peered(self, vnet: str) -> Iterator[tuple[Peering, Peering]]:
        """The connected peerings of a VNet: its own object and the remote one (R101)."""
        for mine in self.peerings.values():
            theirs = self.peering(mine.remote_vnet, mine.vnet)
            if mine.vnet == vnet and theirs is not None:
                yield mine, theirs

    def peering(self, vnet: str, remote: str) -> Peering | None:
        """The peering object from one VNet to another."""
        return next((p for p in self.peerings.values() if (p.vnet, p.remote_vnet) == (vnet, remote)), None)

    def spokes(self, vnet: str) -> tuple[str, ...]:
        """The VNets that use this VNet's gateway through a connected peering (R103)."""
        return tuple(
            mine.remote_vnet
            for mine, theirs in self.peered(vnet)
            if mine.allow_gateway_transit and theirs.use_remote_gateways
        )

    def gateway_for(self, vnet: str) -> str | None:
        """The VNet whose gateway or Route Server serves this VNet: itself, or the one that it may use by peering."""
        own = self.vnets[vnet]
        if (own.vpn_gateway, own.expressroute_gateway, own.route_server) != (None, None, None):
            return vnet
        return next((mine.remote_vnet for mine, _ in self.peered(vnet) if vnet in self.spokes(mine.remote_vnet)), None)

    def route_table(self, vnet: str, subnet: str) -> RouteTable:
        """The route table of a subnet; an empty one where it has none."""
        name = self.vnets[vnet].subnets[subnet].route_table
        return RouteTable() if name is None else self.route_tables[name]

    def clients_of(self, vnet: str) -> Iterator[str]:
        """The point-to-site clients of a VNet's gateway."""
        return (name for name, client in self.clients.items() if vnet in client.gateways)
