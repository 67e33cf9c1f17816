"""Interfaces, addresses, routes and rules, through netlink."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import chain
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from netlab.errors import BuildError
from netlab.machine import namespaces, processes, rtnetlink
from netlab.plan.model import MAIN_TABLE, Interface, Link, Node, Route, Rule, Tunnel
from netlab.render import nftables

# linux/if_addr.h: the address brings no route to its prefix. In Azure nothing is on-link (R112).
_IFA_F_NOPREFIXROUTE = 0x200
# linux/if.h
_IFF_UP, _IFF_LOOPBACK = 1, 8
# linux/rtnetlink.h
_RTNH_F_ONLINK = 4
_RTN = {"unicast": 1, "blackhole": 6, "unreachable": 7, "prohibit": 8, "throw": 9}
_RTN_NAMES = {number: name for name, number in _RTN.items()}
# linux/rtnetlink.h RTPROT_BGP: how zebra marks what bgpd learned.
_RTPROT_BGP = 186
# An unused number in /etc/iproute2/rt_protos: what the lab's SDN controller wrote.
RTPROT_NETLAB = 199
_RT_TABLE_LOCAL = 255
# The name that kernel-libipsec gives its TUN.
_TUN = "ipsec0"
_RTMGRP_IPV4_ROUTE = 0x40
# linux/xfrm.h
_NETLINK_XFRM = 6
_XFRM_MSG_FLUSHSA, _XFRM_MSG_FLUSHPOLICY = 0x1C, 0x1D
_IPSEC_PROTO_ANY = 255
# linux/netfilter/nfnetlink.h: NFNL_SUBSYS_CTNETLINK, and IPCTNL_MSG_CT_DELETE of it.
_NETLINK_NETFILTER = 12
_CT_DELETE = 1 << 8 | 2
# linux/netlink.h
_NLM_F_REQUEST_ACK = 1 | 4

# rp_filter 1 breaks the steering of one public address to several edges (platform-facts.md, section 2), and must be
# off before links are made. Flows spread over equal paths by their 5-tuple (R11, B27).
_SYSCTLS = {
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
    "ipv4/conf/all/accept_redirects": "0",
    "ipv4/conf/default/accept_redirects": "0",
    "ipv4/fib_multipath_hash_policy": "1",
    "ipv4/icmp_ratelimit": "0",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """A route as the kernel has it; ``devices`` holds every next hop's interface."""

    prefix: str
    type: str
    table: int
    protocol: int
    metric: int
    devices: tuple[str, ...]
    via: tuple[str, ...]
    source: str

    @property
    def by_bgp(self) -> bool:
        """Whether zebra put it there for bgpd."""
        return self.protocol == _RTPROT_BGP


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that comes into a namespace by an interface."""

    netns: str
    interface: str
    source: str
    target: str


def build(nodes: Iterable[Node], links: Iterable[Link]) -> None:
    """Configure namespaces that exist: links first, then what each node has on them."""
    nodes, links = tuple(nodes), tuple(links)
    of_node: dict[str, list[tuple[Interface, Link]]] = {node.name: [] for node in nodes}
    for link in links:
        of_node[link.a.node].append((link.a, link))
        of_node[link.b.node].append((link.b, link))
    netns = {node.name: node.netns for node in nodes}
    by_netns = {node.netns: node for node in nodes}

    def prepare(name: str) -> None:
        _write_sysctls(by_netns[name])
        with IPRoute() as ipr:
            for interface, link in of_node[by_netns[name].name]:
                if interface is link.a:
                    _add_veth(ipr, link, netns[link.b.node])

    def configure(name: str) -> None:
        node = by_netns[name]
        with IPRoute() as ipr:
            _configure(ipr, node, [interface for interface, _ in of_node[node.name]])

    namespaces.for_each(by_netns, prepare)
    namespaces.for_each(by_netns, configure)
    for node in nodes:
        if node.nftables:
            load_nftables(node, nftables.text(node.nftables))


def _write_sysctls(node: Node) -> None:
    settings = {
        **_SYSCTLS,
        "ipv4/ip_forward": str(int(node.forwarding)),
        "ipv4/icmp_echo_ignore_all": str(int(not node.answers_ping)),
    }
    for key, value in settings.items():
        # A kernel without IPv6 lacks its sysctls.
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys/net", key).write_text(value)


def load_nftables(node: Node, ruleset: str) -> None:
    """Load a ruleset at a node."""
    code, output = processes.run(node.netns, ["nft", "-f", "-"], ruleset)
    if code != 0:
        raise BuildError(f"{node.name}: nft: {output.strip()}")


def _add_veth(ipr: IPRoute, link: Link, peer_netns: str) -> None:
    peer = os.open(namespaces.NETNS_ROOT / peer_netns, os.O_RDONLY)
    try:
        with _explained(link.a.node, f"veth {link.a.name} to {link.b.node}"):
            ipr.link("add", ifname=link.a.name, kind="veth", peer={"ifname": link.b.name, "net_ns_fd": peer})
    finally:
        os.close(peer)


@contextlib.contextmanager
def _explained(node: str, what: str) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        raise BuildError(f"{node}: {what}: {error}") from error


@contextlib.contextmanager
def _unless(*harmless: int) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        if error.code not in harmless:
            raise


def _configure(ipr: IPRoute, node: Node, interfaces: Iterable[Interface]) -> None:
    for name, _ in node.bridges:
        with _explained(node.name, f"bridge {name}"):
            ipr.link("add", ifname=name, kind="bridge")
    index = _indexes()
    loopback = Interface(node.name, "lo", "lo", node.loopback)
    bridges = [Interface(node.name, name, name, (address,)) for name, address in node.bridges]
    for interface in (loopback, *bridges, *interfaces):
        _set_up(ipr, node.name, index[interface.name], interface)
    for rule in node.rules:
        with _explained(node.name, str(rule)):
            _rule(ipr, "add", rule)
    for route in node.routes:
        with _explained(node.name, str(route)):
            change_route(ipr, "add", route, index)


def _set_up(ipr: IPRoute, node: str, index: int, interface: Interface) -> None:
    with _explained(node, f"interface {interface.name}"):
        if interface.altname != interface.name:
            ipr.link("property_add", index=index, altname=interface.altname)
        for text in interface.addresses:
            address = IPv4Interface(text)
            flags = {} if address.network.prefixlen == 32 else {"flags": _IFA_F_NOPREFIXROUTE}
            ipr.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen, **flags)
        ipr.link("set", index=index, state="up")


class _Indexes(dict[str, int]):
    """Interfaces by name. One that is not there fails as it would in the kernel."""

    def __missing__(self, name: str) -> int:
        raise NetlinkError(errno.ENODEV, f"no interface {name}")


def _indexes() -> dict[str, int]:
    """The interfaces of the namespace that the calling thread is in; pyroute2 takes 90 times as long to list them."""
    return _Indexes({name: number for number, name in socket.if_nameindex()})


def change_route(ipr: IPRoute, verb: str, route: Route, index: dict[str, int], protocol: int | None = None) -> None:
    """Add, replace or delete a route. A next hop is taken for on-link, whatever the addresses say."""
    arguments: dict[str, Any] = {"dst": route.prefix, "table": route.table, "type": _RTN[route.type]}
    if route.metric:
        arguments["priority"] = route.metric
    if route.source:
        arguments["prefsrc"] = route.source
    if protocol is not None:
        arguments["proto"] = protocol
    if route.device:
        arguments["oif"] = index[route.device]
    if route.hops:
        arguments["multipath"] = [_hop(device, via, index) for device, via in route.hops]
    elif route.via:
        arguments |= {"gateway": route.via, "flags": _RTNH_F_ONLINK}
    elif route.type == "unicast":
        arguments["scope"] = "link"
    ipr.route(verb, **arguments)


def _hop(device: str, via: str, index: dict[str, int]) -> dict[str, Any]:
    hop: dict[str, Any] = {"oif": index[device], "hops": 0}
    return hop | ({"gateway": via, "flags": _RTNH_F_ONLINK} if via else {})


def _rule(ipr: IPRoute, verb: str, rule: Rule) -> None:
    arguments: dict[str, Any] = {"priority": rule.priority, "table": rule.table}
    if rule.iif:
        arguments["iifname"] = rule.iif
    if rule.source:
        network = IPv4Network(rule.source)
        arguments |= {"src": str(network.network_address), "src_len": network.prefixlen}
    if rule.destination:
        network = IPv4Network(rule.destination)
        arguments |= {"dst": str(network.network_address), "dst_len": network.prefixlen}
    ipr.rule(verb, **arguments)


# --- tunnels --------------------------------------------------------------------------------------------------------


def move_tun(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Move charon's TUN into the routing namespace; leave a decoy for libipsec.

    kernel-libipsec installs its routes over an interface of the TUN's name and fails without one (platform-facts.md,
    section 2).
    """

    def leave_decoy(ipr: IPRoute) -> None:
        ipr.link("add", ifname=_TUN, kind="bridge")
        ipr.link("set", index=_indexes()[_TUN], state="up")

    def rename(ipr: IPRoute) -> None:
        index = _indexes()[_TUN]
        # Linux before 6.3 renames an interface only while it is down.
        ipr.link("set", index=index, state="down")
        ipr.link("set", index=index, ifname=tunnel.interface)

    _move(tunnel, edge_netns, netns, rename, leave_decoy)


def move_xfrm(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Make an XFRM interface in the edge, whose SAs it uses from then on, and move it into the routing namespace.

    Making it there in one step would tie it to the wrong namespace (platform-facts.md, section 9).
    """

    def make(ipr: IPRoute) -> None:
        _make_xfrm(ipr, tunnel.interface, "wan", tunnel.if_id)

    _move(tunnel, edge_netns, netns, make, lambda _: None)


def add_xfrm(netns: str, interface: str, below: str, if_id: int) -> None:
    """Make an XFRM interface over another one, in the same namespace."""

    def make(ipr: IPRoute) -> None:
        with _explained(netns, f"XFRM interface {interface}"):
            _make_xfrm(ipr, interface, below, if_id)
            ipr.link("set", index=_indexes()[interface], state="up")

    with_netlink(netns, make)


def _make_xfrm(ipr: IPRoute, interface: str, below: str, if_id: int) -> None:
    ipr.link("add", ifname=interface, kind="xfrm", xfrm_link=_indexes()[below], xfrm_if_id=if_id)


def flush_ipsec(netns: str) -> None:
    """Take every SA and policy out of a namespace: a killed charon leaves them there, and they go on working."""
    orders = ((_XFRM_MSG_FLUSHSA, bytes([_IPSEC_PROTO_ANY])), (_XFRM_MSG_FLUSHPOLICY, b""))
    with contextlib.suppress(_NoSuchFamily):
        _order(netns, "flush SAs and policies", _NETLINK_XFRM, orders)


def forget_flows(netns: str) -> None:
    """Have a namespace forget the flows that it translates (NAT): where routes changed they go elsewhere now.

    The kernel drops the next packet of a masqueraded flow that leaves by another interface (nf_nat_oif_changed).
    """
    _order(netns, "forget flows", _NETLINK_NETFILTER, ((_CT_DELETE, bytes(4)),))


class _NoSuchFamily(BuildError):
    """The kernel lacks what an order is for."""


def _order(netns: str, what: str, family: int, orders: Iterable[tuple[int, bytes]]) -> None:
    """Give the kernel orders of a netlink family that pyroute2 does not speak; each is answered with a code."""

    def give() -> None:
        try:
            kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        except OSError as error:
            if error.errno == errno.EPROTONOSUPPORT:
                raise _NoSuchFamily(f"{netns}: {what}: {os.strerror(error.errno)}") from error
            raise
        with kernel:
            for kind, body in orders:
                kernel.send(struct.pack("=IHHII", 16 + len(body), kind, _NLM_F_REQUEST_ACK, 1, 0) + body)
                (code,) = struct.unpack_from("=i", kernel.recv(4096), 16)
                if code:
                    raise BuildError(f"{netns}: {what}: {os.strerror(-code)}")

    namespaces.run_in(netns, give)


def _move(
    tunnel: Tunnel,
    edge_netns: str,
    netns: str,
    before: Callable[[IPRoute], None],
    after: Callable[[IPRoute], None],
) -> None:
    """Move a tunnel's interface from its edge into the routing namespace, and configure it there."""
    target = os.open(namespaces.NETNS_ROOT / netns, os.O_RDONLY)

    def send(ipr: IPRoute) -> None:
        with _explained(tunnel.edge, f"tunnel {tunnel.interface} for {tunnel.node}"):
            before(ipr)
            ipr.link("set", index=_indexes()[tunnel.interface], net_ns_fd=target)
            after(ipr)

    def receive(ipr: IPRoute) -> None:
        index = _indexes()
        with _explained(tunnel.node, f"tunnel {tunnel.interface}"):
            ipr.link("set", index=index[tunnel.interface], mtu=tunnel.mtu)
            end = Interface(tunnel.node, tunnel.interface, tunnel.altname)
            _set_up(ipr, tunnel.node, index[tunnel.interface], end)

    try:
        with_netlink(edge_netns, send)
    finally:
        os.close(target)
    with_netlink(netns, receive)


# --- reading and changing a running lab -------------------------------------------------------------------------------


def with_netlink(netns: str, function: Callable[[IPRoute], Any]) -> Any:
    """The result of a function that is given a netlink socket inside a namespace."""

    def inside() -> Any:
        with IPRoute() as ipr:
            return function(ipr)

    return namespaces.run_in(netns, inside)


def interface_names(netns: str) -> tuple[str, ...]:
    """The interfaces of a namespace."""
    return namespaces.run_in(netns, lambda: tuple(_indexes()))


def live_interfaces(netns: str) -> tuple[str, ...]:
    """The interfaces of a namespace that are up, without the loopback."""

    def read(ipr: IPRoute) -> tuple[str, ...]:
        links = ((link.get("ifname"), link["flags"]) for link in ipr.get_links())
        return tuple(name for name, flags in links if flags & (_IFF_UP | _IFF_LOOPBACK) == _IFF_UP)

    return tuple(with_netlink(netns, read))


def addresses(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses of each namespace as ``a.b.c.d/len``, in the kernel's order, without 127/8 and the plumbing."""

    def read(_: str) -> tuple[str, ...]:
        with IPRoute() as ipr:
            found = [f"{message.get('address')}/{message['prefixlen']}" for message in ipr.get_addr(family=2)]
        return tuple(a for a in found if not a.startswith(("127.", "169.254.0.", "169.254.4.")))

    names = tuple(names)
    return dict(zip(names, namespaces.for_each(names, read), strict=True))


def routes(netns: str, table: int | None = None) -> tuple[KernelRoute, ...]:
    """The IPv4 routes of a namespace, of one table or of all but the local one."""

    def read() -> tuple[KernelRoute, ...]:
        names = {number: name for name, number in _indexes().items()}
        found = (r for r in rtnetlink.routes() if r.table != _RT_TABLE_LOCAL and table in (None, r.table))
        return tuple(_named(route, names) for route in found)

    return namespaces.run_in(netns, read)


def chosen(arrivals: Iterable[Arrival]) -> dict[Arrival, KernelRoute | None]:
    """The route that the kernel takes for each packet, whichever table it is in; None where nothing comes in or on."""
    of: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        of.setdefault(arrival.netns, []).append(arrival)

    def read(netns: str) -> Iterator[tuple[Arrival, KernelRoute | None]]:
        index = _indexes()
        names = {number: name for name, number in index.items()}
        here = [arrival for arrival in of[netns] if arrival.interface in index]
        found = rtnetlink.chosen((index[a.interface], a.source, a.target) for a in here)
        return zip(here, (None if route is None else _named(route, names) for route in found), strict=True)

    return dict.fromkeys(chain(*of.values())) | dict(chain(*namespaces.for_each(of, read)))


def _named(route: rtnetlink.RawRoute, names: dict[int, str]) -> KernelRoute:
    return KernelRoute(
        prefix=route.prefix,
        type=_RTN_NAMES.get(route.type, str(route.type)),
        table=route.table,
        protocol=route.protocol,
        metric=route.metric,
        devices=tuple(names.get(index, "") for index, _ in route.hops if index),
        via=tuple(via for _, via in route.hops if via),
        source=route.source,
    )


def rules(netns: str) -> tuple[tuple[str, int], ...]:
    """The ingress interface and the table of each policy rule of a namespace, in order of priority."""

    def read(ipr: IPRoute) -> tuple[tuple[str, int], ...]:
        found = sorted(ipr.get_rules(family=2), key=lambda message: message.get("priority") or 0)
        return tuple((m.get("iifname") or "", m.get("table") or m["table"]) for m in found)

    result: tuple[tuple[str, int], ...] = with_netlink(netns, read)
    return result


def set_routes(netns: str, add: Iterable[Route], delete: Iterable[Route], protocol: int | None = None) -> None:
    """Add and delete routes; one that is already as wanted is no error."""
    add, delete = tuple(add), tuple(delete)

    def change(ipr: IPRoute) -> None:
        index = _indexes()
        changed = {_key(route) for route in add} & {_key(route) for route in delete}
        # A route to delete is found whoever made it: protocol 0 matches all.
        for verb, group, harmless, maker in (
            ("add", [r for r in add if _key(r) not in changed], errno.EEXIST, protocol),
            ("replace", [r for r in add if _key(r) in changed], errno.EEXIST, protocol),
            ("del", [r for r in delete if _key(r) not in changed], errno.ESRCH, 0),
        ):
            for route in group:
                missing = [name for name in (route.device, *(hop[0] for hop in route.hops)) if name not in (*index, "")]
                if missing:
                    # With its interface a route is gone too.
                    if verb == "del":
                        continue
                    raise BuildError(f"{netns}: add {route.prefix}: there is no interface {missing[0]}")
                try:
                    change_route(ipr, verb, route, index, maker)
                except NetlinkError as error:
                    if error.code != harmless:
                        raise BuildError(f"{netns}: {verb} {route}: {error}") from error

    with_netlink(netns, change)


def _key(route: Route) -> tuple[str, int, int]:
    """What the kernel tells routes apart by (besides TOS): one of the same key replaces another."""
    return route.prefix, route.table, route.metric


def add_loopback_addresses(netns: str, addresses: Iterable[str]) -> None:
    """Add those addresses to ``lo`` that are not there."""

    def change(ipr: IPRoute) -> None:
        lo = _indexes()["lo"]
        for address in addresses:
            with _explained(netns, f"address {address}"), _unless(errno.EEXIST):
                ipr.addr("add", index=lo, address=address, prefixlen=32)

    with_netlink(netns, change)


def sends(netns: str, interface: str) -> bool:
    """Whether an interface has its queue: a work queue brings it after carrier, until then noop drops everything."""

    def read(ipr: IPRoute) -> bool:
        (link,) = ipr.get_links(_indexes()[interface])
        return bool(link.get("qdisc") != "noop")

    return bool(with_netlink(netns, read))


def set_state(netns: str, interface: str, state: str) -> None:
    """Set an interface up or down."""
    with _explained(netns, f"interface {interface}"):
        with_netlink(netns, lambda ipr: ipr.link("set", index=_indexes()[interface], state=state))


def remove_interface(netns: str, interface: str) -> None:
    """Remove an interface if it is there; a killed charon's TUN goes by itself, a moment later."""

    def remove(ipr: IPRoute) -> None:
        index = _indexes()
        if interface in index:
            with _unless(errno.ENODEV):
                ipr.link("del", index=index[interface])

    with_netlink(netns, remove)


def remove_decoy(netns: str) -> None:
    """Remove what ``move_tun`` left in charon's place, else the next charon's TUN has another name."""
    remove_interface(netns, _TUN)


def change(old: Node, new: Node) -> None:
    """Bring the addresses on ``lo``, the rules and the routes of a namespace from one plan to another."""

    def readdress(ipr: IPRoute) -> None:
        lo = _indexes()["lo"]
        for verb, one, other in (("del", old, new), ("add", new, old)):
            for address in map(IPv4Interface, set(one.loopback) - set(other.loopback)):
                # The SDN controller adds footholds too, and another failover may have been killed half-way.
                with _unless(errno.EEXIST, errno.EADDRNOTAVAIL):
                    ipr.addr(verb, index=lo, address=str(address.ip), prefixlen=address.network.prefixlen)
            for rule in set(one.rules) - set(other.rules):
                with _unless(errno.EEXIST, errno.ENOENT):
                    _rule(ipr, verb, rule)

    with _explained(new.name, "another plan"):
        with_netlink(new.netns, readdress)
    set_routes(new.netns, set(new.routes) - set(old.routes), set(old.routes) - set(new.routes))


def set_mtu(netns: str, interface: str, mtu: int) -> None:
    """Set the MTU of an interface."""
    with _explained(netns, f"interface {interface}"):
        with_netlink(netns, lambda ipr: ipr.link("set", index=_indexes()[interface], mtu=mtu))


def longest_match(found: Iterable[KernelRoute], destination: str, table: int = MAIN_TABLE) -> KernelRoute | None:
    """The route of a table that the kernel uses for a destination."""
    address = IPv4Address(destination)
    covering = [r for r in found if r.table == table and address in IPv4Network(r.prefix)]
    return min(covering, key=lambda r: (-int(r.prefix.split("/")[1]), r.metric), default=None)


class RouteWatch:
    """Tells when IPv4 routes change in any of several namespaces."""

    def __init__(self, netns: Iterable[str]) -> None:
        self._selector = selectors.DefaultSelector()
        wakened, self._waker = socket.socketpair()
        wakened.setblocking(False)
        self._selector.register(wakened, selectors.EVENT_READ)
        for listener in namespaces.for_each(netns, lambda _: _route_listener()):
            self._selector.register(listener, selectors.EVENT_READ)

    def poke(self) -> None:
        """Tell of a change that is none of routes; from any thread."""
        self._waker.send(b"!")

    def close(self) -> None:
        """Close every socket."""
        for key in tuple(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._waker.close()
        self._selector.close()

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; what came meanwhile is one change."""
        changed = self._selector.select(seconds)
        for key, _ in changed:
            listener = key.fileobj
            assert isinstance(listener, socket.socket)
            # A full buffer (ENOBUFS) is a change like any other: everything is read anew.
            with contextlib.suppress(OSError):
                while listener.recv(65536):
                    pass
        return bool(changed)


def _route_listener() -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    listener.bind((0, _RTMGRP_IPV4_ROUTE))
    listener.setblocking(False)
    return listener
