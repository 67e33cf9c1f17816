"""The objects of a scenario file, a module per Azure object. Frozen; an unknown key is an error.

YAML keys are Azure's property names in snake_case. This package holds the shape of each object alone; ``rules`` holds
what Azure's documents say about several objects together.
"""

from netlab.scenario.actions import (
    Action,
    BgpSession,
    BgpSpeaker,
    Change,
    CircuitLink,
    ClientOnly,
    ClientRoute,
    ConnectionTunnel,
    CustomRoutes,
    Everywhere,
    GatewayFault,
    LinkOf,
    NewKey,
    OneMachine,
    PeeringSync,
    Reconfiguration,
    RouteServerFault,
    SiteDevice,
    SitePrefix,
    Subject,
)
from netlab.scenario.models.access import AccessNetwork, HttpProxy
from netlab.scenario.models.client import Client, ClientCertificate, ClientNetwork
from netlab.scenario.models.connection import Connection, IpsecPolicy, TrafficSelectorPolicy, TunnelSettings
from netlab.scenario.models.endpoint import PrivateEndpoint
from netlab.scenario.models.expressroute import Circuit, CircuitConnection, ExpressRouteGateway, ProviderNetwork
from netlab.scenario.models.firewall import (
    Firewall,
    FirewallPolicy,
    FirewallRule,
    RuleCollection,
    RuleCollectionGroup,
)
from netlab.scenario.models.gateway import (
    NEEDS,
    TRIED,
    Authentication,
    BgpSettings,
    PointToSite,
    Sku,
    TunnelPort,
    TunnelType,
    VpnGateway,
)
from netlab.scenario.models.link import Impairment
from netlab.scenario.models.load_balancer import FrontendIpConfiguration, LoadBalancer, LoadBalancingRule, Probe
from netlab.scenario.models.nat_gateway import NatGateway
from netlab.scenario.models.nat_rule import NatMode, NatRule
from netlab.scenario.models.network_security_group import (
    ApplicationSecurityGroup,
    NetworkSecurityGroup,
    SecurityRule,
)
from netlab.scenario.models.nva import BgpPolicy, BgpPolicyRule, NetworkVirtualAppliance, NvaBgp, NvaRule
from netlab.scenario.models.route_server import HubRoutingPreference, RouteServer
from netlab.scenario.models.route_table import NextHop, RouteTable, UserRoute
from netlab.scenario.models.scenario import Scenario
from netlab.scenario.models.site import DeviceSoftware, LocalNetworkGateway, Site, VpnDevice
from netlab.scenario.models.system import SYSTEMS, Family, Os, System
from netlab.scenario.models.vnet import (
    Peering,
    Subnet,
    SummarizedGatewayPrefixes,
    VirtualMachine,
    VirtualNetwork,
)
from netlab.scenario.story import Expectation, Flow, Reach, Step, Unreachable, Via
from netlab.scenario.values import (
    NAME,
    Address,
    ConnectionName,
    LabName,
    Model,
    Name,
    Prefix,
    Prefixes,
    is_lab_name,
    node_name,
)

__all__ = [
    "NAME",
    "NEEDS",
    "SYSTEMS",
    "TRIED",
    "AccessNetwork",
    "Action",
    "Address",
    "ApplicationSecurityGroup",
    "Authentication",
    "BgpPolicy",
    "BgpPolicyRule",
    "BgpSession",
    "BgpSettings",
    "BgpSpeaker",
    "Change",
    "Circuit",
    "CircuitConnection",
    "CircuitLink",
    "Client",
    "ClientCertificate",
    "ClientNetwork",
    "ClientOnly",
    "ClientRoute",
    "Connection",
    "ConnectionName",
    "ConnectionTunnel",
    "CustomRoutes",
    "DeviceSoftware",
    "Everywhere",
    "Expectation",
    "ExpressRouteGateway",
    "Family",
    "Firewall",
    "FirewallPolicy",
    "FirewallRule",
    "Flow",
    "FrontendIpConfiguration",
    "GatewayFault",
    "HttpProxy",
    "HubRoutingPreference",
    "Impairment",
    "IpsecPolicy",
    "LabName",
    "LinkOf",
    "LoadBalancer",
    "LoadBalancingRule",
    "LocalNetworkGateway",
    "Model",
    "Name",
    "NatGateway",
    "NatMode",
    "NatRule",
    "NetworkSecurityGroup",
    "NetworkVirtualAppliance",
    "NewKey",
    "NextHop",
    "NvaBgp",
    "NvaRule",
    "OneMachine",
    "Os",
    "Peering",
    "PeeringSync",
    "PointToSite",
    "Prefix",
    "Prefixes",
    "PrivateEndpoint",
    "Probe",
    "ProviderNetwork",
    "Reach",
    "Reconfiguration",
    "RouteServer",
    "RouteServerFault",
    "RouteTable",
    "RuleCollection",
    "RuleCollectionGroup",
    "Scenario",
    "SecurityRule",
    "Site",
    "SiteDevice",
    "SitePrefix",
    "Sku",
    "Step",
    "Subject",
    "Subnet",
    "SummarizedGatewayPrefixes",
    "System",
    "TrafficSelectorPolicy",
    "TunnelPort",
    "TunnelSettings",
    "TunnelType",
    "Unreachable",
    "UserRoute",
    "Via",
    "VirtualMachine",
    "VirtualNetwork",
    "VpnDevice",
    "VpnGateway",
    "is_lab_name",
    "node_name",
]
