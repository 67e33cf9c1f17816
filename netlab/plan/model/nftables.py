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
class AccessRules:
    """A NAT router sends to the Internet, over ``wan``, under its public address, and is a firewall (P6)."""

    wan: str
    address: str
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


# What nftables does in a namespace; each is printed by a template of its own.
Ruleset = (
    FabricRules
    | AccessRules
    | ApplianceNat
    | VpnServerNat
    | SiteNat
    | InitiatorOnly
    | UnknownPeer
    | BgpListeners
    | KeepsTtl
    | ClientFirewall
)
