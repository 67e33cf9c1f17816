"""BGP sessions between the routers of a topology, and the prefixes that each router originates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.bgp import values
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.network import Appliance, Backbone, Peers, Router, Site, Topology, Tunnel, VpnGateway

# By site, and by the node of an appliance: the prefixes that the story has it announce.
Announcements = Mapping[str, frozenset[IPv4Network]]


@dataclass(frozen=True, slots=True)
class Session:
    """A BGP session as one of its routers has it: over a tunnel or of two routers without one; ``internal`` is iBGP."""

    router: Router
    peer: Router
    tunnel: Tunnel | None = None
    internal: bool = False
    pair: Peers | None = None

    @property
    def over(self) -> str:
        """What it runs over: the name of its tunnel, or that of the two routers."""
        return self.tunnel.name if self.tunnel is not None else f"{self.router.node}-{self.peer.node}"

    @property
    def address(self) -> IPv4Address:
        """The router's address in it."""
        return self._address(self.router)

    @property
    def peer_address(self) -> IPv4Address:
        """The peer's address in it."""
        return self._address(self.peer)

    def _address(self, router: Router) -> IPv4Address:
        """A router's address in its tunnel or on the link of a circuit, if that has one; else its only one."""
        if self.pair is not None:
            return self.pair.address(router.node)
        of_tunnel = self.tunnel.bgp_of(router.node).address if self.tunnel is not None else None
        return of_tunnel if of_tunnel is not None else router.bgp_address


def sessions(topology: Topology, tunnels_up: frozenset[str]) -> tuple[Session, ...]:
    """The sessions of every router: over tunnels that are up, inside its gateway or site, and without a tunnel."""
    return tuple(s for router in topology.speakers.values() for s in _sessions(topology, router, tunnels_up))


def possible(topology: Topology, router: Router) -> tuple[Session, ...]:
    """The sessions of a router if all of its tunnels are up."""
    return tuple(_sessions(topology, router, frozenset(tunnel.name for tunnel in topology.tunnels_of(router.node))))


def _sessions(topology: Topology, router: Router, tunnels_up: frozenset[str]) -> Iterator[Session]:
    for tunnel in topology.tunnels_of(router.node):
        if tunnel.connection.speaks_bgp and tunnel.name in tunnels_up:
            yield Session(router, tunnel.other(router.node), tunnel)
    if router.node in topology.routers and router.end in topology.network.bgp_ends:
        yield from (Session(router, other, internal=True) for other in topology.lan_of(router.node))
    for pair in topology.peers_of.get(router.node, ()):
        other = pair.other(router.node)
        yield Session(router, other, internal=router.asn == other.asn, pair=pair)


def originated(router: Router, announced: Announcements | None = None) -> tuple[IPv4Network, ...]:
    """The prefixes that a router originates; those of a site and of an appliance are as the story has made them, with
    those that a site has for its Microsoft peerings (R123).

    A gateway: those of its VNet and spokes (B18), of all its local network gateways (B17, B25) without the default
    route (B24), its address pool (B18), and the host routes of its BGP peers (B63).
    """
    told, end = announced or {}, router.end
    if router.role in ("route server", "expressroute"):
        if router.vnet is None:
            return ()
        return router.vnet.advertised_prefixes if router.role == "expressroute" else router.vnet.prefixes
    if isinstance(end, VpnGateway):
        pool = (end.point_to_site.address_pool,) if end.point_to_site is not None else ()
        statics = (prefix for side in end.sides for prefix in side.static_prefixes if prefix != DEFAULT_ROUTE)
        return tuple(dict.fromkeys((*end.vnet.advertised_prefixes, *statics, *pool, *values.host_routes(router))))
    if isinstance(end, Appliance) and end.bgp is not None:
        return tuple(sorted(told[router.node])) if router.node in told else end.bgp.announces
    if isinstance(end, Backbone):
        return end.prefixes
    if isinstance(end, Site) and not router.before_devices:
        private = sorted(told[end.name]) if end.name in told else end.announces
        return tuple(dict.fromkeys((*private, *end.public_prefixes)))
    return ()
