"""Gateways, their SKU and point-to-site."""

from __future__ import annotations

from netlab.scenario.models import (
    Scenario,
)
from netlab.scenario.rules.subjects import (
    Breach,
    Breaches,
    address_pools,
    in_words,
    known_to,
    policy_based,
    vpn_gateways,
)

# R52: site-to-site and VNet-to-VNet tunnels, and point-to-site IKEv2 clients.
TUNNELS = {"Basic": 10, "Standard": 10, "VpnGw4": 100, "VpnGw5": 100}
MOST_TUNNELS = 30
CLIENTS = {"Standard": 128, "HighPerformance": 128, "VpnGw1": 250, "VpnGw2": 500, "VpnGw3": 1000, "VpnGw4": 5000}
MOST_CLIENTS = 10000
# Section 7: in the seeds, whatever the SKU.
SEED_CLIENTS = 128


def most_clients(scenario: Scenario, sku: str) -> int:
    """How many IKEv2 clients a gateway serves; it refuses the next one."""
    return SEED_CLIENTS if scenario.profile == "seed" else CLIENTS.get(sku.removesuffix("AZ"), MOST_CLIENTS)


def r52_tunnels_fit_the_sku(scenario: Scenario) -> Breaches:
    """R52: a SKU limits the tunnels and, apart from them, the clients; R53: above 100 it is another product."""
    for name, gateway in vpn_gateways(scenario).items():
        path, sku = ("vnets", name, "vpn_gateway", "sku"), gateway.sku.removesuffix("AZ")
        tunnels, most = len(tuple(scenario.connections_of(name))), TUNNELS.get(sku, MOST_TUNNELS)
        if tunnels > most:
            larger = "more than 100 take Virtual WAN (R53)" if tunnels > 100 else "take a larger SKU, up to 100 (R53)"
            yield Breach(path, f"{gateway.sku} has {most} tunnels and {tunnels} connections end here; {larger}")
        clients, most = len(tuple(scenario.clients_of(name))), most_clients(scenario, sku)
        if clients > most:
            message = f"{gateway.sku} serves {most} IKEv2 clients and {clients} use it: it refuses those that come last"
            yield Breach(path, message, "warning")


def r54_basic_lacks(scenario: Scenario) -> Breaches:
    """R54: Basic has no IKEv2 point-to-site and no gateway transit (and no BGP: B1)."""
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
    """R21: policy-based is for SKU Basic, exactly one site-to-site tunnel, and no VNet-to-VNet."""
    for name, gateway in policy_based(scenario):
        path = ("vnets", name, "vpn_gateway", "vpn_type")
        own = tuple(scenario.connections_of(name))
        if gateway.sku != "Basic":
            yield Breach(path, f"PolicyBased exists with SKU Basic only, not with {gateway.sku}; use RouteBased")
        if len(own) != 1:
            yield Breach(path, f"PolicyBased has exactly one connection, not {len(own)}; use RouteBased")
        for connection, item in own:
            if item.other(name) in scenario.vnets:
                yield Breach(("connections", connection), f"`{name}` is PolicyBased and cannot be joined to a VNet")


def policy_based_is_not_built_yet(scenario: Scenario) -> Breaches:
    """The lab builds route-based gateways only."""
    for name, _ in policy_based(scenario):
        path = ("vnets", name, "vpn_gateway", "vpn_type")
        yield Breach(path, "not built yet: the lab has no policy-based gateways; use RouteBased")


def r57_pools_overlap_nothing(scenario: Scenario) -> Breaches:
    """R57: a P2S pool is a /29 at least, and overlaps no network that the gateway knows nor the client's own."""
    for pool in address_pools(scenario):
        if pool.prefix.prefixlen > 29:
            yield Breach(pool.path, f"{pool.prefix} is smaller than /29, the smallest pool")
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
