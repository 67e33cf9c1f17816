"""BGP: ASNs and BGP addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from netlab.scenario import addresses
from netlab.scenario.addresses import APIPA, DEFAULT_ASN, GATEWAY_SUBNET
from netlab.scenario.models import Scenario
from netlab.scenario.models.nat_rule import translated
from netlab.scenario.rules.breach import Breach, Breaches, by_profile
from netlab.scenario.rules.joined import lacks_gateway, neighbours_of, sound_connections
from netlab.scenario.rules.subjects import (
    asn_of,
    bgp_addresses,
    default_bgp_addresses,
    device_asns,
    public_addresses,
    vpn_gateways,
)

# B3, B4, B5.
AZURE_ASNS = frozenset({8074, 8075, 12076, 65515, 65517, 65518, 65519, 65520})
IANA_ASNS = frozenset({23456, *range(64496, 64512), *range(65535, 65552), 4294967295})
MISPRINTED_ASN = 429496729
UNLISTED_ASN = 65516
_SITE = ("site", "bgp: {asn: 65101}")
USABLE = "use one of 64512 to 65514 or 65521 to 65534"
# B12.
AZURE_APIPA = (IPv4Network("169.254.21.0/24"), IPv4Network("169.254.22.0/24"))


def b1_bgp_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """B1: BGP is for route-based gateways, and not for SKU Basic."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.sku != "Basic" and gateway.vpn_type == "RouteBased":
            continue
        what = f"{gateway.vpn_type}, {gateway.sku}"
        if gateway.bgp is not None:
            yield Breach(("vnets", name, "vpn_gateway", "bgp"), f"a {what} gateway has no BGP; take VpnGw1AZ or larger")
        for connection, item in scenario.connections_of(name):
            if item.enable_bgp:
                path = ("connections", connection, "enable_bgp")
                yield Breach(path, f"the {what} gateway of `{name}` has no BGP; take VpnGw1AZ or larger")


def b3_asns_are_not_azures(scenario: Scenario) -> Breaches:
    """B3: 8074, 8075, 12076, 65515 and 65517 to 65520 are Azure's; on-premises may use none, a gateway 65515 only."""
    for path, asn, azure in device_asns(scenario):
        if asn in AZURE_ASNS and not (azure and asn == DEFAULT_ASN):
            yield Breach(path, f"Azure keeps the ASN {asn} for itself; {USABLE}")


def b4_asns_are_not_ianas(scenario: Scenario) -> Breaches:
    """B4: 23456, 64496 to 64511, 65535 to 65551 and 4294967295 are reserved by IANA."""
    for path, asn, _ in device_asns(scenario):
        if asn in IANA_ASNS:
            yield Breach(path, f"IANA reserves the ASN {asn}; {USABLE}")
        elif asn == MISPRINTED_ASN:
            message = f"Azure's documents list the ASN {asn} as reserved, probably a misprint of 4294967295"
            yield Breach(path, f"{message}; {USABLE} to be safe", "warning")


def b5_asns_are_usable(scenario: Scenario) -> Breaches:
    """B5: 64512 to 65514 and 65521 to 65534 are usable; 65516 is in no list of Azure's and counts as reserved."""
    for path, asn, _ in device_asns(scenario):
        if asn == UNLISTED_ASN:
            yield Breach(path, f"Azure lists the ASN {asn} neither as reserved nor as usable; {USABLE}")


def b6_asns_fit_the_profile(scenario: Scenario) -> Breaches:
    """B6: an ASN has 16 bits in the profile seed, else 32."""
    for path, asn, _ in device_asns(scenario):
        if scenario.profile == "seed" and asn > 65535 and asn not in IANA_ASNS | {MISPRINTED_ASN}:
            yield Breach(path, f"the ASN {asn} has more than 16 bits; {USABLE} {by_profile(scenario)}")


def b7_asns_differ(scenario: Scenario) -> Breaches:
    """B7: both ends of a connection with BGP have an ASN, and not the same one."""
    for name, item in sound_connections(scenario).items():
        asns = [asn_of(scenario, end) for end in item.between]
        path = ("connections", name, "enable_bgp")
        without = [end for end, asn in zip(item.between, asns, strict=True) if asn == 0]
        if not item.enable_bgp or lacks_gateway(scenario, item):
            continue
        if without:
            what, right = ("appliance", "nva: {bgp: {asn: 65001}}") if without[0] in scenario.appliances else _SITE
            yield Breach(path, f"the {what} `{without[0]}` has no ASN; write {right} there")
        elif asns == [DEFAULT_ASN, DEFAULT_ASN]:
            yield Breach(path, f"both gateways have Azure's default ASN {DEFAULT_ASN}; give one its own bgp: {{asn}}")
        elif asns[0] == asns[1]:
            yield Breach(path, f"both ends have the ASN {asns[0]}; each needs its own")


def b8_gateway_peers_from_its_subnet(scenario: Scenario) -> Breaches:
    """B8: a gateway's BGP address is one of GatewaySubnet, or an APIPA one (B12)."""
    for path, name, address in bgp_addresses(scenario):
        subnet = scenario.vnets[name].subnets.get(GATEWAY_SUBNET) if name in scenario.vnets else None
        if subnet is None or address in APIPA:
            continue
        prefix = subnet.address_prefix
        if int(address) - int(prefix.network_address) not in addresses.usable(prefix):
            yield Breach(path, f"{address} is no address that Azure gives in {GATEWAY_SUBNET} {prefix}; leave it out")


def b10_devices_peer_from_inside(scenario: Scenario) -> Breaches:
    """B10: an on-premises BGP address is neither the device's public one nor, after NAT, inside the gateway's VNet."""
    public = {address for path, address in public_addresses(scenario) if path[0] == "sites"}
    for path, site, address in (*bgp_addresses(scenario), *default_bgp_addresses(scenario)):
        if site not in scenario.sites:
            continue
        if address in public:
            yield Breach(path, f"{address} is a device's public address; use one of the site, or a loopback's")
        for vnet in sorted(neighbours_of(scenario, site) & set(scenario.vnets)):
            joining = (name for name, item in scenario.connections_of(site) if item.other(site) == vnet)
            shown = {translated(address, scenario.nat_rules(name, vnet, "IngressSnat")) for name in joining}
            if any(each in space for each in shown for space in scenario.vnets[vnet].address_space):
                message = f"the BGP address {address} is inside `{vnet}`; write bgp_peering_address"
                yield Breach(path, f"{message}: one of the site, or a loopback's")


def b12_apipa_is_azures_part(scenario: Scenario) -> Breaches:
    """B12: an APIPA address of a gateway is in 169.254.21.0 to 169.254.22.255; the profile seed has none."""
    for path, owner, address in bgp_addresses(scenario):
        if scenario.profile == "seed" and address in APIPA:
            message = f"{address} is an APIPA address; use one of GatewaySubnet or of the site"
            yield Breach(path, f"{message} {by_profile(scenario)}")
        elif owner in scenario.vnets and address in APIPA and not any(address in prefix for prefix in AZURE_APIPA):
            yield Breach(path, f"{address} is not in 169.254.21.0 to 169.254.22.255, the APIPA range of Azure")


def b12_bgp_addresses_differ(scenario: Scenario) -> Breaches:
    """B12: each gateway and each device has a BGP address of its own; an APIPA one among those that meet (B34)."""
    owners: dict[IPv4Address, list[str]] = {}
    for path, owner, address in (*bgp_addresses(scenario), *default_bgp_addresses(scenario)):
        known = owners.setdefault(address, [])
        met = next((each for each in known if address not in APIPA or _meet(scenario, owner, each)), None)
        if met is not None:
            right = "write another bgp_peering_address"
            yield Breach(path, f"{address} is the BGP address of `{met}` already; {right}")
        known.append(owner)


def _meet(scenario: Scenario, one: str, other: str) -> bool:
    """Whether two ends are one, are connected, or are connected with the same one."""
    mine, theirs = ({end, *neighbours_of(scenario, end)} for end in (one, other))
    return bool(mine & theirs)
