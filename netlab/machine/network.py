"""What a plan says of namespaces: links, addresses, routes, rules and filters, built and changed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection, Iterable
from ipaddress import IPv4Interface
from pathlib import Path

from pyroute2 import IPRoute

from netlab.machine import filters, flushing, namespaces, routes
from netlab.machine.interfaces import explained, indexes, set_up, unless, with_netlink
from netlab.plan.model import Interface, Link, Node
from netlab.render import nftables

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
# Fabrics choose by addresses, protocol and ports (0x37) of the packet itself, in either direction alike: with policy 1
# the kernel takes the hash that a socket on this host has given its packets, one for each direction.
_SYSCTLS_OF_FABRICS = {"ipv4/fib_multipath_hash_policy": "3", "ipv4/fib_multipath_hash_fields": str(0x37)}


def build(nodes: Iterable[Node], fresh: Collection[Node], links: Iterable[Link]) -> None:
    """Make links between nodes whose namespaces exist, and configure the ``fresh`` ones: links first, then what each
    node has on them."""
    nodes, links, new = tuple(nodes), tuple(links), {node.name for node in fresh}
    of_node: dict[str, list[tuple[Interface, Link]]] = {node.name: [] for node in nodes}
    for link in links:
        of_node[link.a.node].append((link.a, link))
        of_node[link.b.node].append((link.b, link))
    netns = {node.name: node.netns for node in nodes}
    by_netns = {node.netns: node for node in nodes if of_node[node.name] or node.name in new}

    def prepare(name: str) -> None:
        if by_netns[name].name in new:
            _write_sysctls(by_netns[name])
        with IPRoute() as ipr:
            for interface, link in of_node[by_netns[name].name]:
                if interface is link.a:
                    _add_veth(ipr, link, netns[link.b.node])

    def configure(name: str) -> None:
        node = by_netns[name]
        ends = [interface for interface, _ in of_node[node.name]]
        with IPRoute() as ipr:
            if node.name in new:
                _configure(ipr, node, ends)
            else:
                _set_up(ipr, node, ends)

    namespaces.for_each(by_netns, prepare)
    namespaces.for_each(by_netns, configure)
    for node in fresh:
        if node.nftables:
            filters.load(node, nftables.text(node.nftables))


def settings(node: Node) -> dict[str, str]:
    """The kernel's settings of a node, by their path below /proc/sys/net."""
    return {
        **_SYSCTLS,
        **(_SYSCTLS_OF_FABRICS if node.kind == "vnet" else {}),
        "ipv4/ip_forward": str(int(node.forwarding)),
        "ipv4/icmp_echo_ignore_all": str(int(not node.answers_ping)),
    }


def _write_sysctls(node: Node) -> None:
    for key, value in settings(node).items():
        # A kernel without IPv6 lacks its sysctls.
        with contextlib.suppress(FileNotFoundError):
            Path("/proc/sys/net", key).write_text(value)


def _add_veth(ipr: IPRoute, link: Link, peer_netns: str) -> None:
    peer = os.open(namespaces.NETNS_ROOT / peer_netns, os.O_RDONLY)
    try:
        with explained(link.a.node, f"veth {link.a.name} to {link.b.node}"):
            far = {"ifname": link.b.name, "net_ns_fd": peer, "address": link.hardware}
            ipr.link("add", ifname=link.a.name, kind="veth", address=link.hardware, peer=far)
    finally:
        os.close(peer)


def _configure(ipr: IPRoute, node: Node, ends: Iterable[Interface]) -> None:
    for name, _ in node.bridges:
        with explained(node.name, f"bridge {name}"):
            ipr.link("add", ifname=name, kind="bridge")
    index = indexes()
    loopback = Interface(node.name, "lo", "lo", node.loopback)
    bridges = [Interface(node.name, name, name, (address,)) for name, address in node.bridges]
    for interface in (loopback, *bridges):
        set_up(ipr, node.name, index[interface.name], interface)
    _set_up(ipr, node, ends)
    for rule in node.rules:
        with explained(node.name, str(rule)):
            routes.change_rule(ipr, "add", rule)
    for route in node.routes:
        with explained(node.name, str(route)):
            routes.change_route(ipr, "add", route, index)


def _set_up(ipr: IPRoute, node: Node, ends: Iterable[Interface]) -> None:
    index = indexes()
    for interface in ends:
        # One ARP table serves all namespaces of the machine, and has 1,024 entries (platform.md, section 7).
        set_up(ipr, node.name, index[interface.name], interface, arp=False)


def _tables(node: Node) -> frozenset[int]:
    return frozenset((*(route.table for route in node.routes), *(rule.table for rule in node.rules)))


def change(old: Node, new: Node, fresh: Collection[str] = ()) -> None:
    """Bring a namespace from one plan to another: settings, addresses on ``lo``, rules, routes, filters.

    Its ``fresh`` interfaces have been made since: routes over them are there no more.
    """

    def readdress(ipr: IPRoute) -> None:
        if settings(old) != settings(new):
            _write_sysctls(new)
        lo = indexes()["lo"]
        for verb, one, other in (("del", old, new), ("add", new, old)):
            for address in map(IPv4Interface, set(one.loopback) - set(other.loopback)):
                # The SDN controller adds footholds too, and another failover may have been killed half-way.
                with unless(errno.EEXIST, errno.EADDRNOTAVAIL):
                    ipr.addr(verb, index=lo, address=str(address.ip), prefixlen=address.network.prefixlen)
            for rule in set(one.rules) - set(other.rules):
                with unless(errno.EEXIST, errno.ENOENT):
                    routes.change_rule(ipr, verb, rule)

    with explained(new.name, "another plan"):
        with_netlink(new.netns, readdress)
    over = {
        route for route in new.routes if not {route.device, *(device for device, _ in route.hops)}.isdisjoint(fresh)
    }
    add, delete = set(new.routes) - set(old.routes), set(old.routes) - set(new.routes)
    routes.set_routes(new.netns, add | over, delete)
    routes.flush(new.netns, _tables(old) - _tables(new))
    if old.nftables != new.nftables:
        filters.replace(new, nftables.text(old.nftables), nftables.text(new.nftables))
    if new.nftables and (add | delete | over or old.nftables != new.nftables):
        flushing.forget_flows(new.netns)
