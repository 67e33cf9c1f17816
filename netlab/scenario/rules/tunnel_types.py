"""Tunnel types of point-to-site: which a gateway may have, how their clients authenticate, which client has which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.scenario.days import SSTP_HAS_ENDED, SSTP_IS_NOT_ENABLED, by_day, day_of
from netlab.scenario.models import NEEDS, PointToSite, Scenario, TunnelType
from netlab.scenario.passage import HTTPS, Obstacle, obstacle
from netlab.scenario.rules.breach import Breach, Breaches, Path
from netlab.scenario.rules.joined import offered_prefixes
from netlab.scenario.rules.subjects import tunnel_type_of, vpn_gateways

# P18: what a gateway pushes to a client of OpenVPN.
MOST_ROUTES = 1000
# P3.
MOST_SSTP_CLIENTS = 128


def _of(scenario: Scenario, tunnel_type: TunnelType) -> Iterator[tuple[str, PointToSite, Path]]:
    """The gateways that have a tunnel type: the VNet, the settings, and where these stand."""
    for name, gateway in vpn_gateways(scenario).items():
        if gateway.point_to_site is not None and tunnel_type in gateway.point_to_site.tunnel_types:
            yield name, gateway.point_to_site, ("vnets", name, "vpn_gateway", "point_to_site")


def tunnel_types_are_listed_once(scenario: Scenario) -> Breaches:
    """A gateway has a tunnel type or has it not."""
    for name, gateway in vpn_gateways(scenario).items():
        types = gateway.point_to_site.tunnel_types if gateway.point_to_site is not None else ()
        for index, each in enumerate(types):
            if each in types[:index]:
                path = ("vnets", name, "vpn_gateway", "point_to_site", "tunnel_types", index)
                yield Breach(path, f"{each} is written twice; leave one out")


def p1_sstp_and_openvpn_exclude_each_other(scenario: Scenario) -> Breaches:
    """P1: SSTP and OpenVPN are both TLS on TCP port 443: a gateway has one of them, beside IKEv2 or alone."""
    for _, settings, path in _of(scenario, "SSTP"):
        if "OpenVPN" in settings.tunnel_types:
            message = "SSTP and OpenVPN are both TLS on TCP port 443, and a gateway has one of them; leave SSTP out"
            yield Breach((*path, "tunnel_types"), message)


def p3_sstp_is_for_windows(scenario: Scenario) -> Breaches:
    """P3: only Windows has SSTP."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            if client.family != "windows" and tunnel_type_of(scenario, name, gateway) == "SSTP":
                message = f"SSTP is for Windows only, and `{name}` is {client.os}; let it use IkeV2, which"
                yield Breach(("clients", name), f"{message} `{gateway}` then needs among its tunnel_types")


def r59_systems_have_the_tunnel_types_that_they_use(scenario: Scenario) -> Breaches:
    """R59: a client's system has the type of its tunnel: Windows before 10 has no IKEv2; of SSTP see P3."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            found = tunnel_type_of(scenario, name, gateway)
            if found in (None, "SSTP", *client.system.tunnel_types):
                continue
            there = " and ".join(client.system.tunnel_types)
            message = f"{client.os} has {there}, and `{name}` uses {found}; let `{gateway}` have one of these"
            yield Breach(("clients", name), message)


def p3_sstp_serves_128_clients(scenario: Scenario) -> Breaches:
    """P3: a gateway serves at most 128 clients with SSTP, whatever its SKU."""
    for name, _, path in _of(scenario, "SSTP"):
        count = sum(tunnel_type_of(scenario, client, name) == "SSTP" for client in scenario.clients_of(name))
        if count > MOST_SSTP_CLIENTS:
            message = f"a gateway serves {MOST_SSTP_CLIENTS} clients with SSTP, and {count} use it"
            yield Breach((*path, "tunnel_types"), f"{message}; it refuses the last ones", "warning")


def p4_sstp_has_an_end(scenario: Scenario) -> Breaches:
    """P4: Azure enables SSTP on no gateway from 2026-03-31 on, and ends it on 2027-03-31."""
    day = day_of(scenario)
    for _, settings, path in _of(scenario, "SSTP") if day >= SSTP_IS_NOT_ENABLED else ():
        ended = f"SSTP has ended on {SSTP_HAS_ENDED}"
        what = ended if day >= SSTP_HAS_ENDED else f"no gateway gets SSTP since {SSTP_IS_NOT_ENABLED}"
        message = f"{what}; write IkeV2 or OpenVPN, or an earlier as_of, or profile: seed {by_day(scenario)}"
        yield Breach((*path, "tunnel_types", settings.tunnel_types.index("SSTP")), message)


def p2_openvpn_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """P2: every SKU has OpenVPN but Basic."""
    for name, settings, path in _of(scenario, "OpenVPN"):
        if vpn_gateways(scenario)[name].sku == "Basic":
            message = "Basic has no OpenVPN; take VpnGw1AZ or larger, or write IkeV2"
            yield Breach((*path, "tunnel_types", settings.tunnel_types.index("OpenVPN")), message)


def p12_openvpn_authenticates_without_eap(scenario: Scenario) -> Breaches:
    """P12: clients of OpenVPN authenticate with certificates, RADIUS or Entra ID, and not with EAP."""
    for _, settings, path in _of(scenario, "OpenVPN"):
        if settings.authentication == "EapMSChapv2":
            message = "clients of OpenVPN do not authenticate with EAP-MSCHAPv2; write Certificate or Radius"
            yield Breach((*path, "authentication_types"), message)


def p7_clients_have_a_tunnel_type_of_their_gateway(scenario: Scenario) -> Breaches:
    """P7: a client has a tunnel of a type that its gateway has."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            found = vpn_gateways(scenario).get(gateway)
            settings = found.point_to_site if found is not None else None
            if settings is None or client.tunnel_type is None or client.tunnel_type in settings.tunnel_types:
                continue
            there = " and ".join(settings.tunnel_types)
            message = f"`{gateway}` has {there} for its clients, not {client.tunnel_type}; write one that it has"
            yield Breach(("clients", name, "tunnel_type"), message)


def p6_networks_let_tunnels_out(scenario: Scenario) -> Breaches:
    """P6: a client whose network does not let its tunnel out has none."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            found = tunnel_type_of(scenario, name, gateway)
            if found is None or obstacle(scenario, name, gateway, found) is not Obstacle.FIREWALL:
                continue
            blocks = client.network.blocks if client.network is not None else ()
            lost = f"`{name}` has no tunnel to `{gateway}`"
            if blocked := " and ".join(each for each in NEEDS[found] if each in blocks):
                message = f"{found} needs {blocked}, which this network blocks: {lost}"
                yield Breach(("clients", name, "network", "blocks"), message, "warning")
            else:
                message = (
                    f"{found} needs {' and '.join(NEEDS[found])}, which `{client.behind}` does not let out: {lost}"
                )
                yield Breach(("clients", name, "network"), message, "warning")


def p8_proxies_serve_tunnels(scenario: Scenario) -> Breaches:
    """P8: a tunnel passes an HTTP proxy that connects to TCP port 443 for those who give no password."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            found = tunnel_type_of(scenario, name, gateway)
            why = obstacle(scenario, name, gateway, found) if found is not None else None
            if why in _AT_PROXY:
                message = f"the proxy of `{client.behind}` {_AT_PROXY[why]}: `{name}` has no tunnel to `{gateway}`"
                yield Breach(("clients", name, "network"), message, "warning")


_AT_PROXY: Mapping[Obstacle | None, str] = {
    Obstacle.PROXY_PORT: f"does not connect to TCP port {HTTPS}",
    Obstacle.PROXY_PASSWORD: "asks for a password, which clients do not give",
}


def r69_devices_keep_the_ike_of_their_address(scenario: Scenario) -> Breaches:
    """R69: IKEv2 of a client fails from the public address of a site-to-site device of the same gateway."""
    for name, client in scenario.clients.items():
        for gateway in client.gateways:
            found = tunnel_type_of(scenario, name, gateway)
            if found is not None and obstacle(scenario, name, gateway, found) is Obstacle.SHARED_ADDRESS:
                message = f"`{gateway}` takes IKE of the public address of `{client.behind}` for that of its device"
                right = "use OpenVPN or SSTP, or connect from elsewhere"
                yield Breach(("clients", name, "network"), f"{message}: `{name}` has no tunnel; {right}", "warning")


def p18_clients_take_all_routes(scenario: Scenario) -> Breaches:
    """P18: a gateway pushes at most 1,000 routes to a client of OpenVPN."""
    for name, _, _ in _of(scenario, "OpenVPN"):
        users = [c for c in scenario.clients_of(name) if tunnel_type_of(scenario, c, name) == "OpenVPN"]
        count = len(offered_prefixes(scenario, name)) if users else 0
        for client in users if count > MOST_ROUTES else ():
            message = f"the gateway of `{name}` pushes {count} routes, and OpenVPN takes {MOST_ROUTES}; summarise them"
            yield Breach(("clients", client), message)
