"""Point-to-site: address pools, certificates, clients."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import CustomRoutes, Scenario
from netlab.scenario.names import suggest
from netlab.scenario.overlaps import crossing
from netlab.scenario.rules.breach import Breach, Breaches, Path, by_profile, in_words, unknown
from netlab.scenario.rules.joined import address_pools, instances, known_to, networks_of, offered_prefixes
from netlab.scenario.rules.subjects import policy_based, serving, story_actions, tunnel_type_of, vpn_gateways


def clients_name_point_to_site_gateways(scenario: Scenario) -> Breaches:
    """A client connects to VNets whose VPN gateways have a point-to-site configuration, to each once."""
    for name, client in scenario.clients.items():
        for index, gateway in enumerate(client.gateways):
            path: Path = ("clients", name, *(("further_gateways", index - 1) if index else ("gateway",)))
            if gateway not in scenario.vnets:
                yield from unknown(path, gateway, serving(scenario), "VNet")
            elif gateway not in serving(scenario):
                message = f"`{gateway}` has no vpn_gateway with point_to_site"
                yield Breach(path, f"{message}; {suggest(gateway, serving(scenario))}")
            elif gateway in client.gateways[:index]:
                yield Breach(path, f"`{gateway}` is written twice; leave one out")


def clients_name_the_network_that_they_are_in(scenario: Scenario) -> Breaches:
    """A client is in an access network or in a site with a single device; then it has no public address of its own."""
    for name, client in scenario.clients.items():
        path: Path = ("clients", name, "network")
        if client.behind is None:
            continue
        site = scenario.sites.get(client.behind)
        yield from unknown(path, client.behind, (*scenario.access_networks, *scenario.sites), "access network or site")
        if site is not None and site.devices:
            message = f"`{client.behind}` has several devices, and each its own public address"
            yield Breach(path, f"{message}; name a site with one device, or an access network")
        if client.public_ip_address is not None:
            message = f"`{name}` has the public address of `{client.behind}`; leave it out, or write it there"
            yield Breach((*path[:2], "public_ip_address"), message)


def revoked_certificates_are_clients(scenario: Scenario) -> Breaches:
    """A revoked certificate goes by the name of its client."""
    known = set(map(str.lower, scenario.clients))
    for name in serving(scenario):
        settings = vpn_gateways(scenario)[name].point_to_site
        for index, revoked in enumerate(settings.revoked_certificates if settings is not None else ()):
            path = ("vnets", name, "vpn_gateway", "point_to_site", "revoked_certificates", index)
            if revoked.lower() not in known:
                yield from unknown(path, revoked, scenario.clients, "client")


# R60.
MOST_ROOTS = 20
# P32.
MOST_REVOKED = 300


def r55_point_to_site_is_route_based(scenario: Scenario) -> Breaches:
    """R55: point-to-site needs a route-based gateway."""
    for name, gateway in policy_based(scenario):
        if gateway.point_to_site is not None:
            path = ("vnets", name, "vpn_gateway", "point_to_site")
            yield Breach(path, "point-to-site needs vpn_type: RouteBased")


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


def clients_networks_are_not_behind_the_gateway(scenario: Scenario) -> Breaches:
    """A client's own network overlaps no network behind its gateway: one of the two would be out of its reach."""
    for name, client in scenario.clients.items():
        local = client.local_network
        behind = [n for gateway in client.gateways if gateway in serving(scenario) for n in known_to(scenario, gateway)]
        other = next((n for n in behind if local is not None and n.prefix.overlaps(local)), None)
        if local is not None and other is not None:
            message = f"{local} overlaps {other.prefix} of {in_words(other.path)}; {client.os} sends what is in both"
            where = _takes_both(scenario, name, local, other.prefix)
            yield Breach(("clients", name, "local_network"), f"{message} to its {where}", "warning")


def _takes_both(scenario: Scenario, name: str, local: IPv4Network, other: IPv4Network) -> str:
    """Where a client sends what is in its own network and in one behind its gateway: the longest prefix wins, but for
    strongSwan's table, which comes before the main one; a Windows profile holds no prefix of S2S or BGP (1.3)."""
    client = scenario.clients[name]
    by_ike = tunnel_type_of(scenario, name, client.gateway) == "IkeV2"
    windows = client.family == "windows" and by_ike
    there = [gateway for gateway in client.gateways if gateway in serving(scenario)]
    routes = {p for vnet in there for p in (_profile(scenario, vnet) if windows else offered_prefixes(scenario, vnet))}
    longest = max((p.prefixlen for p in routes if p.overlaps(local) and p.overlaps(other)), default=None)
    if longest is None:
        return "own network: its tunnel has no such route"
    in_front = by_ike and not windows
    return "own network, the longer prefix" if not in_front and local.prefixlen > longest else "tunnel"


def _profile(scenario: Scenario, vnet: str) -> set[IPv4Network]:
    """The prefixes in the profile of a Windows client: of the VNet, of transit spokes, and custom routes (R63)."""
    settings = vpn_gateways(scenario)[vnet].point_to_site
    custom = set(settings.custom_routes) if settings is not None else set()
    return {*(network.prefix for network in networks_of(scenario, vnet)), *custom} - {DEFAULT_ROUTE}


def p24_class_based_routes_are_windows(scenario: Scenario) -> Breaches:
    """P24: only Windows has a class-based route, and not where the gateway pushes routes (P16)."""
    for name, client in scenario.clients.items():
        types = [tunnel_type_of(scenario, name, gateway) for gateway in client.gateways]
        pushed = bool(types) and all(each == "OpenVPN" for each in types)
        if (client.family != "windows" or pushed) and "class_based_route" in client.model_fields_set:
            what = f"a client with {types[0]}" if client.family == "windows" else f"a {client.os} client"
            message = f"{what} has no class-based route; leave class_based_route out"
            yield Breach(("clients", name, "class_based_route"), message)


def p33_windows_is_forced_by_two_halves(scenario: Scenario) -> Breaches:
    """P33: the custom route 0.0.0.0/0 has no effect at Windows; 0.0.0.0/1 and 128.0.0.0/1 have (R64)."""
    custom: list[tuple[Path, str, tuple[IPv4Network, ...]]] = [
        (("vnets", name, "vpn_gateway", "point_to_site", "custom_routes"), name, gateway.point_to_site.custom_routes)
        for name, gateway in vpn_gateways(scenario).items()
        if gateway.point_to_site is not None
    ]
    custom += [
        ((*path, "prefixes"), action.subject.vnet, action.subject.prefixes)
        for path, action in story_actions(scenario)
        if isinstance(action.subject, CustomRoutes)
    ]
    for path, vnet, prefixes in custom:
        windows = [
            name
            for name in scenario.clients_of(vnet)
            if scenario.clients[name].family == "windows" and tunnel_type_of(scenario, name, vnet) != "OpenVPN"
        ]
        if windows and DEFAULT_ROUTE in prefixes:
            message = f"{DEFAULT_ROUTE} has no effect at Windows, as `{windows[0]}`; write 0.0.0.0/1 and 128.0.0.0/1"
            yield Breach((*path, prefixes.index(DEFAULT_ROUTE)), message, "warning")


def r60_roots_are_few(scenario: Scenario) -> Breaches:
    """R60: a gateway trusts up to 20 root certificates."""
    for name, gateway in vpn_gateways(scenario).items():
        roots = gateway.point_to_site.root_certificates if gateway.point_to_site is not None else ()
        if len(roots) > MOST_ROOTS:
            path = ("vnets", name, "vpn_gateway", "point_to_site", "root_certificates")
            yield Breach(path, f"a gateway trusts {MOST_ROOTS} roots, and {len(roots)} are written; leave some out")


def p32_revoked_certificates_are_few(scenario: Scenario) -> Breaches:
    """P32: a gateway keeps up to 300 revoked certificates."""
    for name in serving(scenario):
        settings = vpn_gateways(scenario)[name].point_to_site
        revoked = set(map(str.lower, settings.revoked_certificates)) if settings is not None else set()
        if len(revoked) > MOST_REVOKED:
            path = ("vnets", name, "vpn_gateway", "point_to_site", "revoked_certificates")
            message = f"a gateway keeps {MOST_REVOKED} revoked certificates, and {len(revoked)} are written"
            yield Breach(path, f"{message}; leave some out, or let another root issue the good ones")


def r62_clients_take_all_selectors(scenario: Scenario) -> Breaches:
    """R62: Windows takes 255 traffic selectors (25 before version 10 2004), others 256; with more, IKEv2 fails."""
    offered = {name: len(offered_prefixes(scenario, name)) for name in serving(scenario)}
    for name, client in scenario.clients.items():
        current, seed = client.system.selectors
        most = seed if scenario.profile == "seed" else current
        for gateway in (g for g in client.gateways if tunnel_type_of(scenario, name, g) == "IkeV2"):
            if offered.get(gateway, 0) > most:
                message = f"the gateway of `{gateway}` pushes {offered[gateway]} prefixes, and {client.os} takes {most}"
                right = "summarise them, or set push_prefixes_to_p2s: false"
                yield Breach(("clients", name), f"{message}; {right} {by_profile(scenario)}")


def r67_gateways_of_a_client_do_not_overlap(scenario: Scenario) -> Breaches:
    """R67: a client reaches several VNets at once if neither the VNets nor the pools overlap."""
    networks = {name: _of_gateway(scenario, name) for name in serving(scenario)}
    for name, client in scenario.clients.items():
        for (_, one), (index, other) in combinations(enumerate(client.gateways), 2):
            ones, others = networks.get(one, ()), networks.get(other, ())
            overlaps = crossing(ones, others) if one != other else []
            if overlaps:
                first, second = overlaps[0]
                message = f"{others[second]} of `{other}` overlaps {ones[first]} of `{one}`"
                path = ("clients", name, "further_gateways", index - 1)
                yield Breach(path, f"{message}; a client can use both only if VNets and pools do not overlap")


def _of_gateway(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    pools = (pool.prefix for pool in address_pools(scenario) if pool.owner == vnet)
    return (*scenario.vnets[vnet].address_space, *pools)
