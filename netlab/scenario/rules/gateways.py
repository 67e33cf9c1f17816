"""VPN gateways and their SKUs."""

from __future__ import annotations

from netlab.scenario.addresses import APIPA, given_bgp_addresses
from netlab.scenario.days import BASIC_HAS_IKEV2, by_day, day_of
from netlab.scenario.models import Scenario
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile
from netlab.scenario.rules.joined import instances
from netlab.scenario.rules.subjects import policy_based, tunnel_type_of, vpn_gateways

# R52: site-to-site and VNet-to-VNet tunnels, and clients with IKEv2 and OpenVPN. The seeds know no VpnGw4 and 5.
TUNNELS = {"Basic": 10, "Standard": 10, "VpnGw4": 100, "VpnGw5": 100}
SEED_TUNNELS = {"Basic": 10, "Standard": 10}
MOST_TUNNELS = 30
LEGACY_CLIENTS = {"Basic": 128, "Standard": 128, "HighPerformance": 128}  # Basic: unconfirmed, no document names it
CLIENTS = LEGACY_CLIENTS | {"VpnGw1": 250, "VpnGw2": 500, "VpnGw3": 1000, "VpnGw4": 5000}
MOST_CLIENTS = 10000
# Section 7: in the seeds, whatever the SKU.
SEED_CLIENTS = 128


def most_clients(scenario: Scenario, sku: str) -> int:
    """How many clients with IKEv2 and OpenVPN a gateway serves; it refuses the next one."""
    return SEED_CLIENTS if scenario.profile == "seed" else CLIENTS.get(sku.removesuffix("AZ"), MOST_CLIENTS)


def r10_active_active_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """R10: active-active is for route-based gateways, and not for the SKUs Basic and Standard."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.active_active and (gateway.sku in ("Basic", "Standard") or gateway.vpn_type == "PolicyBased"):
            what = f"a {gateway.vpn_type}, {gateway.sku} gateway"
            path = ("vnets", name, "vpn_gateway", "active_active")
            yield Breach(path, f"{what} has no active-active mode; take RouteBased and VpnGw1AZ or larger")


def r10_instances_have_addresses_of_their_own(scenario: Scenario) -> Breaches:
    """R10, R14: an active-active gateway has two public and two BGP addresses, an active-standby one has one each."""
    for name, gateway in vpn_gateways(scenario).items():
        path: Path = ("vnets", name, "vpn_gateway")
        public, bgp = gateway.public_ip_addresses, given_bgp_addresses(gateway.bgp)
        of_subnet = tuple(address for address in bgp if address not in APIPA)
        if not gateway.active_active:
            several = (("public_ip_addresses", bool(public)), ("bgp.bgp_peering_addresses", len(of_subnet) > 1))
            for key, _ in (each for each in several if each[1]):
                right = "write active_active: true, or give it one address"
                yield Breach((*path, *key.split(".")), f"an active-standby gateway has one only; {right}")
            continue
        if gateway.public_ip_address is not None:
            yield Breach((*path, "public_ip_address"), "each instance has its own; write public_ip_addresses: [a, b]")
        if gateway.bgp is not None and gateway.bgp.bgp_peering_address is not None:
            message = "each instance has its own; write bgp_peering_addresses: [a, b]"
            yield Breach((*path, "bgp", "bgp_peering_address"), message)
        elif len(of_subnet) not in (0, 2):
            message = f"two instances need two of them, not {len(of_subnet)}"
            yield Breach((*path, "bgp", "bgp_peering_addresses"), message)
        most = 2 if gateway.point_to_site is None else 3
        if len(public) == 1 or len(public) > most:
            yield Breach((*path, "public_ip_addresses"), f"this gateway has {most} public addresses, not {len(public)}")


def r13_point_to_site_takes_a_third_address(scenario: Scenario) -> Breaches:
    """R13: an active-active gateway with point-to-site needs a third public address."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.active_active and gateway.point_to_site is not None and len(gateway.public_ip_addresses) == 2:
            path = ("vnets", name, "vpn_gateway", "public_ip_addresses")
            yield Breach(path, "an active-active gateway with point_to_site has three; add one for the clients")


def r52_tunnels_fit_the_sku(scenario: Scenario) -> Breaches:
    """R52: a SKU limits tunnels, redundant ones included, and clients; R53: above 100 it is another product."""
    of_sku = SEED_TUNNELS if scenario.profile == "seed" else TUNNELS
    for name, gateway in vpn_gateways(scenario).items():
        path, sku = ("vnets", name, "vpn_gateway", "sku"), gateway.sku.removesuffix("AZ")
        own, most = instances(scenario, name), of_sku.get(sku, MOST_TUNNELS)
        tunnels = sum(own * instances(scenario, item.other(name)) for _, item in scenario.connections_of(name))
        if tunnels > most:
            larger = "more than 100 take Virtual WAN (R53)" if tunnels > 100 else "take a larger SKU, up to 100 (R53)"
            message = f"{gateway.sku} has {most} tunnels, and {tunnels} end here; {larger}"
            yield Breach(path, f"{message} {by_profile(scenario)}")
        # SSTP has a limit of its own (P3).
        users = (tunnel_type_of(scenario, client, name) for client in scenario.clients_of(name))
        clients, most = sum(user != "SSTP" for user in users), most_clients(scenario, sku)
        if clients > most:
            message = f"{gateway.sku} serves {most} clients, and {clients} use it; it refuses the last ones"
            yield Breach(path, f"{message} {by_profile(scenario)}", "warning")


# New ones cannot be made since 2023-12, and they are retired since 2026-03 (whats-new.md, 2025-11-25).
LEGACY = {"Standard": "VpnGw1AZ", "HighPerformance": "VpnGw2AZ"}
RETIRED = "Azure makes none since December 2023"
# Retired on 2026-09-30 (gateway-sku-consolidation.md, 2024-09-26): NonAzSkusNotAllowedForVPNGateway.
NOT_ZONAL = {f"VpnGw{number}": f"VpnGw{number}AZ" for number in range(1, 6)}


def skus_can_be_created(scenario: Scenario) -> Breaches:
    """A SKU that Azure has retired is read as the one that replaced it; the seed is older than that."""
    replaced = {} if scenario.profile == "seed" else LEGACY | NOT_ZONAL
    for name, gateway in vpn_gateways(scenario).items():
        successor = replaced.get(gateway.sku) if "sku" in gateway.model_fields_set else None
        # A classic gateway has its SKU from before.
        if successor is not None and scenario.vnets[name].deployment_model != "Classic":
            why = "Azure retired it in 2026 (NonAzSkusNotAllowedForVPNGateway)" if gateway.sku in NOT_ZONAL else RETIRED
            message = f"no new gateway has {gateway.sku}: {why}; write {successor}"
            yield Breach(("vnets", name, "vpn_gateway", "sku"), f"{message} {by_profile(scenario)}", "warning")


def r54_basic_lacks(scenario: Scenario) -> Breaches:
    """R54: Basic has no gateway transit and no RADIUS; IKEv2 point-to-site since November 2025, in the seed none (B1:
    BGP, R10: active-active, R40: policies)."""
    basic = {name: gateway for name, gateway in vpn_gateways(scenario).items() if gateway.sku == "Basic"}
    right = "take VpnGw1AZ or larger"
    for name, gateway in basic.items():
        place: Path = ("vnets", name, "vpn_gateway", "point_to_site")
        types = gateway.point_to_site.tunnel_types if gateway.point_to_site is not None else ()
        if "IkeV2" in types and day_of(scenario) < BASIC_HAS_IKEV2:
            yield Breach(place, f"Basic has no IKEv2 point-to-site; write SSTP, or {right} {by_day(scenario)}")
        elif gateway.point_to_site is not None and gateway.point_to_site.has_passwords:
            what = f"{gateway.point_to_site.authentication} takes RADIUS, and Basic has none"
            yield Breach((*place, "authentication_types"), f"{what}; {right}")
    for name, peering in scenario.peerings.items():
        if peering.vnet in basic and peering.allow_gateway_transit:
            message = f"the Basic gateway of `{peering.vnet}` has no gateway transit; {right}"
            yield Breach(("peerings", name, "allow_gateway_transit"), message)


def r21_policy_based_is_basic(scenario: Scenario) -> Breaches:
    """R21: policy-based is for SKU Basic, and for exactly one site-to-site tunnel."""
    for name, gateway in policy_based(scenario):
        path = ("vnets", name, "vpn_gateway", "vpn_type")
        own = tuple(scenario.connections_of(name))
        if gateway.sku != "Basic":
            yield Breach(path, f"PolicyBased exists with SKU Basic only, not with {gateway.sku}; use RouteBased")
        if len(own) != 1:
            yield Breach(path, f"PolicyBased has exactly one connection, not {len(own)}; use RouteBased")


def r24_policy_based_joins_no_vnet(scenario: Scenario) -> Breaches:
    """R24: a policy-based gateway is joined to no other VNet's gateway."""
    for name, _ in policy_based(scenario):
        for connection, item in scenario.connections_of(name):
            if item.other(name) in scenario.vnets:
                message = f"`{name}` is PolicyBased and cannot be joined to a VNet; use vpn_type: RouteBased there"
                yield Breach(("connections", connection, "between"), message)
