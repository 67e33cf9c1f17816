"""The network that a scenario describes, resolved once: objects that hold objects.

A name dies here: after ``resolve`` a connection holds its ends, a gateway its VNet, a route table's subnet its routes.
``spec`` is always what the file says of the object. Objects are equal only to themselves.
"""

from netlab.scenario.network.access import AccessNetwork
from netlab.scenario.network.clients import Client, ClientTunnel
from netlab.scenario.network.connections import Connection, Peers, Side, Tunnel
from netlab.scenario.network.ends import Appliance, End, Host, RouteServer, Site, VpnGateway
from netlab.scenario.network.expressroute import (
    Backbone,
    Circuit,
    ExpressRouteGateway,
    GlobalReach,
    MicrosoftPeering,
    ProviderNetwork,
)
from netlab.scenario.network.firewalls import Firewall
from netlab.scenario.network.graph import Network, resolve
from netlab.scenario.network.load_balancers import BalancingRule, Frontend, LoadBalancer
from netlab.scenario.network.machines import Machine, Nic
from netlab.scenario.network.routers import EXPRESSROUTE_ASN, MICROSOFT_ASN, ROUTE_SERVER_ASN, Role, Router
from netlab.scenario.network.topology import Topology
from netlab.scenario.network.vnets import Peering, PrivateEndpoint, SecurityGroup, Subnet, VNet
from netlab.scenario.network.ways_out import (
    SharedAddress,
    balanced_out,
    public_addresses,
    shared_addresses,
    without_default_access,
)

__all__ = [
    "EXPRESSROUTE_ASN",
    "MICROSOFT_ASN",
    "ROUTE_SERVER_ASN",
    "AccessNetwork",
    "Appliance",
    "Backbone",
    "BalancingRule",
    "Circuit",
    "Client",
    "ClientTunnel",
    "Connection",
    "End",
    "ExpressRouteGateway",
    "Firewall",
    "Frontend",
    "GlobalReach",
    "Host",
    "LoadBalancer",
    "Machine",
    "MicrosoftPeering",
    "Network",
    "Nic",
    "Peering",
    "Peers",
    "PrivateEndpoint",
    "ProviderNetwork",
    "Role",
    "RouteServer",
    "Router",
    "SecurityGroup",
    "SharedAddress",
    "Side",
    "Site",
    "Subnet",
    "Topology",
    "Tunnel",
    "VNet",
    "VpnGateway",
    "balanced_out",
    "public_addresses",
    "resolve",
    "shared_addresses",
    "without_default_access",
]
