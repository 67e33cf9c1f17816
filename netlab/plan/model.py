"""Linux's nouns: everything that a lab is made of, as frozen values.

A ``Plan`` is complete: whoever has it can build the lab. Secrets are only named in it. Addresses are text, as
``a.b.c.d`` or ``a.b.c.d/len``; times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network
from typing import Literal

from netlab.azure.bgp.policy import PeerPolicy
from netlab.azure.dataplane.effective import EffectiveRoute, NextHopType
from netlab.results.drops import Cause
from netlab.scenario.models import HubRoutingPreference

Kind = Literal["internet", "vnet", "vm", "gateway", "route server", "edge router", "edge", "site", "host", "client"]
DataPlane = Literal["userspace", "kernel"]

MAIN_TABLE = 254
# The last table that the kernel asks.
DEFAULT_TABLE = 253
# Where a client's charon installs its routes: strongSwan's default table.
CHARON_TABLE = 220
# Where a gateway's routing namespace holds its custom routes: no packet is routed by it, the SDN controller reads it.
CUSTOM_ROUTES_TABLE = 77


@dataclass(frozen=True, slots=True)
class Route:
    """A kernel route. ``type`` is the kernel's: unicast, blackhole, unreachable or throw (see the next table).

    ``hops`` are device and gateway of several next hops that share the load, sorted; then ``device`` and ``via`` are
    empty.
    """

    prefix: str
    device: str = ""
    via: str = ""
    type: str = "unicast"
    table: int = MAIN_TABLE
    metric: int = 0
    source: str = ""
    hops: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy routing rule: what comes in by ``iif`` or from ``source`` to ``destination`` uses ``table``."""

    priority: int
    table: int
    iif: str = ""
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """One end of a link. ``name`` is the kernel's, at most 15 characters; ``altname`` the full one."""

    node: str
    name: str
    altname: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair; ``underlay`` where it carries the public Internet."""

    a: Interface
    b: Interface
    underlay: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace and what is configured in it. ``owner`` is the Azure name it belongs to."""

    name: str
    kind: Kind
    netns: str
    owner: str
    loopback: tuple[str, ...] = ()
    bridges: tuple[tuple[str, str], ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    forwarding: bool = True
    answers_ping: bool = True
    nftables: tuple[Ruleset, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """The traffic selectors of one side of a CHILD SA; empty means ``dynamic``."""

    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A further CHILD SA of a connection, which the first packet for it brings up."""

    name: str
    local_ts: Selector
    remote_ts: Selector


@dataclass(frozen=True, slots=True)
class IkeConnection:
    """One connection of a charon. ``secret`` names its PSK; ``remote_address`` empty is %any; ``translated`` is what
    the local address becomes on its way to the Internet, if anything.

    ``version`` is IKE's. ``initiator`` is the end that brings it up. Times are Azure's, before the time scale:
    ``dpd_timeout`` 0 asks no peer whether it lives, ``idle_timeout`` 0 keeps idle SAs.
    """

    name: str
    local_address: str
    remote_address: str
    local_id: str
    remote_id: str
    secret: str
    initiator: bool
    ike_proposals: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    local_ts: Selector = Selector(("0.0.0.0/0",))
    remote_ts: Selector = Selector(("0.0.0.0/0",))
    pool: str = ""
    virtual_ip: bool = False
    if_id: int = 0
    version: int = 2
    further: tuple[Child, ...] = ()
    on_demand: bool = False
    dpd_timeout: int = 45
    idle_timeout: int = 0
    child_lifetime: int = 27_000
    local_auth: str = "psk"
    remote_auth: str = "psk"
    translated: str = ""

    @property
    def public_address(self) -> str:
        """The local address as the Internet sees it."""
        return self.translated or self.local_address

    @property
    def children(self) -> tuple[Child, ...]:
        """All CHILD SAs; the first bears the connection's name."""
        return (Child(self.name, self.local_ts, self.remote_ts), *self.further)


@dataclass(frozen=True, slots=True)
class PeerSecret:
    """A PSK, or a password for EAP, and the identities that may use it."""

    name: str
    identities: tuple[str, ...]
    kind: Literal["IKE", "EAP"] = "IKE"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that the lab issues, by the name under which it is kept, with its subject.

    Without an issuer it is a root. With ``revokes`` not None it is that issuer's list of revoked certificates instead.
    """

    name: str
    subject: str
    issuer: str = ""
    revokes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The certificates of a charon, by name: its own, whose keys it has, the roots that it trusts, what is revoked."""

    own: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Charon:
    """An IKE daemon in a namespace, with its connections, PSKs and certificates.

    ``own_ports`` where another one in the same namespace has IKE's.
    """

    node: str
    directory: str
    connections: tuple[IkeConnection, ...]
    secrets: tuple[PeerSecret, ...]
    installs_routes: bool = False
    credentials: Credentials = Credentials()
    own_ports: bool = False


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The point-to-point interface of one tunnel at one end, in the routing namespace ``node``.

    ``connection`` is its IKE connection, ``of`` Azure's. ``edge`` is where its charon lives. ``statics`` are prefixes
    that lead into the connection whatever BGP says, ``host_routes`` the BGP peer's address, and for point-to-site the
    pool. ``peer`` is the node at the other end, empty for point-to-site, where clients come and go.
    """

    node: str
    interface: str
    altname: str
    edge: str
    connection: str
    of: str
    mtu: int
    statics: tuple[str, ...] = ()
    host_routes: tuple[str, ...] = ()
    peer: str = ""
    if_id: int = 0


@dataclass(frozen=True, slots=True)
class BgpNeighbor:
    """A BGP peer: over the tunnel of an IKE connection, or of another kind of ``connection``, or ``internal`` (iBGP).

    ``interface`` leads to it. Exactly one side is ``passive``. ``communities`` are the numbers that stand for the site
    of origin in the policy; ``timers`` are keepalive and hold time where they are shorter than the speaker's.
    """

    connection: str
    node: str
    address: str
    interface: str
    asn: int
    passive: bool
    policy: PeerPolicy
    internal: bool = False
    communities: tuple[int, ...] = ()
    timers: tuple[int, int] | None = None

    @property
    def has_export_map(self) -> bool:
        """Whether a route map changes or filters what the speaker advertises to it."""
        exports = self.policy.exports
        sets = exports.as_path_prepend or exports.next_hop or exports.no_advertise
        return bool(sets or exports.prefix_filter or exports.site_of_origin)

    @property
    def has_import_map(self) -> bool:
        """Whether a route map of its own changes what the speaker learns from it."""
        imports = self.policy.imports
        return bool(imports.med or imports.as_path_exclude or imports.site_of_origin)


@dataclass(frozen=True, slots=True)
class BgpSpeaker:
    """One FRR (zebra and bgpd, and bfdd where it watches a neighbor by BFD) in a namespace.

    It drops routes for a prefix in ``own_prefixes``, the VNet's and its transit spokes', or inside one. It sets
    NO_EXPORT on routes for one in ``covering``: their strict supersets, 0.0.0.0/0 included. ``bfd_interval`` is in
    milliseconds.
    """

    node: str
    directory: str
    asn: int
    address: str
    networks: tuple[str, ...]
    neighbors: tuple[BgpNeighbor, ...]
    keepalive: int
    hold: int
    bfd_interval: int
    own_prefixes: tuple[str, ...] = ()
    covering: tuple[str, ...] = ()

    @property
    def communities(self) -> tuple[int, ...]:
        """The communities that it sets for a site of origin."""
        return tuple(sorted({number for neighbor in self.neighbors for number in neighbor.communities}))

    @property
    def compares_med(self) -> bool:
        """Whether it compares the MED of all routes, also of those from different AS."""
        return any(neighbor.policy.imports.med for neighbor in self.neighbors)

    @property
    def daemons(self) -> tuple[str, ...]:
        """FRR's daemons, in the order in which they start."""
        bfdd = ("bfdd",) if any(neighbor.policy.session.bfd for neighbor in self.neighbors) else ()
        return ("zebra", *bfdd, "bgpd")


@dataclass(frozen=True, slots=True)
class SubnetTable:
    """The kernel table of one ingress of a VNet fabric, and how gateway routes enter it.

    ``fixed`` are Azure's routes that no gateway tells. ``gateway`` is the VNet whose gateway serves this ingress, empty
    where none does, ``gateway_ways`` the ways to its instances; ``route_server`` the VNet of the Route Server that
    does, ``appliances`` address, device and next hop of those that it may tell of. ``preference`` says whose routes get
    in of equal prefixes, ``propagates`` whether any do.
    """

    table: int
    subnet: str
    fixed: tuple[FixedRoute, ...]
    gateway: str = ""
    gateway_ways: tuple[GatewayWay, ...] = ()
    route_server: str = ""
    appliances: tuple[tuple[str, str, str], ...] = ()
    preference: HubRoutingPreference = "ExpressRoute"
    propagates: bool = True


@dataclass(frozen=True, slots=True)
class GatewayWay:
    """The way to an instance of a gateway, by its node; from a spoke it is the same to all of them."""

    node: str
    device: str
    via: str
    expressroute: bool = False


@dataclass(frozen=True, slots=True)
class FixedRoute:
    """A system or user route of Azure, by its source and next hop type, and the kernel route that stands for it.

    One to a gateway leads over the instances that are there.
    """

    source: Literal["Default", "User"]
    next_hop_type: NextHopType
    route: Route

    @property
    def candidate(self) -> EffectiveRoute:
        """The same in Azure's terms."""
        return EffectiveRoute(self.source, IPv4Network(self.route.prefix), self.next_hop_type)


@dataclass(frozen=True, slots=True)
class Barrier:
    """What a fabric drops between two of its interfaces, and why: packets from or for none of these addresses.

    Without ``ingress`` or ``egress`` from or to anywhere.
    """

    cause: Cause
    ingress: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FabricRules:
    """Filters and translations of a VNet's fabric.

    Towards ``wan`` packets leave under ``egress``, those of NICs with a public address under it. ``public`` are pairs
    of a public and a private address.
    """

    wan: str
    egress: str
    public: tuple[tuple[str, str], ...] = ()
    barriers: tuple[Barrier, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplianceNat:
    """An appliance sends to the Internet, over ``device``, under its own address; not to ``private`` destinations."""

    device: str
    address: str
    private: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VpnServerNat:
    """A machine hands IKE and ESP of each peer on to the charon that serves it: pairs of both addresses (R32)."""

    device: str
    peers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SiteNat:
    """A site's edge sends to the Internet, from ``inside`` to ``outside``, under the device's public address (R84)."""

    inside: str
    outside: str
    address: str


@dataclass(frozen=True, slots=True)
class InitiatorOnly:
    """An InitiatorOnly end drops the first message of a peer that initiates (R46)."""

    tunnel: str
    peer: str


# What nftables does in a namespace; each is printed by a template of its own.
Ruleset = FabricRules | ApplianceNat | VpnServerNat | SiteNat | InitiatorOnly


@dataclass(frozen=True, slots=True)
class Fabric:
    """A VNet's fabric: its namespace, the table of each ingress, and what passes nowhere.

    What those tables have for local (``throw``) is looked up in the table ``delivery``.
    """

    node: str
    netns: str
    tables: tuple[SubnetTable, ...]
    delivery: int
    barriers: tuple[Barrier, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayView:
    """Where the lab's SDN controller reads what a gateway instance knows, and the P2S connection that it keeps in step.

    ``footholds``: each offered prefix needs an address on the edge (kernel-libipsec). ``tunnels`` are the interfaces
    that lead out, of an ``expressroute`` gateway those to its circuits. ``directory`` is its FRR's, if AS paths count.
    """

    vnet: str
    node: str
    netns: str
    tunnels: tuple[str, ...]
    p2s_edge_netns: str = ""
    p2s_directory: str = ""
    p2s_connection: IkeConnection | None = None
    footholds: bool = False
    expressroute: bool = False
    directory: str = ""


@dataclass(frozen=True, slots=True)
class RouteServerView:
    """Where the lab's SDN controller reads what an instance of a VNet's Route Server knows: of its FRR."""

    vnet: str
    node: str
    netns: str
    directory: str


@dataclass(frozen=True, slots=True)
class Client:
    """A point-to-site client's tunnel to the gateway of a VNet: its namespace, its interface, its charon's directory.

    ``name`` tells the tunnels of one client apart: the first is called as its node.
    """

    node: str
    os: str
    gateway: str
    directory: str
    interface: str
    connection: str
    mtu: int
    if_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Uplink:
    """The way to the Internet of a gateway, a site or a client, by its Azure name, and what it does to packets."""

    name: str
    near: Interface
    far: Interface
    delay: float = 0
    jitter: float = 0
    loss: float = 0
    rate: float = 0

    @property
    def impaired(self) -> bool:
        """Whether it shall do anything to packets."""
        return bool(self.delay or self.loss or self.rate)


@dataclass(frozen=True, slots=True)
class Timers:
    """Azure's timers divided by the time scale, in seconds; ``bfd_interval`` in milliseconds, as FRR wants it."""

    scale: float
    bgp_keepalive: int
    bgp_hold: int
    bfd_interval: int
    dpd_delay: int
    retransmit_timeout: float
    retransmit_tries: int
    ike_lifetime: int


@dataclass(frozen=True)
class Plan:
    """A whole lab."""

    lab: str
    scenario: str
    data_plane: DataPlane
    timers: Timers
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    charons: tuple[Charon, ...]
    tunnels: tuple[Tunnel, ...]
    speakers: tuple[BgpSpeaker, ...]
    fabrics: tuple[Fabric, ...]
    gateways: tuple[GatewayView, ...]
    route_servers: tuple[RouteServerView, ...]
    clients: tuple[Client, ...]
    uplinks: tuple[Uplink, ...]
    secrets: tuple[str, ...] = field(default=())
    certificates: tuple[Certificate, ...] = ()

    def node(self, name: str) -> Node:
        """The node of this name; KeyError if there is none."""
        return self._nodes[name]

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def tunnels_of(self, node: str) -> tuple[Tunnel, ...]:
        """The tunnel interfaces of a node."""
        return self._tunnels_by_node.get(node, ())

    def tunnels_over(self, connection: str) -> tuple[Tunnel, ...]:
        """The tunnel interfaces of one of Azure's connections, at all its ends."""
        return self._tunnels_by_connection.get(connection, ())

    @cached_property
    def _tunnels_by_node(self) -> dict[str, tuple[Tunnel, ...]]:
        return _grouped((tunnel.node, tunnel) for tunnel in self.tunnels)

    @cached_property
    def _tunnels_by_connection(self) -> dict[str, tuple[Tunnel, ...]]:
        return _grouped((tunnel.of, tunnel) for tunnel in self.tunnels)

    def netns(self, name: str) -> str:
        """The network namespace of a node."""
        return self.node(name).netns


def _grouped(items: Iterable[tuple[str, Tunnel]]) -> dict[str, tuple[Tunnel, ...]]:
    found: dict[str, list[Tunnel]] = {}
    for key, item in items:
        found.setdefault(key, []).append(item)
    return {key: tuple(tunnels) for key, tunnels in found.items()}
