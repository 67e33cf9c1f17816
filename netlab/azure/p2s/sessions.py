"""Which clients are connected to which gateway, what each tunnel holds, and why there is no tunnel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netlab.azure.p2s.package import Package, package, why_stale
from netlab.azure.p2s.refusals import refusal
from netlab.azure.p2s.routes import profile_prefixes, windows_routes
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.azure.p2s.tunnels.rules import Prefixes as Prefixes
from netlab.scenario.network import ClientTunnel
from netlab.scenario.passage import Obstacle

# R66: no client comes back by itself.
DISCONNECTED = "it was disconnected, and does not reconnect by itself"
RESTARTED = "its computer was restarted, and it does not reconnect by itself"
# No gateway says this of itself.
UNREACHABLE = "its gateway does not answer"
# Why a tunnel type does not get to the gateway (P6, P8, R69).
OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.FIREWALL: "the network that it is in does not let its tunnel out",
    Obstacle.PROXY_PORT: "the HTTP proxy of its network does not connect to TCP port 443",
    Obstacle.PROXY_PASSWORD: "the HTTP proxy of its network asks for a password, and its software gives none",
    Obstacle.SHARED_ADDRESS: "it has the public address of a site-to-site device of the same gateway, whose IKE it is",
}


@dataclass(frozen=True)
class Session:
    """What a client's tunnel holds: what the gateway offered when it connected, the profile's routes, routes added by
    hand.

    ``absent`` says why there is no tunnel, and is empty while there is one. The profile is a file, and stays; it is in
    the ``package``, with what the client connects with.
    """

    selectors: Prefixes = frozenset()
    profile: Prefixes = frozenset()
    by_hand: Prefixes = frozenset()
    absent: str = ""
    package: Package | None = None

    def routes(self, tunnel: ClientTunnel) -> Prefixes:
        """The VPN routes: the profile's, or those that were offered, by the tunnel's type; and those added by hand."""
        if self.absent:
            return frozenset()
        return (windows_routes(tunnel, self.profile) if by_profile(tunnel) else self.selectors) | self.by_hand


def by_profile(tunnel: ClientTunnel) -> bool:
    """Whether the routes of a client come from its downloaded profile."""
    return tunnel.client.spec.family in TUNNELS[tunnel.tunnel_type].by_profile


# A session by the key of its tunnel, which is the same in every network of a story.
Key = tuple[str, str]
Sessions = Mapping[Key, Session]


def connect(
    sessions: Sessions, tunnel: ClientTunnel, selectors: Prefixes, reachable: bool = True, silence: str = ""
) -> Sessions:
    """Connect a client, or authenticate it afresh: the gateway lets it in with these selectors, or refuses it.

    ``reachable`` is the gateway for the client; ``silence`` is why no RADIUS server answers the gateway.
    """
    now = sessions[tunnel.key]
    found = tunnel.obstacle(tunnel.tunnel_type)
    stale = why_stale(now.package, tunnel) if now.package is not None else ""
    silent = OBSTACLES[found] if found is not None else stale or ("" if reachable else UNREACHABLE)
    refused = silent or refusal(tunnel, _taken(sessions, tunnel), silence)
    if refused:
        return {**sessions, tunnel.key: _without(now, refused)}
    return {**sessions, tunnel.key: replace(now, selectors=selectors, absent="")}


def _taken(sessions: Sessions, tunnel: ClientTunnel) -> int:
    """How many addresses of a gateway's pool its other clients with tunnels of the same type hold."""
    tunnels = tunnel.client.network.client_tunnels
    others = (held for key, held in sessions.items() if key != tunnel.key and _alike(tunnels[key], tunnel))
    return sum(not held.absent for held in others)


def _alike(one: ClientTunnel, other: ClientTunnel) -> bool:
    return (one.gateway.name, one.tunnel_type) == (other.gateway.name, other.tunnel_type)


def disconnect(sessions: Sessions, key: Key, why: str = DISCONNECTED) -> Sessions:
    """End a client's tunnel. Its routes go with it, those added by hand too; one that has none keeps its reason."""
    now = sessions[key]
    return sessions if now.absent else {**sessions, key: _without(now, why)}


def download(session: Session, tunnel: ClientTunnel) -> Session:
    """A client with the package that Azure generates now."""
    return replace(session, profile=frozenset(profile_prefixes(tunnel)), package=package(tunnel))


def _without(session: Session, why: str) -> Session:
    """A session without its tunnel: the package stays."""
    return Session(profile=session.profile, absent=why, package=session.package)
