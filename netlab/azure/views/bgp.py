"""What Azure's operations show of a BGP speaker: routes and peers, with the keys of ``az``.

Of a gateway and a site as ``az network vnet-gateway list-*``; of an instance of a Route Server and of an appliance as
``az network routeserver peering list-*``, which has the same keys. A witness says what routers hold: the daemons of a
lab, or the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from netlab.azure.bgp.sessions import originated
from netlab.azure.learning import route_server_name, routers
from netlab.azure.state import State
from netlab.results.shown import CircuitRoute, GatewayRoute, PeerStatus, Shown
from netlab.scenario.network import Router, VpnGateway

# B63, and M-MSEE of what an ExpressRoute gateway has from its circuits.
WEIGHT = 32768
WEIGHT_OF_CIRCUIT = 32769
WEIGHT_OF_ECHO = 32770


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A BGP peer of a router: by its address and ASN as the router is told them, over a tunnel, if any."""

    router: Router
    address: IPv4Address
    asn: int
    tunnel: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A route that a router holds, its own where it has no peer; ``used`` says that it is the one it advertises."""

    prefix: IPv4Network
    as_path: tuple[str, ...] = ()
    next_hop: str = ""
    peer: Neighbor | None = None
    internal: bool = False
    used: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """A route that a router advertises to a peer; ``source`` is the router that it learned it from, if it did."""

    prefix: IPv4Network
    as_path: tuple[str, ...]
    next_hop: str
    source: Router | None = None


class Witness(Protocol):
    """What routers hold, send and see of their peers; None where a router does not answer."""

    def held(self, router: Router) -> tuple[Held, ...] | None: ...

    def sent(self, router: Router, peer: Neighbor) -> tuple[Sent, ...] | None: ...

    def peers(self, router: Router) -> tuple[PeerStatus, ...] | None: ...

    def neighbors(self, router: Router) -> tuple[Neighbor, ...]: ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """A gateway, a site, an instance of a Route Server or an appliance that speaks BGP, as a witness has it."""

    state: State
    witness: Witness
    end: str

    @property
    def is_route_server(self) -> bool:
        """Whether it is a Route Server, with both its instances, as Azure shows it."""
        return self.end in map(route_server_name, self.state.network.route_servers)

    def by_role(self, rows: Iterable[GatewayRoute]) -> dict[str, tuple[GatewayRoute, ...]]:
        """Rows of a Route Server under the names that Azure has for its instances."""
        found: dict[str, tuple[GatewayRoute, ...]] = {}
        for router in self._routers():
            local = str(router.bgp_address)
            found[f"RouteServiceRole_IN_{router.index}"] = tuple(row for row in rows if row.localAddress == local)
        return found

    def learned_routes(self) -> Shown[GatewayRoute]:
        """As ``az network vnet-gateway list-learned-routes``: own, static and learned routes of every instance.

        Of a Route Server only what appliances advertise: Azure hides what its gateways do.
        """
        rows: list[GatewayRoute] = []
        dead: list[str] = []
        for router in self._routers():
            found = self.witness.held(router)
            kept = (route for route in found or () if not self.is_route_server or _is_of_appliance(route))
            rows += (_learned(router, route) for route in _in_order(kept))
            rows += self._echoes(router)
            dead += [f"the BGP daemon of {router.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def advertised_routes(self, peer: str) -> Shown[GatewayRoute]:
        """As ``az network vnet-gateway list-advertised-routes``: what the instances advertise to a peer.

        What they have from the peer's own gateway is not among it.
        """
        rows: list[GatewayRoute] = []
        dead: list[str] = []
        for router in self._routers():
            for other in self.witness.neighbors(router):
                if str(other.address) == peer:
                    found, end = self.witness.sent(router, other), other.router.end
                    new = (route for route in found or () if route.source is None or route.source.end is not end)
                    rows += (_advertised(router, route) for route in sorted(new, key=lambda route: route.prefix))
                    dead += [f"the BGP daemon of {router.node}"] if found is None else []
        return Shown(tuple(rows), tuple(dead))

    def peers(self) -> tuple[str, ...]:
        """The addresses of all BGP peers."""
        found = (other for router in self._routers() for other in self.witness.neighbors(router))
        return tuple(dict.fromkeys(str(other.address) for other in found))

    def bgp_peers(self) -> Shown[PeerStatus]:
        """As ``az network vnet-gateway list-bgp-peer-status``; ``reason`` is the lab's own word."""
        rows: list[PeerStatus] = []
        dead: list[str] = []
        for router in self._routers():
            found = self.witness.peers(router)
            if found is None:
                rows += (
                    _unknown(router, other.router, other.address, "its BGP daemon does not answer")
                    for other in self.witness.neighbors(router)
                )
                dead.append(f"the BGP daemon of {router.node}")
            rows += found or ()
            rows += _itself(router)
        return Shown(tuple(rows), tuple(dead))

    def _routers(self) -> tuple[Router, ...]:
        return routers(self.state, self.end)

    def _echoes(self, router: Router) -> Iterator[GatewayRoute]:
        """The prefixes of VNet and spokes as a Route Server hands them back (B63); the import filter drops them."""
        if router.role not in ("gateway", "expressroute"):
            return
        up = {status.neighbor for status in self.witness.peers(router) or () if status.state == "Connected"}
        for other in self.witness.neighbors(router):
            server = str(other.address)
            if other.router.role == "route server" and server in up:
                for prefix in originated(other.router):
                    own = router.vnet is not None and prefix in router.vnet.address_space
                    weight = WEIGHT_OF_ECHO if own else 0
                    yield GatewayRoute(
                        network=str(prefix),
                        nextHop=server,
                        sourcePeer=server,
                        origin="Network",
                        asPath="",
                        weight=weight,
                        localAddress=str(router.bgp_address),
                    )


def why_no_session(state: State, peer: Neighbor) -> str | None:
    """Why a router can have no session with a peer in their tunnel (B37, B43)."""
    tunnel = state.topology.tunnel.get(peer.tunnel)
    return tunnel.why_no_session or None if tunnel is not None else None


def circuit_routes(state: State, witness: Witness, router: Router) -> Shown[CircuitRoute]:
    """As ``az network express-route list-route-tables``: what an edge router of a circuit holds in a peering.

    A star marks the used one of several routes for a prefix, as Azure's output does (lab expressroute-megaport-bgp).
    """
    found = witness.held(router) if router.node in state.topology.speakers else ()
    held = sorted(found or (), key=lambda r: (r.prefix, not r.used, r.peer is not None and r.peer.address))
    counts = Counter(route.prefix for route in held)
    rows = (
        CircuitRoute(
            locPrf="100",
            network=str(route.prefix),
            nextHop=f"{route.next_hop}{'*' if route.used and counts[route.prefix] > 1 else ''}",
            path=" ".join((*route.as_path, "I")),
            weight=0,
        )
        for route in held
    )
    return Shown(tuple(rows), (f"the BGP daemon of {router.node}",) if found is None else ())


def _is_of_appliance(route: Held) -> bool:
    return route.peer is not None and route.peer.router.role == "appliance"


def _in_order(found: Iterable[Held]) -> list[Held]:
    """Own routes first, then by prefix and peer."""

    def place(route: Held) -> tuple[bool, IPv4Network, IPv4Address]:
        peer = route.peer.address if route.peer is not None else IPv4Address(0)
        return route.peer is not None, route.prefix, peer

    return sorted(found, key=place)


def _learned(router: Router, route: Held) -> GatewayRoute:
    local = str(router.bgp_address)
    return GatewayRoute(
        network=str(route.prefix),
        sourcePeer=str(route.peer.address) if route.peer is not None else local,
        origin="Network" if route.peer is None else "IBgp" if route.internal else "EBgp",
        asPath="-".join(route.as_path),
        weight=_weight(router, route),
        localAddress=local,
        nextHop=route.next_hop or None,
    )


def _weight(router: Router, route: Held) -> int:
    role = route.peer.router.role if route.peer is not None else ""
    if role == "route server" and route.internal:
        return 0
    return WEIGHT_OF_CIRCUIT if (router.role, role) == ("expressroute", "edge router") else WEIGHT


def _advertised(router: Router, route: Sent) -> GatewayRoute:
    return GatewayRoute(
        network=str(route.prefix),
        nextHop=route.next_hop,
        origin="Igp",
        asPath="-".join(route.as_path),
        weight=0,
        localAddress=str(router.bgp_address),
    )


def _itself(router: Router) -> Iterator[PeerStatus]:
    """The row that an instance of an active-active gateway has for itself (B44)."""
    if isinstance(router.end, VpnGateway) and router.end.active_active:
        yield _unknown(router, router, router.bgp_address, None)


def _unknown(router: Router, peer: Router, address: IPv4Address, reason: str | None) -> PeerStatus:
    return PeerStatus(
        neighbor=str(address),
        asn=peer.asn,
        state="Unknown",
        routesReceived=0,
        messagesSent=0,
        messagesReceived=0,
        localAddress=str(router.bgp_address),
        reason=reason,
    )
