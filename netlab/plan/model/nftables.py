"""What nftables does in a namespace: filters and translations."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.results.drops import Cause


@dataclass(frozen=True, slots=True)
class Barrier:
    """What a node drops between two of its interfaces, and why: packets of these protocols from and for none of
    these addresses, and to none of these ports, pairs of a protocol and a number. What is empty is not read.
    """

    cause: Cause
    ingress: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SourceNat:
    """Flows of some protocols that begin in a prefix leave under an address that is not their source's own."""

    prefix: str
    address: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FabricRules:
    """Filters and translations of a VNet's fabric.

    Towards ``wan`` packets leave under ``egress``, those of NICs with a public address under it. ``public`` are pairs
    of a public and a private address. The flows of ``shared`` leave under their addresses before all that.
    """

    wan: str
    egress: str
    public: tuple[tuple[str, str], ...] = ()
    shared: tuple[SourceNat, ...] = ()
    barriers: tuple[Barrier, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """A NAT router sends to the Internet, over ``wan``, under its public address, and is a firewall (P6). IKE that
    comes to its address it forwards to ``device``, if it has one (R32)."""

    wan: str
    address: str
    device: str
    barriers: tuple[Barrier, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplianceNat:
    """An appliance sends to the Internet under its own address, that of the NIC by which it leaves: pairs of both in
    ``nics``. It does not to ``private`` destinations."""

    nics: tuple[tuple[str, str], ...]
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
class CircuitNat:
    """A router sends over the links of a Microsoft peering, ``devices``, under one address what comes from elsewhere
    than the prefixes ``kept``, its own addresses on the links among them (R124)."""

    devices: tuple[str, ...]
    address: str
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """A router drops what its barriers are for."""

    barriers: tuple[Barrier, ...]


@dataclass(frozen=True, slots=True)
class InitiatorOnly:
    """An InitiatorOnly end drops the first message of a peer that initiates (R46)."""

    tunnel: str
    peer: str


@dataclass(frozen=True, slots=True)
class UnknownPeer:
    """A device answers no IKE of a gateway's instance with which it has no tunnel (B42)."""

    tunnel: str
    peer: str


@dataclass(frozen=True, slots=True)
class BgpListeners:
    """A router takes BGP connections in each of its tunnels at one address only: pairs of an interface and the address,
    which is empty where it takes none (B37, B43)."""

    tunnels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BgpRedirect:
    """A router's own BGP connections to these peers go to its translator, pairs of a peer and the port there; those of
    the translator have a mark."""

    peers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class KeepsTtl:
    """A fabric or a gateway takes nothing off the TTL of what it forwards; one between two interfaces of ``turning``,
    or between one of them and itself."""

    turning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientFirewall:
    """The firewall before a client: it drops what the client sends over ``device`` to these ports, pairs of a protocol
    and a port (P6)."""

    device: str
    blocks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A named set of prefixes. One with a ``subnet`` holds besides what gateways advertise to that subnet's table."""

    name: str
    prefixes: tuple[str, ...]
    comment: str
    subnet: str = ""


@dataclass(frozen=True, slots=True)
class SecurityTerm:
    """A rule of a chain: for which packets it is, and why it drops them; without a cause it accepts them.

    ``sources`` and ``destinations`` name sets. Ports are ranges as nftables writes them. What is empty is not read.
    """

    name: str
    cause: Cause | None
    protocols: tuple[str, ...] = ()
    sources: str = ""
    source_ports: tuple[str, ...] = ()
    destinations: str = ""
    destination_ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatefulForwarding:
    """A machine forwards what belongs to a connection or opens one; ``loose``: also from the middle of a connection.

    ``terms`` decide of what opens one: the first that matches, and the last one is for all. Without any all may.
    """

    loose: bool
    terms: tuple[SecurityTerm, ...] = ()
    sets: tuple[AddressSet, ...] = ()


@dataclass(frozen=True, slots=True)
class RedirectedFlow:
    """What a firewall sends to another address, and to another port where that is not 0: flows that a term is for."""

    term: SecurityTerm
    address: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class FirewallNat:
    """A firewall sends over ``device`` under ``address``, except to the destinations ``kept``, and redirects flows, the
    sources of which it translates, too. It takes nothing for itself."""

    device: str
    address: str
    kept: tuple[str, ...]
    redirects: tuple[RedirectedFlow, ...] = ()
    sets: tuple[AddressSet, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityChain:
    """The rules of one network security group for one interface and direction: the first one that matches decides."""

    name: str
    terms: tuple[SecurityTerm, ...]


@dataclass(frozen=True, slots=True)
class SecuredPort:
    """An interface of a fabric towards a NIC, and the chains that packets to it (``inbound``) and from it must pass."""

    interface: str
    inbound: tuple[SecurityChain, ...]
    outbound: tuple[SecurityChain, ...]


@dataclass(frozen=True, slots=True)
class SecurityRules:
    """Network security groups at a fabric: stateful for each interface by itself. A flow is forgotten after so many
    seconds of silence."""

    ports: tuple[SecuredPort, ...]
    sets: tuple[AddressSet, ...]
    idle: int


@dataclass(frozen=True, slots=True)
class RadiusNat:
    """An instance of a gateway sends what comes in over ``device`` to its RADIUS servers, under its own ``address``
    (P15): for each port of its own to an address and a port."""

    device: str
    servers: tuple[tuple[int, str, int], ...]
    address: str


@dataclass(frozen=True, slots=True)
class PrefixPair:
    """Each address of a prefix becomes one of another of the same length, which begins at ``address``; ``host`` is the
    mask of what stays."""

    before: str
    address: str
    host: str


@dataclass(frozen=True, slots=True)
class PortNat:
    """Flows from the ``source`` prefix, to ``egress`` alone where it is given, leave under addresses ``first`` to
    ``last``, which they share by ports. The barrier is for what belongs to no session."""

    source: str
    first: str
    last: str
    egress: str
    barrier: Barrier


@dataclass(frozen=True, slots=True)
class TunnelNat:
    """What becomes of the addresses of packets that come in by an interface and that leave by it, without state; and
    the pools of flows from or to it."""

    interface: str
    sources_in: tuple[PrefixPair, ...]
    destinations_in: tuple[PrefixPair, ...]
    sources_out: tuple[PrefixPair, ...]
    destinations_out: tuple[PrefixPair, ...]
    pools: tuple[PortNat, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixNat:
    """A router translates whole prefixes at its tunnels (T5)."""

    tunnels: tuple[TunnelNat, ...]

    @property
    def pools(self) -> tuple[PortNat, ...]:
        """The pools of all tunnels."""
        return tuple(pool for tunnel in self.tunnels for pool in tunnel.pools)

    @property
    def barriers(self) -> tuple[Barrier, ...]:
        """What it drops unless a session has it."""
        return tuple(pool.barrier for pool in self.pools)


@dataclass(frozen=True, slots=True)
class SegmentLimit:
    """Where SYNs pass interfaces of a pattern, they announce a maximum segment size (MSS) of ``most`` and no more."""

    interfaces: str
    most: int


@dataclass(frozen=True, slots=True)
class BalancedService:
    """What a frontend's rule is for: packets of a protocol and a port, 0 for every port."""

    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class BalancedAddress:
    """The address of a frontend: packets of these ``services`` leave for its ``members``, pairs of an interface and an
    address, each with that address as its destination; all others are dropped, for the ``cause``."""

    address: str
    services: tuple[BalancedService, ...]
    members: tuple[tuple[str, str], ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class FrontendRules:
    """Frontends of load balancers: routes choose the member, and answers leave from the frontend for so many seconds
    after the last packet (``idle``)."""

    frontends: tuple[BalancedAddress, ...]
    idle: int


@dataclass(frozen=True, slots=True)
class AzureTraffic:
    """A carrier of the underlay counts what it forwards between two public addresses of Azure (R80)."""

    addresses: tuple[str, ...]


# What nftables does in a namespace; each is printed by a template of its own.
Ruleset = (
    FabricRules
    | AccessRules
    | ApplianceNat
    | VpnServerNat
    | SiteNat
    | CircuitNat
    | SourceFilter
    | InitiatorOnly
    | UnknownPeer
    | BgpListeners
    | BgpRedirect
    | KeepsTtl
    | PrefixNat
    | RadiusNat
    | ClientFirewall
    | SecurityRules
    | StatefulForwarding
    | FirewallNat
    | FrontendRules
    | AzureTraffic
    | SegmentLimit
)
