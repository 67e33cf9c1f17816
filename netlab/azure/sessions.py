"""Who is connected to which gateway, what each tunnel holds, and why somebody is not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.p2s.routes import offered_selectors, profile_prefixes, static_prefixes
from netlab.scenario.models import PointToSite, Scenario, node_name
from netlab.scenario.network import VpnGateway, resolve
from netlab.scenario.rules.gateways import most_clients

Prefixes = frozenset[IPv4Network]

# A client's tunnel to the gateway of a VNet: the names of both.
Tunnel = tuple[str, str]

# Why a client has no tunnel, in the words in which the lab's gateway says it too.
REVOKED = "its certificate is revoked"
UNTRUSTED = "the gateway does not trust the root that issued its certificate"
WRONG_PASSWORD = "its password is wrong"
NO_ADDRESS = "the gateway has no address left for it"
REFUSALS = (REVOKED, UNTRUSTED, WRONG_PASSWORD, NO_ADDRESS)
# R66: no client comes back by itself.
DISCONNECTED = "it was disconnected, and does not reconnect by itself"
# No gateway says this of itself.
UNREACHABLE = "its gateway does not answer"


@dataclass(frozen=True)
class Session:
    """What a client's tunnel holds: negotiated selectors, the profile's routes, routes added by hand.

    ``absent`` says why there is no tunnel, and is empty while there is one. The profile is a file, and stays.
    """

    selectors: Prefixes = frozenset()
    profile: Prefixes = frozenset()
    by_hand: Prefixes = frozenset()
    absent: str = ""

    def routes(self, windows: bool) -> Prefixes:
        """The VPN routes: Windows has its profile's, others those of the selectors; both, those added by hand."""
        if self.absent:
            return frozenset()
        return (self.profile if windows else self.selectors) | self.by_hand


Sessions = Mapping[Tunnel, Session]


def tunnels_of(scenario: Scenario) -> Iterator[Tunnel]:
    """Every tunnel of every client, in the order in which they are connected."""
    return ((name, gateway) for name, client in scenario.clients.items() for gateway in client.gateways)


def tunnel_name(scenario: Scenario, tunnel: Tunnel) -> str:
    """What a tunnel is called: as its client's node; those to further gateways after their VNet too."""
    client, gateway = tunnel
    further = gateway != scenario.clients[client].gateway
    return node_name(client, gateway) if further else node_name(client)


def point_to_site(scenario: Scenario, vnet: str) -> PointToSite:
    """The point-to-site configuration of a gateway that has one."""
    gateway = scenario.vnets[vnet].vpn_gateway
    assert gateway is not None
    assert gateway.point_to_site is not None
    return gateway.point_to_site


def vpn_gateway(scenario: Scenario, vnet: str) -> VpnGateway:
    """The VPN gateway of a VNet that has one."""
    gateway = resolve(scenario).vnets[vnet].vpn_gateway
    assert gateway is not None
    return gateway


def pool_addresses(scenario: Scenario, vnet: str) -> tuple[IPv4Address, IPv4Address]:
    """The first and the last address that a gateway hands out: its pool's, as many as it serves clients (R52)."""
    gateway = scenario.vnets[vnet].vpn_gateway
    assert gateway is not None
    pool = point_to_site(scenario, vnet).address_pool
    served = min(pool.num_addresses - 2, most_clients(scenario, gateway.sku))
    return pool[1], pool[served]


def offered(scenario: Scenario, vnet: str, by_bgp: Iterable[IPv4Network]) -> Prefixes:
    """The selectors that a gateway offers its clients, given what BGP told it."""
    static = (*static_prefixes(vpn_gateway(scenario, vnet)), *point_to_site(scenario, vnet).custom_routes)
    return frozenset(offered_selectors(static, by_bgp))


def downloaded(scenario: Scenario, vnet: str) -> Prefixes:
    """The routes in the profile package of a gateway now."""
    return frozenset(profile_prefixes(vpn_gateway(scenario, vnet)))


def refusal(scenario: Scenario, sessions: Sessions, tunnel: Tunnel) -> str:
    """Why a gateway would refuse a client now; empty if it would let it in."""
    client, gateway = tunnel
    settings, item = point_to_site(scenario, gateway), scenario.clients[client]
    if settings.authentication == "Certificate":
        if issuer(scenario, client) not in settings.root_certificates:
            return UNTRUSTED
        if client.lower() in map(str.lower, settings.revoked_certificates):
            return REVOKED
    if settings.authentication == "EapMSChapv2" and item.password == "wrong":
        return WRONG_PASSWORD
    first, last = pool_addresses(scenario, gateway)
    others = (session for (name, vnet), session in sessions.items() if vnet == gateway and name != client)
    full = sum(not session.absent for session in others) > int(last) - int(first)
    return NO_ADDRESS if full else ""


def issuer(scenario: Scenario, client: str) -> str:
    """The root that issued a client's certificate."""
    item = scenario.clients[client]
    if item.certificate is not None:
        return item.certificate.issued_by
    return point_to_site(scenario, item.gateway).root_certificates[0]


def connect(
    scenario: Scenario, sessions: Sessions, tunnel: Tunnel, selectors: Prefixes, reachable: bool = True
) -> Sessions:
    """Connect a client, or authenticate it afresh: the gateway lets it in with these selectors, or refuses it."""
    now = sessions[tunnel]
    refused = refusal(scenario, sessions, tunnel) if reachable else UNREACHABLE
    if refused:
        return {**sessions, tunnel: Session(profile=now.profile, absent=refused)}
    return {**sessions, tunnel: replace(now, selectors=selectors, absent="")}


def disconnect(sessions: Sessions, tunnel: Tunnel, why: str = DISCONNECTED) -> Sessions:
    """End a client's tunnel. Its routes go with it, those added by hand too; one that has none keeps its reason."""
    now = sessions[tunnel]
    return sessions if now.absent else {**sessions, tunnel: Session(profile=now.profile, absent=why)}
