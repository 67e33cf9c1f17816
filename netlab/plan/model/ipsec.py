"""IKE daemons with their connections, secrets and certificates, and the interfaces of tunnels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netlab.plan.model.radius import RadiusClient

IkeProgram = Literal["strongswan", "libreswan"]


@dataclass(frozen=True, slots=True)
class Selector:
    """The traffic selectors of one side of a CHILD SA; empty means ``dynamic``."""

    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A CHILD SA of a connection, by the name of its configuration, and its selectors."""

    name: str
    local_ts: Selector
    remote_ts: Selector


@dataclass(frozen=True, slots=True)
class IkeConnection:
    """One connection of a charon. ``secret`` names its PSK; ``remote_address`` empty is any but those it is
    ``closed_to``; ``translated`` is what the local address becomes on its way to the Internet, if anything.

    ``version`` is IKE's. ``initiator`` is the end that brings it up; packets bring up the ``further`` CHILD SAs.
    ``refused`` are proposals of the peer that this end must refuse though it could narrow them. Times are Azure's,
    before the time scale: ``dpd_timeout`` 0 asks no peer whether it lives, ``idle_timeout`` 0 keeps idle SAs.
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
    refused: tuple[Child, ...] = ()
    on_demand: bool = False
    dpd_timeout: int = 45
    idle_timeout: int = 0
    child_lifetime: int = 27_000
    local_auth: str = "psk"
    remote_auth: str = "psk"
    translated: str = ""
    closed_to: tuple[str, ...] = ()

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
    """An IKE daemon in a namespace, with its connections, PSKs and certificates; of Libreswan it is pluto.

    ``own_ports`` where another one in the same namespace has IKE's; ``radius`` where servers authenticate its peers.
    """

    node: str
    directory: str
    connections: tuple[IkeConnection, ...]
    secrets: tuple[PeerSecret, ...]
    installs_routes: bool = False
    credentials: Credentials = Credentials()
    own_ports: bool = False
    radius: tuple[RadiusClient, ...] = ()
    program: IkeProgram = "strongswan"


@dataclass(frozen=True, slots=True)
class Before:
    """The router before several devices: its node, and its interface and next hop towards one of them."""

    node: str
    interface: str
    via: str


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The point-to-point interface of one tunnel at one end, in the routing namespace ``node``.

    ``connection`` is its IKE connection, ``of`` Azure's. ``edge`` is where its charon lives. ``statics`` are prefixes
    that lead into the connection whatever BGP says, ``host_routes`` the BGP peer's address, and for point-to-site the
    pool. ``peer`` is the node at the other end, empty for point-to-site, where clients come and go. ``before`` is
    the way here from the router before several devices, if there is one. ``ready_made`` where a daemon makes the
    interface in the edge under its own name; ``decoy`` is what pluto finds there in the interface's place.
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
    before: Before | None = None
    ready_made: bool = False
    decoy: str = ""

    @property
    def to_clients(self) -> bool:
        """Whether it is that of all point-to-site clients of a gateway, with tunnels of one type."""
        return not self.peer
