"""Linux's nouns: everything that a lab is made of, as frozen values.

A ``Plan`` is complete: whoever has it can build the lab. Secrets are only named in it. Addresses are text, as
``a.b.c.d`` or ``a.b.c.d/len``; times are seconds.
"""

from netlab.plan.model.bgp import BgpNeighbor, BgpSpeaker
from netlab.plan.model.fabric import Fabric, FixedRoute, GatewayWay, SubnetTable
from netlab.plan.model.ipsec import (
    Before,
    Certificate,
    Charon,
    Child,
    Credentials,
    IkeConnection,
    PeerSecret,
    Selector,
    Tunnel,
)
from netlab.plan.model.kernel import (
    CHARON_TABLE,
    CUSTOM_ROUTES_TABLE,
    DEFAULT_TABLE,
    LOCAL_TABLE,
    MAIN_TABLE,
    OUT_OF_TUNNELS_TABLE,
    Interface,
    Kind,
    Link,
    Node,
    Route,
    Rule,
)
from netlab.plan.model.lab import DataPlane, Plan, Timers
from netlab.plan.model.nftables import (
    ApplianceNat,
    Barrier,
    BgpListeners,
    ClientFirewall,
    FabricRules,
    InitiatorOnly,
    KeepsTtl,
    Ruleset,
    SiteNat,
    UnknownPeer,
    VpnServerNat,
)
from netlab.plan.model.p2s import AnyServer, Client, IkeServer, OpenVpnServer, Outer, Server, SstpServer
from netlab.plan.model.views import GatewayView, RouteServerView, Uplink

__all__ = [
    "CHARON_TABLE",
    "CUSTOM_ROUTES_TABLE",
    "DEFAULT_TABLE",
    "LOCAL_TABLE",
    "MAIN_TABLE",
    "OUT_OF_TUNNELS_TABLE",
    "AnyServer",
    "ApplianceNat",
    "Barrier",
    "Before",
    "BgpListeners",
    "BgpNeighbor",
    "BgpSpeaker",
    "Certificate",
    "Charon",
    "Child",
    "Client",
    "ClientFirewall",
    "Credentials",
    "DataPlane",
    "Fabric",
    "FabricRules",
    "FixedRoute",
    "GatewayView",
    "GatewayWay",
    "IkeConnection",
    "IkeServer",
    "InitiatorOnly",
    "Interface",
    "KeepsTtl",
    "Kind",
    "Link",
    "Node",
    "OpenVpnServer",
    "Outer",
    "PeerSecret",
    "Plan",
    "Route",
    "RouteServerView",
    "Rule",
    "Ruleset",
    "Selector",
    "Server",
    "SiteNat",
    "SstpServer",
    "SubnetTable",
    "Timers",
    "Tunnel",
    "UnknownPeer",
    "Uplink",
    "VpnServerNat",
]
