"""Words of Azure that a scenario file cannot have: what they are, and where to read on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_RULES = "docs/explanation/azure-rules"
_SCOPE = "docs/reference/differences.md, Out of scope"


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """An object of Azure that netlab has not: its name, where to read on, and the keys and values that stand for it.

    ``planned`` where its rules are in the rulebook, and netlab shall have it.
    """

    name: str
    see: str
    words: tuple[str, ...]
    planned: bool = False

    @property
    def sentence(self) -> str:
        """What a person reads who wrote one of the words."""
        return f"{self.name}: Azure has it, netlab does not model it{' yet' if self.planned else ''}: see {self.see}"


IPV6 = Unmodelled("IPv6", _SCOPE, ("ipv6", "ipv6_address_prefixes", "enable_ipv6", "private_ip_address_version"))
UNMODELLED = (
    IPV6,
    Unmodelled(
        "Virtual WAN",
        f"{_RULES}/virtual-wan.md",
        (
            "virtual_wan", "vwan", "virtual_hub", "vhub", "vpn_site", "hub_virtual_network_connection",
            "routing_intent", "hub_route_table", "p2s_vpn_gateway", "vpn_server_configuration", "secured_virtual_hub",
        ),
    ),
    Unmodelled(
        "DNS",
        _SCOPE,
        (
            "dns", "dns_server", "dhcp_option", "dns_zone", "private_dns_zone", "dns_resolver", "dns_private_resolver",
            "dns_forwarding_ruleset", "dns_settings", "private_dns_zone_group",
        ),
    ),
    Unmodelled("Azure Bastion", _SCOPE, ("azure_bastion", "bastion", "bastion_host")),
    Unmodelled(
        "IP groups, threat intelligence and classic rules of an Azure Firewall, and managed appliances",
        f"{_RULES}/firewall.md",
        (
            "ip_group", "source_ip_group", "destination_ip_group", "threat_intel_mode", "network_rule_collection",
            "application_rule_collection", "nat_rule_collection", "virtual_network_appliance",
        ),
        planned=True,
    ),
    Unmodelled(
        "inbound NAT rules and gateway load balancers",
        f"{_RULES}/load-balancer.md",
        ("inbound_nat_rule", "inbound_nat_pool", "gateway_load_balancer"),
        planned=True,
    ),
    Unmodelled(
        "private link services and policies of service endpoints",
        f"{_RULES}/endpoints.md",
        (
            "private_link", "private_link_service", "private_link_service_connection", "service_endpoint_policies",
        ),
        planned=True,
    ),
    Unmodelled(
        "prefixes of public addresses",
        f"{_RULES}/endpoints.md",
        ("public_ip_prefix", "public_ip_prefixes"),
        planned=True,
    ),
    Unmodelled(
        "peerings of IPv6 only",
        f"{_RULES}/routing.md",
        ("enable_only_ipv6_peering",),
        planned=True,
    ),
    Unmodelled(
        "Microsoft Entra ID for clients",
        f"{_RULES}/point-to-site.md",
        (
            "aad", "aad_tenant", "aad_audience", "aad_issuer", "entra_id", "entra", "azure_active_directory",
        ),
    ),
    Unmodelled("route maps", f"{_RULES}/route-server-measured.md", ("route_map",)),
    Unmodelled(
        "ExpressRoute's public peering and other paths",
        _SCOPE,
        (
            "public_peering",
            "express_route_port", "express_route_direct", "authorization",
        ),
    ),
    Unmodelled(
        "application delivery",
        _SCOPE,
        ("application_gateway", "front_door", "traffic_manager", "web_application_firewall", "waf", "cdn"),
    ),
    Unmodelled(
        "further properties of VNets and subnets",
        _SCOPE,
        (
            "delegation", "ddos_protection_plan", "enable_ddos_protection", "flow_log", "encryption",
            "network_manager", "virtual_network_tap", "bgp_communities", "network_watcher", "extended_location",
        ),
    ),
    Unmodelled(
        "further properties of NICs", _SCOPE, ("ip_configuration", "enable_accelerated_networking")
    ),
    Unmodelled(
        "what Azure files an object under", _SCOPE, ("resource_group", "tag", "zone", "availability_zone", "sku_family")
    ),
)  # fmt: skip


def unmodelled(word: str) -> Unmodelled | None:
    """What a key or a value of a file stands for, if Azure has it and netlab has not: however it is spelled."""
    plain = _plain(word)
    return _by_word().get(plain) or _by_word().get(plain.removesuffix("s"))


@cache
def _by_word() -> dict[str, Unmodelled]:
    return {word: item for item in UNMODELLED for word in _spellings(item)}


def _spellings(item: Unmodelled) -> Iterator[str]:
    return map(_plain, item.words)


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
