"""Tunnel interfaces: made in the edge that holds their SAs, moved into the routing namespace."""

from __future__ import annotations

import os
from collections.abc import Callable

from pyroute2 import IPRoute

from netlab.machine import flushing, namespaces
from netlab.machine.interfaces import explained, indexes, remove_interface, set_up, with_netlink
from netlab.machine.routes import RTPROT_NETLAB, forget_bgp, set_routes
from netlab.plan import steering
from netlab.plan.model import Interface, Plan, Tunnel

# The name that kernel-libipsec gives its TUN.
TUN = "ipsec0"
_CLIENT_WAN = "eth0"


def place(plan: Plan) -> None:
    """Give each routing namespace its tunnel interfaces, charon's TUNs or XFRM interfaces of the edge.

    With what leads into them, so that BGP's first attempt succeeds.
    """
    for tunnel in plan.tunnels:
        make = move_xfrm if tunnel.if_id else move_ready_made if tunnel.ready_made else move_tun
        make(tunnel, plan.netns(tunnel.edge), plan.netns(tunnel.node))
    for node in steering.steered_nodes(plan):
        wanted = steering.routes(plan, node, steering.everything_up(plan))
        set_routes(plan.netns(node), wanted, (), RTPROT_NETLAB)
    for client in plan.clients:
        if client.if_id:
            add_xfrm(plan.netns(client.node), client.interface, _CLIENT_WAN, client.if_id)


def remove(plan: Plan) -> None:
    """Remove the tunnel interfaces of a plan, and what its daemons left in the kernel; others go on there.

    A namespace that is gone has nothing left.
    """
    there = {node.name: node.netns for node in plan.nodes if namespaces.inode(node.netns)}
    for tunnel in plan.tunnels:
        if tunnel.node in there:
            remove_interface(there[tunnel.node], tunnel.interface)
        if tunnel.edge in there:
            remove_decoy(there[tunnel.edge], tunnel.decoy or TUN)
    for client in plan.clients:
        if client.if_id and client.node in there:
            remove_interface(there[client.node], client.interface)
    for item in (item for item in plan.charons if item.node in there):
        flushing.flush_ipsec(there[item.node])
    for speaker in (speaker for speaker in plan.speakers if speaker.node in there):
        forget_bgp(there[speaker.node])


def move_tun(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Move charon's TUN into the routing namespace; leave a decoy for libipsec.

    kernel-libipsec installs its routes over an interface of the TUN's name and fails without one (platform-facts.md,
    section 2).
    """

    def leave_decoy(ipr: IPRoute) -> None:
        ipr.link("add", ifname=TUN, kind="bridge")
        ipr.link("set", index=indexes()[TUN], state="up")

    def rename(ipr: IPRoute) -> None:
        index = indexes()[TUN]
        # Linux before 6.3 renames an interface only while it is down.
        ipr.link("set", index=index, state="down")
        ipr.link("set", index=index, ifname=tunnel.interface)

    _move(tunnel, edge_netns, netns, rename, leave_decoy)


def move_ready_made(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Move a TUN that its daemon made under its own name; it goes on serving it."""

    def leave(_: IPRoute) -> None: ...

    _move(tunnel, edge_netns, netns, leave, leave)


def move_xfrm(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Make an XFRM interface in the edge, whose SAs it uses from then on, and move it into the routing namespace.

    Making it there in one step would tie it to the wrong namespace (platform-facts.md, section 9).
    """

    def make(ipr: IPRoute) -> None:
        _make_xfrm(ipr, tunnel.interface, "wan", tunnel.if_id)

    _move(tunnel, edge_netns, netns, make, lambda _: None)
    if tunnel.decoy:
        _leave_for_pluto(tunnel, edge_netns, netns)


def _leave_for_pluto(tunnel: Tunnel, edge_netns: str, netns: str) -> None:
    """Leave an XFRM interface in the edge, where pluto looks for one of the same number and else makes it.

    It belongs to the namespace in which it was made, so that the edge's SAs are not its own.
    """
    target = os.open(namespaces.NETNS_ROOT / edge_netns, os.O_RDONLY)

    def send(ipr: IPRoute) -> None:
        with explained(tunnel.node, f"interface {tunnel.decoy} for {tunnel.edge}"):
            _make_xfrm(ipr, tunnel.decoy, "lo", tunnel.if_id)
            ipr.link("set", index=indexes()[tunnel.decoy], net_ns_fd=target)

    def receive(ipr: IPRoute) -> None:
        with explained(tunnel.edge, f"interface {tunnel.decoy}"):
            ipr.link("set", index=indexes()[tunnel.decoy], state="up")

    try:
        with_netlink(netns, send)
    finally:
        os.close(target)
    with_netlink(edge_netns, receive)


def add_xfrm(netns: str, interface: str, below: str, if_id: int) -> None:
    """Make an XFRM interface over another one, in the same namespace."""

    def make(ipr: IPRoute) -> None:
        with explained(netns, f"XFRM interface {interface}"):
            _make_xfrm(ipr, interface, below, if_id)
            ipr.link("set", index=indexes()[interface], state="up")

    with_netlink(netns, make)


def _make_xfrm(ipr: IPRoute, interface: str, below: str, if_id: int) -> None:
    ipr.link("add", ifname=interface, kind="xfrm", xfrm_link=indexes()[below], xfrm_if_id=if_id)


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
        with explained(tunnel.edge, f"tunnel {tunnel.interface} for {tunnel.node}"):
            before(ipr)
            ipr.link("set", index=indexes()[tunnel.interface], net_ns_fd=target)
            after(ipr)

    def receive(ipr: IPRoute) -> None:
        index = indexes()
        with explained(tunnel.node, f"tunnel {tunnel.interface}"):
            ipr.link("set", index=index[tunnel.interface], mtu=tunnel.mtu)
            end = Interface(tunnel.node, tunnel.interface, tunnel.altname)
            set_up(ipr, tunnel.node, index[tunnel.interface], end)

    try:
        with_netlink(edge_netns, send)
    finally:
        os.close(target)
    with_netlink(netns, receive)


def remove_decoy(netns: str, name: str = TUN) -> None:
    """Remove what was left for a daemon in its interface's place, else the next charon's TUN has another name."""
    remove_interface(netns, name)
