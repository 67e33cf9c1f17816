"""What nftables does in a namespace, through a template for each kind of ruleset."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.plan.model import (
    AccessRules,
    ApplianceNat,
    AzureTraffic,
    BgpListeners,
    BgpRedirect,
    CircuitNat,
    ClientFirewall,
    FabricRules,
    FirewallNat,
    FrontendRules,
    InitiatorOnly,
    KeepsTtl,
    PrefixNat,
    RadiusNat,
    Ruleset,
    SecurityRules,
    SegmentLimit,
    SiteNat,
    SourceFilter,
    StatefulForwarding,
    UnknownPeer,
    VpnServerNat,
)
from netlab.render.text import template

# Differs from Azure: A firewall drops an answer in TCP or ICMP if it did not see the request, and cannot tell an answer
# in UDP from a request. Here NAT forwards all three alike (strays.j2), and no private packet leaves in clear.
_TEMPLATES: dict[type[Ruleset], str] = {
    FabricRules: "fabric",
    AccessRules: "access",
    ApplianceNat: "appliance",
    VpnServerNat: "vpn-server",
    SiteNat: "site",
    CircuitNat: "circuit",
    SourceFilter: "sources",
    InitiatorOnly: "initiator-only",
    KeepsTtl: "keeps-ttl",
    PrefixNat: "prefix-nat",
    RadiusNat: "radius",
    UnknownPeer: "unknown-peer",
    BgpListeners: "bgp-listeners",
    BgpRedirect: "bgp-redirect",
    ClientFirewall: "client-firewall",
    SecurityRules: "security",
    StatefulForwarding: "stateful",
    FirewallNat: "azure-firewall",
    AzureTraffic: "azure-traffic",
    FrontendRules: "frontends",
    SegmentLimit: "segments",
}


def text(rulesets: Iterable[Ruleset]) -> str:
    """The input of ``nft -f``; empty without a ruleset."""
    return "".join(template(f"nftables/{_TEMPLATES[type(item)]}.j2").render(ruleset=item) for item in rulesets)
