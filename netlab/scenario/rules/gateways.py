"""Gateways, their SKU and point-to-site."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations, product

from netlab.scenario.models import (
    Scenario,
)
from netlab.scenario.rules.subjects import (
    Breach,
    Breaches,
    Path,
    address_pools,
    bgp_domain,
    by_profile,
    connectable,
    in_words,
    instances,
    known_to,
    networks_of,
    policy_based,
    serving,
    told_by_vnet,
    vpn_gateways,
)

# R52: site-to-site and VNet-to-VNet tunnels, and point-to-site IKEv2 clients. The seeds know no VpnGw4 and 5.
TUNNELS = {"Basic": 10, "Standard": 10, "VpnGw4": 100, "VpnGw5": 100}
SEED_TUNNELS = {"Basic": 10, "Standard": 10}
MOST_TUNNELS = 30
CLIENTS = {"Standard": 128, "HighPerformance": 128, "VpnGw1": 250, "VpnGw2": 500, "VpnGw3": 1000, "VpnGw4": 5000}
MOST_CLIENTS = 10000
# Section 7: in the seeds, whatever the SKU.
SEED_CLIENTS = 128
# R60.
MOST_ROOTS = 20
# R62: Windows from version 10 2004 on, and before; other IKEv2 clients.
SELECTORS = {("windows", "current"): 255, ("windows", "seed"): 25}
MOST_SELECTORS = 256


def most_clients(scenario: Scenario, sku: str) -> int:
    """How many IKEv2 clients a gateway serves; it refuses the next one."""
    return SEED_CLIENTS if scenario.profile == "seed" else CLIENTS.get(sku.removesuffix("AZ"), MOST_CLIENTS)


def r10_active_active_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """R10: active-active is for route-based gateways, and not for the SKUs Basic and Standard."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.active_active and (gateway.sku in ("Basic", "Standard") or gateway.vpn_type == "PolicyBased"):
            what = f"a {gateway.vpn_type}, {gateway.sku} gateway"
            path = ("vnets", name, "vpn_gateway", "active_active")
            yield Breach(path, f"{what} has no active-active mode; take RouteBased and VpnGw1 or larger")


def r10_instances_have_addresses_of_their_own(scenario: Scenario) -> Breaches:
    """R10, R14: an active-active gateway has two public and two BGP addresses, an active-standby one has one each."""
    for name, gateway in vpn_gateways(scenario).items():
        path: Path = ("vnets", name, "vpn_gateway")
        public, bgp = gateway.public_ip_addresses, gateway.bgp.bgp_peering_addresses if gateway.bgp is not None else ()
        if not gateway.active_active:
            for key, given in (("public_ip_addresses", public), ("bgp.bgp_peering_addresses", bgp)):
                if given:
                    right = "write active_active: true, or give it one address"
                    yield Breach((*path, *key.split(".")), f"an active-standby gateway has one only; {right}")
            continue
        if gateway.public_ip_address is not None:
            yield Breach((*path, "public_ip_address"), "each instance has its own; write public_ip_addresses: [a, b]")
        if gateway.bgp is not None and gateway.bgp.bgp_peering_address is not None:
            message = "each instance has its own; write bgp_peering_addresses: [a, b]"
            yield Breach((*path, "bgp", "bgp_peering_address"), message)
        if len(bgp) not in (0, 2):
            yield Breach((*path, "bgp", "bgp_peering_addresses"), f"two instances need two, not {len(bgp)}")
        most = 2 if gateway.point_to_site is None else 3
        if len(public) == 1 or len(public) > most:
            yield Breach((*path, "public_ip_addresses"), f"this gateway has {most}, not {len(public)}")


def r13_point_to_site_takes_a_third_address(scenario: Scenario) -> Breaches:
    """R13: an active-active gateway with point-to-site needs a third public address."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.active_active and gateway.point_to_site is not None and len(gateway.public_ip_addresses) == 2:
            path = ("vnets", name, "vpn_gateway", "public_ip_addresses")
            yield Breach(path, "active-active with point_to_site takes three; add one for the clients")


def r52_tunnels_fit_the_sku(scenario: Scenario) -> Breaches:
    """R52: a SKU limits tunnels, redundant ones included, and clients; R53: above 100 it is another product."""
    of_sku = SEED_TUNNELS if scenario.profile == "seed" else TUNNELS
    for name, gateway in vpn_gateways(scenario).items():
        path, sku = ("vnets", name, "vpn_gateway", "sku"), gateway.sku.removesuffix("AZ")
        own, most = instances(scenario, name), of_sku.get(sku, MOST_TUNNELS)
        tunnels = sum(own * instances(scenario, item.other(name)) for _, item in scenario.connections_of(name))
        if tunnels > most:
            larger = "more than 100 take Virtual WAN (R53)" if tunnels > 100 else "take a larger SKU, up to 100 (R53)"
            message = f"{gateway.sku} has {most} tunnels and {tunnels} end here; {larger}"
            yield Breach(path, f"{message} {by_profile(scenario)}")
        clients, most = len(tuple(scenario.clients_of(name))), most_clients(scenario, sku)
        if clients > most:
            message = f"{gateway.sku} serves {most} IKEv2 clients and {clients} use it: it refuses those that come last"
            yield Breach(path, f"{message} {by_profile(scenario)}", "warning")


def r54_basic_lacks(scenario: Scenario) -> Breaches:
    """R54: Basic has no IKEv2 point-to-site and no gateway transit (B1: BGP, R10: active-active, R40: policies)."""
    basic = {name: gateway for name, gateway in vpn_gateways(scenario).items() if gateway.sku == "Basic"}
    right = "take VpnGw1 or larger"
    for name, gateway in basic.items():
        if gateway.point_to_site is not None:
            place = ("vnets", name, "vpn_gateway", "point_to_site")
            yield Breach(place, f"Basic has no IKEv2 point-to-site; {right}")
    for name, peering in scenario.peerings.items():
        if peering.vnet in basic and peering.allow_gateway_transit:
            message = f"the Basic gateway of `{peering.vnet}` has no gateway transit; {right}"
            yield Breach(("peerings", name, "allow_gateway_transit"), message)


def r55_point_to_site_is_route_based(scenario: Scenario) -> Breaches:
    """R55: point-to-site needs a route-based gateway."""
    for name, gateway in policy_based(scenario):
        if gateway.point_to_site is not None:
            path = ("vnets", name, "vpn_gateway", "point_to_site")
            yield Breach(path, "point-to-site needs vpn_type: RouteBased")


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


def r57_pools_overlap_nothing(scenario: Scenario) -> Breaches:
    """R57: a P2S pool is a /29 (active-active: /28) at least, and overlaps no known network nor the client's own."""
    for pool in address_pools(scenario):
        least = 28 if instances(scenario, pool.owner) == 2 else 29
        if pool.prefix.prefixlen > least:
            whose = "an active-active gateway" if least == 28 else "a gateway"
            yield Breach(pool.path, f"{pool.prefix} is smaller than /{least}, the smallest pool of {whose}")
        for other in known_to(scenario, pool.owner):
            if other.prefix.overlaps(pool.prefix):
                yield Breach(pool.path, f"the pool {pool.prefix} overlaps {other.prefix} of {in_words(other.path)}")
        for name in scenario.clients_of(pool.owner):
            client = scenario.clients[name]
            if client.local_network is not None and client.local_network.overlaps(pool.prefix):
                path = ("clients", name, "local_network")
                yield Breach(path, f"{client.local_network} overlaps the pool {pool.prefix} of `{pool.owner}`")
            if client.public_ip_address is not None and client.public_ip_address in pool.prefix:
                path = ("clients", name, "public_ip_address")
                yield Breach(path, f"{client.public_ip_address} is in the pool {pool.prefix} of `{pool.owner}`")


def r60_roots_are_few(scenario: Scenario) -> Breaches:
    """R60: a gateway trusts up to 20 root certificates."""
    for name, gateway in vpn_gateways(scenario).items():
        roots = gateway.point_to_site.root_certificates if gateway.point_to_site is not None else ()
        if len(roots) > MOST_ROOTS:
            path = ("vnets", name, "vpn_gateway", "point_to_site", "root_certificates")
            yield Breach(path, f"a gateway trusts {MOST_ROOTS} roots and {len(roots)} are written; drop some")


def r62_clients_take_all_selectors(scenario: Scenario) -> Breaches:
    """R62: Windows takes 255 traffic selectors (25 in the seed's days), other clients 256; with more IKEv2 fails."""
    offered = {name: len(_offered(scenario, name)) for name in serving(scenario)}
    for name, client in scenario.clients.items():
        most = SELECTORS.get((client.os, scenario.profile), MOST_SELECTORS)
        for gateway in client.gateways:
            if offered.get(gateway, 0) > most:
                message = f"the gateway of `{gateway}` offers {offered[gateway]} prefixes and {client.os} takes {most}"
                right = "summarise them, or set push_prefixes_to_p2s: false"
                yield Breach(("clients", name), f"{message}; {right} {by_profile(scenario)}")


def r67_gateways_of_a_client_do_not_overlap(scenario: Scenario) -> Breaches:
    """R67: a client reaches several VNets at once if neither the VNets nor the pools overlap."""
    networks = {name: _of_gateway(scenario, name) for name in serving(scenario)}
    for name, client in scenario.clients.items():
        for (_, one), (index, other) in combinations(enumerate(client.gateways), 2):
            found = product(networks.get(one, ()), networks.get(other, ()))
            overlap = next((pair for pair in found if pair[0].overlaps(pair[1])), None)
            if one != other and overlap is not None:
                message = f"{overlap[1]} of `{other}` overlaps {overlap[0]} of `{one}`"
                path = ("clients", name, "further_gateways", index - 1)
                yield Breach(path, f"{message}; a client of both needs VNets and pools that do not overlap")


def _of_gateway(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    pools = (pool.prefix for pool in address_pools(scenario) if pool.owner == vnet)
    return (*scenario.vnets[vnet].address_space, *pools)


def _offered(scenario: Scenario, vnet: str) -> set[IPv4Network]:
    """What a gateway offers its clients: what it and those that it speaks BGP with have, and are told."""
    domain = bgp_domain(scenario, vnet)
    networks = (network for end in connectable(scenario) if end in domain for network in networks_of(scenario, end))
    point_to_site = vpn_gateways(scenario)[vnet].point_to_site
    return {
        *(network.prefix for network in networks),
        *(pool.prefix for pool in address_pools(scenario) if pool.owner in domain),
        *(point_to_site.custom_routes if point_to_site is not None else ()),
        *(
            prefix
            for name in domain & scenario.vnets.keys()
            for told in told_by_vnet(scenario)[name]
            if name != vnet or scenario.connections[told.connection].push_prefixes_to_p2s
            for prefix in told.gateway.address_prefixes
        ),
    }
