"""Point-to-site: a gateway's end of its clients' tunnels, and the clients' ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from netlab.plan.model.ipsec import Credentials, IkeConnection
from netlab.plan.model.kernel import CHARON_TABLE, MAIN_TABLE
from netlab.plan.model.radius import RadiusClient
from netlab.scenario.models import TunnelType
from netlab.sstp import settings

Outer = Literal["ESP", "TLS"]


@dataclass(frozen=True, slots=True)
class Server:
    """A gateway instance's end of its clients' tunnels of one type; each type has a class of its own.

    ``node`` is the instance's routing namespace, where ``interface`` leads to the clients. The daemon is in the
    namespace of ``edge``, under the public ``address``, and works in ``directory``. ``static`` are the prefixes that it
    offers whatever BGP and custom routes say.
    """

    # The name of its process; empty where it is the charon of the plan that has this directory.
    program: ClassVar[str] = ""
    # What its tunnels are on the way between the public addresses.
    outer: ClassVar[Outer] = "ESP"

    tunnel_type: TunnelType
    vnet: str
    node: str
    netns: str
    interface: str
    edge: str
    directory: str
    address: str
    static: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IkeServer(Server):
    """IKEv2: a connection of a charon.

    ``footholds``: each offered prefix needs an address in the edge's namespace (kernel-libipsec).
    """

    connection: IkeConnection
    edge_netns: str
    footholds: bool


@dataclass(frozen=True, slots=True)
class OpenVpnServer(Server):
    """OpenVPN: a daemon on TCP port 443, whose TUN is moved into the routing namespace.

    ``subnet`` is the whole pool, ``own`` the next hop of the pushed routes, ``first`` and ``last`` what clients get.
    ``tls_key`` is the name of the key of tls-auth. With ``radius`` clients have passwords, else certificates.
    """

    program: ClassVar[str] = "openvpn"
    outer: ClassVar[Outer] = "TLS"

    edge_netns: str
    subnet: str
    own: str
    first: str
    last: str
    credentials: Credentials
    tls_key: str
    radius: tuple[RadiusClient, ...] = ()


@dataclass(frozen=True, slots=True)
class SstpServer(Server):
    """SSTP: a daemon on TCP port 443, whose TUN is moved into the routing namespace.

    ``own`` is its address in PPP, ``first`` and ``last`` are what clients get. ``users`` are the names of clients'
    passwords, by client; without any, certificates count, or what a RADIUS server says.
    """

    program: ClassVar[str] = settings.PROGRAM
    outer: ClassVar[Outer] = "TLS"

    edge_netns: str
    own: str
    first: str
    last: str
    mtu: int
    credentials: Credentials
    users: tuple[tuple[str, str], ...]
    radius: tuple[RadiusClient, ...] = ()


# A server of any tunnel type; the JSON Schema of a plan lists them.
AnyServer = IkeServer | OpenVpnServer | SstpServer


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy: it listens at ``address`` and connects its clients to servers on these TCP ports.

    ``password`` is the name of the one for which it asks; it asks for none where that is empty.
    """

    node: str
    netns: str
    directory: str
    address: str
    port: int
    connects_to: tuple[int, ...]
    password: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A point-to-site client's tunnel to the gateway of a VNet: its namespace, its interface, its daemon's directory.

    ``name`` tells the tunnels of one client apart: the first is called as its node. ``metric`` is that of its routes:
    of equal ones those into the first tunnel win. ``server`` is the gateway's public address. ``connection`` and
    ``if_id`` are those of IKE. Where the gateway pushes routes, ``subnet`` is that of its address and ``next_hop`` the
    gateway's in it. ``credentials`` are those of SSTP; ``password``, a name, is that of SSTP and OpenVPN. ``proxy``
    is the address and port of the HTTP proxy that the tunnel passes, ``translated`` what NAT makes of its own address.
    Its package has profiles of the gateway's ``package_types``, and says how clients authenticate there.
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
    metric: int
    class_based_route: bool
    tunnel_type: TunnelType
    server: str
    subnet: str = ""
    next_hop: str = ""
    credentials: Credentials = field(default_factory=Credentials)
    password: str = ""
    proxy: str = ""
    translated: str = ""
    package_types: tuple[TunnelType, ...] = ()
    authentication: str = ""

    @property
    def keeps_interface(self) -> bool:
        """Whether its interface is there also while it has no tunnel."""
        return self.tunnel_type == "IkeV2"

    @property
    def outer(self) -> Outer:
        """What its tunnel is on the way to the gateway: of TLS it is a connection to TCP port 443."""
        return "ESP" if self.tunnel_type == "IkeV2" else "TLS"

    @property
    def tables(self) -> tuple[int, ...]:
        """The routing tables with its routes into the tunnel, in the order in which the kernel asks them."""
        # What charon installs for a Windows client no packet consults.
        return (CHARON_TABLE, MAIN_TABLE) if self.tunnel_type == "IkeV2" and self.os != "windows" else (MAIN_TABLE,)
