"""What stands between a client and its gateway, and which tunnel types pass it."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto
from itertools import takewhile

from netlab.scenario.models import NEEDS, TRIED, AccessNetwork, Scenario, TunnelType

HTTPS = 443


class Obstacle(Enum):
    """Why a tunnel type does not get from a client to its gateway."""

    FIREWALL = auto()
    PROXY_PORT = auto()
    PROXY_PASSWORD = auto()
    SHARED_ADDRESS = auto()


def outermost(scenario: Scenario, client: str) -> str | None:
    """The access network or site whose public address a client has; None where it has one of its own."""
    behind = scenario.clients[client].behind
    site = scenario.sites.get(behind or "")
    return site.behind or behind if site is not None else behind


def access_of(scenario: Scenario, client: str) -> AccessNetwork | None:
    """The access network through which a client gets to the Internet; None where there is none."""
    return scenario.access_networks.get(outermost(scenario, client) or "")


def uses_proxy(scenario: Scenario, client: str, tunnel_type: TunnelType) -> bool:
    """Whether a tunnel passes the HTTP proxy of the client's network: TLS does, where the firewall keeps it (P8)."""
    found = access_of(scenario, client)
    return found is not None and found.http_proxy is not None and _kept(found, tunnel_type) and _is_tls(tunnel_type)


def obstacle(scenario: Scenario, client: str, gateway: str, tunnel_type: TunnelType) -> Obstacle | None:
    """What keeps a tunnel type from coming up between a client and the gateway of a VNet; None if nothing does."""
    own = scenario.clients[client].network
    if own is not None and set(NEEDS[tunnel_type]) & set(own.blocks):
        return Obstacle.FIREWALL
    found = access_of(scenario, client)
    if found is not None and _kept(found, tunnel_type):
        proxy = found.http_proxy
        if proxy is None or not _is_tls(tunnel_type):
            return Obstacle.FIREWALL
        if proxy.asks_for_password:
            return Obstacle.PROXY_PASSWORD
        if HTTPS not in proxy.connects_to:
            return Obstacle.PROXY_PORT
    if not _is_tls(tunnel_type) and _shares_address(scenario, client, gateway):
        return Obstacle.SHARED_ADDRESS
    return None


def chosen(scenario: Scenario, client: str, gateway: str, offered: Collection[TunnelType]) -> TunnelType:
    """The type of a client's tunnel to a gateway with these: its own, or of those that it tries the first that gets
    there, and else the first that no firewall stops, or of all (P7).

    Differs from Azure: a client knows what gets to its gateway, and does not wait for an answer of what is tried
    before.
    """
    found = _tried(scenario, client, gateway, offered)
    passing = [each for each, why in found.items() if why is None]
    stopped_late = [each for each, why in found.items() if why is not Obstacle.FIREWALL]
    return (*passing, *stopped_late, *found)[0]


def passed_over(
    scenario: Scenario, client: str, gateway: str, offered: Collection[TunnelType]
) -> dict[TunnelType, Obstacle]:
    """The tunnel types that a client tries before the one that it has, and what stops each of them (P7)."""
    found = _tried(scenario, client, gateway, offered)
    before = takewhile(lambda each: each != chosen(scenario, client, gateway, offered), found)
    return {each: why for each in before if (why := found[each]) is not None}


def _tried(
    scenario: Scenario, client: str, gateway: str, offered: Collection[TunnelType]
) -> dict[TunnelType, Obstacle | None]:
    """The tunnel types that a client tries, in its order, and what stops each of them: its own, or those of its system
    that the gateway has."""
    spec = scenario.clients[client]
    own = [each for each in spec.system.tunnel_types if each in offered]
    tried = own or [each for each in TRIED if each in offered]
    wanted = tried if spec.tunnel_type is None else [spec.tunnel_type]
    return {each: obstacle(scenario, client, gateway, each) for each in wanted}


def _kept(network: AccessNetwork, tunnel_type: TunnelType) -> bool:
    """Whether the firewall of a network does not let a tunnel type out."""
    return not network.is_open and not set(NEEDS[tunnel_type]) <= set(network.ports_out)


def _is_tls(tunnel_type: TunnelType) -> bool:
    return NEEDS[tunnel_type] == ("tcp/443",)


def _shares_address(scenario: Scenario, client: str, gateway: str) -> bool:
    """Whether a client has the public address of a device that is connected with the same gateway (R69, P26)."""
    place = outermost(scenario, client)
    ends = [item.other(gateway) for _, item in scenario.connections_of(gateway)]
    behind = (site.behind for end in ends if (site := scenario.sites.get(end)) is not None)
    return place is not None and place in (*ends, *behind)
