"""Who tells whom: what each gateway instance and each router of a site learns by BGP (azure-rules.md 5.5). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.effective import routing_preference
from netlab.errors import ScenarioError
from netlab.scenario.addresses import DEFAULT_ROUTE, local_network_gateway
from netlab.scenario.models import NvaBgp, Scenario
from netlab.scenario.routers import Router, Topology, appliance_bgp, appliances, branch_to_branch
from netlab.scenario.rules.expressroute import most_out

Announcements = Mapping[str, frozenset[IPv4Network]]

MAXIMUM_PREFIX = 4000  # B16, A8
MAXIMUM_PREFIX_IN = {"Standard": 4000, "Premium": 10_000}  # R98, by the tier of the circuit
# A weight: more than any of a circuit's connection, less than what bgpd gives to what is its own (32768).
PREFERRED = 32_500
# A metric: more than that of any circuit.
LAST = 1000
# The roles of who is in a VNet and is Azure's.
OF_VNETS = ("gateway", "expressroute", "route server")
PRIVATE_ASNS = frozenset(range(64512, 65535))
SEED_MAXIMUM_PREFIX = 200  # A8, of a Route Server in its preview


@dataclass(frozen=True, slots=True)
class Learned:
    """A prefix learned by BGP: from which router, over which tunnel, if any, and the AS path.

    ``inside`` is iBGP, ``next_hop`` where it leads in a Route Server's VNet, ``quiet`` that it is told to nobody (A22),
    ``weight`` what counts before the length of AS paths (R99), ``metric`` what counts after it, ``circles`` whom
    it must not come round to, ``kept`` that it is told inside only (B17, B23, B24).
    """

    prefix: IPv4Network
    tunnel: str
    as_path: tuple[int, ...]
    neighbor: str
    inside: bool = False
    next_hop: IPv4Address | None = None
    quiet: bool = False
    weight: int = 0
    metric: int = 0
    circles: frozenset[str] = frozenset()
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A BGP session that a router has, with the name of the tunnel that it runs over, if any; ``inside`` is iBGP."""

    router: str
    peer: Router
    tunnel: str = ""
    connection: str = ""
    inside: bool = False


Paths = dict[IPv4Network, tuple[Learned, ...]]


def vnet_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The prefixes that a gateway holds for its own: its VNet's and its transit spokes' (B18, B22)."""
    spaces = [scenario.vnets[name].address_space for name in (vnet, *scenario.spokes(vnet))]
    return tuple(prefix for space in spaces for prefix in space)


def static_prefixes(scenario: Scenario, end: str, connection: str) -> tuple[IPv4Network, ...]:
    """The prefixes that are sent into a connection without BGP's word: a gateway's LNG (R82) and, to its default site,
    all the rest (R84); the routes of a device or of an appliance."""
    if end in scenario.vnets:
        told = local_network_gateway(scenario, connection, end).address_prefixes
        return (*told, DEFAULT_ROUTE) if _leads_to_default_site(scenario, end, connection) else told
    item = scenario.connections[connection]
    default = () if item.enable_bgp else scenario.prefixes_of(item.other(end))
    return scenario.static_routes(end).get(connection, default)


def _leads_to_default_site(scenario: Scenario, vnet: str, connection: str) -> bool:
    gateway = scenario.vnets[vnet].vpn_gateway
    return gateway is not None and gateway.default_site == scenario.connections[connection].other(vnet)


def originated(scenario: Scenario, end: str, announced: Announcements | None = None) -> tuple[IPv4Network, ...]:
    """What every router of an end announces of its own accord.

    A gateway: its VNet's and spokes' prefixes, those of all its local network gateways (B17, B25) and its P2S pool
    (B18). A site: its prefixes, or what the story made of them.
    """
    if end not in scenario.vnets:
        told = (announced or {}).get(end)
        return tuple(sorted(told)) if told is not None else scenario.sites[end].address_prefixes
    gateway = scenario.vnets[end].vpn_gateway
    pool = (gateway.point_to_site.address_pool,) if gateway is not None and gateway.point_to_site else ()
    statics = (
        prefix
        for name, _ in scenario.connections_of(end)
        for prefix in static_prefixes(scenario, end, name)
        if prefix != DEFAULT_ROUTE  # B24
    )
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, end), *statics, *pool)))


def sheltered(scenario: Scenario, router: Router) -> tuple[IPv4Network, ...]:
    """The prefixes that a router never learns, nor anything inside them: a gateway's own (B19, B20, B22) and a Route
    Server's (A18), and those of its hosts the router before a site's devices."""
    if router.role in ("gateway", "route server", "expressroute"):
        return vnet_prefixes(scenario, router.end)
    if router.role in ("appliance", "edge router"):
        return ()
    return scenario.sites[router.end].address_prefixes if router.before_devices else ()


def sessions(topology: Topology, up: frozenset[str]) -> tuple[Session, ...]:
    """Every router's BGP sessions: over the tunnels that are up, inside its gateway or site, with Route Servers."""
    return tuple(session for node in topology.speakers for session in _sessions(topology, node, up))


def _sessions(topology: Topology, node: str, up: frozenset[str]) -> Iterator[Session]:
    for tunnel in topology.tunnels_of(node):
        if topology.scenario.connections[tunnel.connection].enable_bgp and tunnel.name in up:
            yield Session(node, tunnel.other(node), tunnel.name, tunnel.connection)
    if node in topology.routers and topology.routers[node].end in bgp_ends(topology.scenario):
        for router in topology.lan_of(node):
            yield Session(node, router, inside=True)
    for peers in topology.peers:
        if node in (router.node for router in peers.routers):
            one, other = peers.routers
            yield Session(node, peers.other(node), inside=one.asn == other.asn)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What everybody holds in one round of telling."""

    topology: Topology
    own: Mapping[str, frozenset[IPv4Network]]
    best: Mapping[str, Paths]

    def told(self, session: Session) -> Iterator[Learned]:
        """Everything that the peer of a session tells."""
        peer, scenario = session.peer, self.topology.scenario
        prepended = () if session.inside else self._prepended(session)
        here = self.topology.speakers[session.router]
        strips = strips_private(peer, here)
        own = self.own[peer.node]
        settings = appliance_bgp(scenario, peer) if peer.role == "appliance" else None
        by_appliance = settings if settings is not None and self._is_route_server(session) else None
        kept = withheld(scenario, peer, here)
        nameless = taken_without_asn(scenario, here, peer)
        for prefix in (prefix for prefix in own if prefix not in kept):
            yield self._from(session, prefix, () if prefix in nameless else prepended, None, by_appliance)
        for prefix, paths in self.best[peer.node].items():
            # What was learned inside is told outside only (iBGP, RFC 4271 section 9.2.1); nobody is told what he said.
            chosen = paths[0] if not session.inside or not paths[0].inside else None
            if prefix in own or chosen is None or chosen.quiet or chosen.neighbor == session.router:
                continue
            if prefix in kept or chosen.circles & circles(scenario, peer, here):
                continue
            if session.inside or not chosen.kept:
                path = tuple(asn for asn in chosen.as_path if not (strips and asn in PRIVATE_ASNS))
                if by_appliance is not None and by_appliance.as_override:
                    path = tuple(peer.asn if asn == here.asn else asn for asn in path)
                yield self._from(session, prefix, (*prepended, *path), chosen, by_appliance)

    def _is_route_server(self, session: Session) -> bool:
        return self.topology.speakers[session.router].role == "route server"

    def _from(
        self,
        session: Session,
        prefix: IPv4Network,
        as_path: tuple[int, ...],
        told: Learned | None,
        by_appliance: NvaBgp | None,
    ) -> Learned:
        """What arrives of a prefix. A Route Server leaves the next hop as it is (A14)."""
        peer = session.peer
        kept = told.next_hop if told is not None and peer.role == "route server" else None
        asked = by_appliance.next_hop if by_appliance is not None else None
        quiet = by_appliance is not None and prefix in by_appliance.no_advertise
        next_hop = kept or asked or peer.bgp_address
        here = self.topology.speakers[session.router]
        scenario = self.topology.scenario
        return Learned(
            prefix,
            session.tunnel,
            as_path,
            peer.node,
            session.inside,
            next_hop,
            quiet,
            weight(scenario, here, peer),
            metric(scenario, here, peer),
            told.circles if told is not None and session.inside else circles(scenario, here, peer),
            (told is not None and session.inside and told.kept) or _keeps(scenario, here, prefix),
        )

    def _prepended(self, session: Session) -> tuple[int, ...]:
        """The peer's ASN, as often as it puts it before what it tells (B28)."""
        scenario, peer = self.topology.scenario, session.peer
        site = scenario.sites.get(peer.end)
        extra = site.as_path_prepend.get(session.connection, 0) if site is not None else 0
        if peer.role == "appliance" and self._is_route_server(session):
            extra = appliance_bgp(scenario, peer).as_path_prepend
        return (peer.asn,) * (1 + extra)

    def accepted(self, session: Session) -> Iterator[Learned]:
        """What a router does not refuse of that."""
        router = self.topology.speakers[session.router]
        refused = sheltered(self.topology.scenario, router)
        for route in self.told(session):
            looped = router.asn in route.as_path  # B31
            # RFC 4271, section 5.1.3: what leads to itself no router takes (A14).
            looped = looped or route.next_hop == router.bgp_address
            if not looped and not any(route.prefix.subnet_of(prefix) for prefix in refused):
                yield route

    def heard(self, router: Router, mine: Iterable[Session]) -> Paths:
        """What a router makes of all that it is told."""
        heard: dict[IPv4Network, list[Learned]] = {}
        for route in (route for session in mine for route in self.accepted(session)):
            if route.prefix not in self.own[router.node]:
                heard.setdefault(route.prefix, []).append(route)
        return {prefix: self._best(routes) for prefix, routes in heard.items()}

    def came_in_by(self, pairs: Collection[tuple[str, str]], node: str, prefix: IPv4Network) -> bool:
        """Whether a router knows a prefix by one of these pairs of a router and the peer that told it."""
        while prefix not in self.own[node]:
            neighbor = self.best[node][prefix][0].neighbor
            if (node, neighbor) in pairs:
                return True
            node = neighbor
        return False

    def _best(self, routes: list[Learned]) -> tuple[Learned, ...]:
        """The shortest AS paths, from outside rather than from inside; several where they are equal (B27, B28).

        First the one that is told to others: that of the lowest router ID (RFC 4271, section 9.1.2.2).
        """
        best = min(map(_worth, routes))
        equal = (route for route in routes if _worth(route) == best)
        speakers = self.topology.speakers
        return tuple(sorted(equal, key=lambda route: (speakers[route.neighbor].bgp_address, route.tunnel)))


def _worth(route: Learned) -> tuple[int, int, int, bool]:
    """The less, the better: weight, length of the AS path, metric, from outside rather than from inside."""
    return -route.weight, len(route.as_path), route.metric, route.inside


def weight(scenario: Scenario, router: Router, peer: Router) -> int:
    """What a router gives to all that a peer tells, and counts before AS paths.

    An ExpressRoute gateway: the weight of the circuit's connection (R99). A site: more to its circuit than to its VPN
    (R95). All routers of a VNet: most to whom its Route Server prefers (A27), so that each sends where the others do.
    """
    circuit = scenario.expressroute_circuits[peer.end] if peer.role == "edge router" else None
    if router.role not in OF_VNETS:
        return PREFERRED if circuit is not None and circuit.preferred_on_premises else 0
    preference = routing_preference(scenario, router.end)
    wanted = preference != "ASPath" and _is_private(peer) == (preference == "ExpressRoute")
    weighs = circuit.vnets[router.end].routing_weight if circuit is not None else 0
    return weighs + (PREFERRED if wanted else 0)


def metric(scenario: Scenario, router: Router, peer: Router) -> int:
    """What a router gives to all that a peer tells, and counts after AS paths, the less the better.

    The routers of a VNet whose Route Server goes by AS paths: of equal ones they take ExpressRoute's (A27). An
    ExpressRoute gateway beside a Route Server: of several equal circuits it uses one (A36), here the first. An edge
    router: of equal AS paths the site's, not what a gateway says of the site, or each would send to the other.
    """
    if router.role == "edge router":
        return int(peer.role == "expressroute")
    if router.role not in OF_VNETS or scenario.vnets[router.end].route_server is None:
        return 0
    if routing_preference(scenario, router.end) == "ASPath" and not _is_private(peer):
        return LAST
    return 1 + list(scenario.expressroute_circuits).index(peer.end) if peer.role == "edge router" else 0


def _is_private(peer: Router) -> bool:
    """Whether what a peer tells a router of a VNet is ExpressRoute's: there nobody tells on what he has from inside."""
    return peer.role in ("edge router", "expressroute")


def strips_private(router: Router, peer: Router) -> bool:
    """Whether a router takes private AS numbers out of what it passes on: Microsoft's, towards on-premises (R99)."""
    return (router.role, peer.role) == ("edge router", "device")


def circles(scenario: Scenario, router: Router, peer: Router) -> frozenset[str]:
    """What a router reaches by a peer, of what is not told round in a circle by it: the VNets on a circuit, the Route
    Server.

    A device of a site reaches those by the circuit's edge router, and by the VPN gateway or an appliance of such VNets.
    What it hears of them by one it does not tell the other: Microsoft takes its AS number out of what goes on-premises
    (R99), and no loop check would stop it. Nor does an appliance tell one instance of a Route Server what it hears from
    the other, whose ASN it may override (A31).
    """
    own = {name: item for name, item in scenario.expressroute_circuits.items() if item.site == router.end}
    match router.role, peer.role:
        case "appliance", "route server":
            return frozenset({f"appliance {router.end}"})
        case "device", "edge router":
            return frozenset({peer.end})
        case "device", "gateway" | "appliance":
            return frozenset(name for name, item in own.items() if peer.vnet in item.vnets)
    return frozenset()


def taken_without_asn(scenario: Scenario, router: Router, peer: Router) -> tuple[IPv4Network, ...]:
    """The prefixes that a router takes from a peer without its AS number: Microsoft's those of a gateway's VNet, so
    that VNets on one circuit, whose gateways all have 65515, hear of each other.

    Of what the gateway has from its Route Server they do not hear, for it keeps the number (A32).
    """
    is_own = (router.role, peer.role) == ("edge router", "expressroute")
    return vnet_prefixes(scenario, peer.end) if is_own else ()


def withheld(scenario: Scenario, router: Router, peer: Router) -> tuple[IPv4Network, ...]:
    """What a router keeps from a peer."""
    match router.role, peer.role:
        case "appliance", "device":
            # That has a way to the Internet of its own.
            return (DEFAULT_ROUTE,)
        case "gateway", "expressroute" | "route server":
            gateway = scenario.vnets[router.end].vpn_gateway
            settings = gateway.point_to_site if gateway is not None else None
            return (settings.address_pool,) if settings is not None else ()  # A25
    return ()


def _keeps(scenario: Scenario, router: Router, prefix: IPv4Network) -> bool:
    """Whether a router tells no other AS of a prefix: a gateway of what is wider than its VNet, the default route
    included (B17, B23, B24)."""
    return router.role == "gateway" and any(own.subnet_of(prefix) for own in vnet_prefixes(scenario, router.end))


def converged(
    topology: Topology, up: frozenset[str], announced: Announcements | None = None
) -> tuple[tuple[Session, ...], dict[str, Paths]]:
    """The BGP sessions that stay, and what every router learns: the best paths of each prefix, by its node.

    Given the tunnels that are up. A peer that tells another one more than that takes loses its session (B16, A8, R98).
    """
    own = _own(topology, announced)
    # What is too much at once is passed on to nobody.
    found = _without_flooded(_Moment(topology, own, {node: {} for node in topology.speakers}), sessions(topology, up))
    while True:
        best = _settled(topology, found, own)
        stay = _without_flooded(_Moment(topology, own, best), found)
        if stay == found:
            return found, best
        found = stay


def _own(topology: Topology, announced: Announcements | None) -> dict[str, frozenset[IPv4Network]]:
    """What each router announces of its own accord."""
    scenario = topology.scenario
    return {router.node: frozenset(announces(scenario, router, announced)) for router in topology.speakers.values()}


def announces(scenario: Scenario, router: Router, announced: Announcements | None = None) -> tuple[IPv4Network, ...]:
    """What a router announces of its own accord: a site and an appliance what the story made of it."""
    match router.role:
        case "before devices" | "edge router":
            return ()
        case "route server" | "expressroute":
            return vnet_prefixes(scenario, router.end)
        case "appliance":
            told = (announced or {}).get(router.node)
            return tuple(sorted(told)) if told is not None else appliance_bgp(scenario, router).announces
    return originated(scenario, router.end, announced)


def _without_flooded(moment: _Moment, found: tuple[Session, ...]) -> tuple[Session, ...]:
    flooded = _flooded(moment, found)
    return tuple(s for s in found if frozenset((s.router, s.peer.node)) not in flooded)


def _flooded(moment: _Moment, found: tuple[Session, ...]) -> set[frozenset[str]]:
    """The pairs of routers of which one accepts more from the other than it takes.

    Where what is too much was passed on, only those at which it came in: the others then hear of it no more.
    """
    speakers, over = moment.topology.speakers, {}
    for session in found:
        most = maximum_prefix(moment.topology.scenario, speakers[session.router], session.peer)
        accepted = [route.prefix for route in moment.accepted(session)] if most else []
        if len(accepted) > most:
            over[session.router, session.peer.node] = most, accepted
    first = {
        pair
        for pair, (most, accepted) in over.items()
        if sum(not moment.came_in_by(over.keys() - {pair}, pair[1], prefix) for prefix in accepted) > most
    }
    return {frozenset(pair) for pair in first or over}


def maximum_prefix(scenario: Scenario, router: Router, peer: Router) -> int:
    """How many prefixes a router takes from a peer of another AS (B16, A8, R98, A37); 0 where any number."""
    if router.asn == peer.asn:
        return 0
    seed = scenario.profile == "seed"
    match router.role, peer.role:
        case "edge router", "device":
            return MAXIMUM_PREFIX_IN[scenario.expressroute_circuits[router.end].sku_tier]
        case "edge router", "expressroute":
            return most_out(scenario, peer.end)
        # Differs from Azure: An ExpressRoute gateway accepts any number of prefixes; on Azure its SKU limits them.
        case "expressroute", _:
            return 0
        case "gateway", _:
            return MAXIMUM_PREFIX
        case "route server", _:
            return SEED_MAXIMUM_PREFIX if seed else MAXIMUM_PREFIX
    return 0


def too_many(scenario: Scenario, router: Router, peer: Router) -> str:
    """Why a router has lost its session with a peer: one of them tells more prefixes than the other takes."""
    for one, other in ((router, peer), (peer, router)):
        if one.role == "edge router":
            most = maximum_prefix(scenario, one, other)
            whence = "Azure (R98, A37)" if other.role == "expressroute" else "on-premises (R98)"
            return f"the circuit takes no more than {most:,} prefixes from {whence}"
    most = maximum_prefix(scenario, router, peer)
    what = f"the peer tells more than {most:,} prefixes" if most else "the peer takes no more prefixes"
    return f"{what} (B16, A8)"


def _settled(
    topology: Topology, found: tuple[Session, ...], own: Mapping[str, frozenset[IPv4Network]]
) -> dict[str, Paths]:
    """A fixpoint: everybody tells everybody until nobody hears anything new."""
    best: dict[str, Paths] = {node: {} for node in topology.speakers}
    mine = {node: tuple(session for session in found if session.router == node) for node in best}
    before: list[dict[str, Paths]] = []
    while best not in before:
        before.append(best)
        moment = _Moment(topology, own, best)
        best = {node: moment.heard(router, mine[node]) for node, router in topology.speakers.items()}
    if best != before[-1]:
        raise _unsettled(topology.scenario, best, before[-1])
    return best


def _unsettled(scenario: Scenario, best: Mapping[str, Paths], before: Mapping[str, Paths]) -> ScenarioError:
    """BGP that goes round in circles: some routers prefer what is only told while they do not."""
    changed = {(prefix, node) for node in best for prefix in {*best[node], *before[node]}}
    nodes: dict[IPv4Network, list[str]] = {}
    for prefix, node in sorted(changed):
        if best[node].get(prefix) != before[node].get(prefix):
            nodes.setdefault(prefix, []).append(node)
    prefix, undecided = next(iter(nodes.items()))
    what = f"{', '.join(undecided)} take one way to {prefix}, then another one, and so on"
    hint = "what they prefer is told only while they do not take it: take away one of the ways, or what prefers it"
    return ScenarioError(f"{scenario.name}: BGP never settles: {what}", hint=hint)


def bgp_ends(scenario: Scenario) -> tuple[str, ...]:
    """The gateways and sites that run BGP: those with a connection that has it on.

    And gateways that a Route Server exchanges routes with (A23), and sites behind an appliance or on a circuit.
    """
    joined = (end for item in scenario.connections.values() if item.enable_bgp for end in item.between)
    found = (end for end in joined if end not in scenario.appliances)
    servers = (name for name, vnet in scenario.vnets.items() if vnet.vpn_gateway and branch_to_branch(scenario, name))
    behind = (site for router in appliances(scenario) for site in appliance_bgp(scenario, router).sites)
    on_circuits = (circuit.site for circuit in scenario.expressroute_circuits.values())
    return tuple(dict.fromkeys((*found, *servers, *behind, *on_circuits)))


def p2s_static_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The part of a gateway's P2S selectors that needs no BGP and no custom routes (azure-rules.md 1.3, rule 1).

    VNet and transit spokes, prefixes of connections that push them (I4), the pool.
    """
    gateway = scenario.vnets[vnet].vpn_gateway
    pool = (gateway.point_to_site.address_pool,) if gateway is not None and gateway.point_to_site else ()
    pushed = (
        prefix
        for name, item in scenario.connections_of(vnet)
        if item.push_prefixes_to_p2s
        for prefix in static_prefixes(scenario, vnet, name)
        if prefix != DEFAULT_ROUTE  # R64 forces clients' traffic by custom routes
    )
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, vnet), *pushed, *pool)))


def offered_selectors(static: Iterable[IPv4Network], by_bgp: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The selectors that a gateway offers its P2S clients, given the static part and what BGP told it.

    A learned default route is left out: whether Azure offers it is not documented (section 5.5). strongSwan drops
    selectors that lie inside others (RFC 7296, section 2.9: the responder narrows as it sees fit).
    """
    everything = dict.fromkeys((*static, *sorted(prefix for prefix in by_bgp if prefix.prefixlen > 0)))
    outermost = frozenset(_outermost(everything))
    return tuple(prefix for prefix in everything if prefix in outermost)


def _outermost(prefixes: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """The prefixes that lie inside no other one."""
    end = -1
    for prefix in sorted(prefixes):
        last = int(prefix.broadcast_address)
        if last > end:
            yield prefix
            end = last


def profile_prefixes(scenario: Scenario, vnet: str) -> tuple[IPv4Network, ...]:
    """The routes in the profile package of a gateway: VNet, transit spokes, pool, custom routes (R63).

    Never those of S2S or BGP (1.3, rule 3).
    """
    gateway = scenario.vnets[vnet].vpn_gateway
    settings = gateway.point_to_site if gateway is not None else None
    own = (settings.address_pool, *settings.custom_routes) if settings is not None else ()
    return tuple(dict.fromkeys((*vnet_prefixes(scenario, vnet), *own)))
