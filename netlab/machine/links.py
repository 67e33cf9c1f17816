"""The links of a plan: built with what their nodes have on them, changed, cut, impaired."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from netlab.machine import impairment, interfaces, namespaces, network
from netlab.machine.routes import set_routes
from netlab.plan.model import Link, Node, Plan, Uplink


def build(plan: Plan) -> None:
    """Make links, addresses, routes, rules and filters."""
    network.build(plan.nodes, plan.nodes, plan.links)


def add(plan: Plan, nodes: Collection[Node], links: Collection[Link]) -> None:
    """Make links of a plan, and what those nodes have that are new."""
    network.build(plan.nodes, nodes, links)


def remove(plan: Plan, links: Collection[Link]) -> None:
    """Remove links of a plan, those that are not there too."""
    for end in (end for link in links for end in (link.a, link.b)):
        with contextlib.suppress(namespaces.Missing):
            interfaces.remove_interface(plan.netns(end.node), end.name)


def change(old: Node, new: Node, fresh: Collection[str] = ()) -> None:
    """Bring what a namespace has, its interfaces excepted, from one plan to another; ``fresh`` ones have been made."""
    network.change(old, new, fresh)


def keep_addresses(node: Node, wanted: Collection[str]) -> None:
    """Remove every address from the loopback of a node but these, and the kernel's own."""
    interfaces.keep_loopback_addresses(node.netns, wanted)


def addresses(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The addresses of every node."""
    found = interfaces.addresses(node.netns for node in plan.nodes)
    return {node.name: found[node.netns] for node in plan.nodes}


def cut(plan: Plan, links: Collection[Link]) -> None:
    """Set the far ends of links down."""
    for link in links:
        interfaces.set_state(plan.netns(link.b.node), link.b.name, "down")


def mend(plan: Plan, links: Collection[Link]) -> None:
    """Set the far ends of links up, and restore the routes that the kernel removed with them."""
    for link in links:
        netns = plan.netns(link.b.node)
        interfaces.set_state(netns, link.b.name, "up")
        set_routes(netns, (r for r in plan.node(link.b.node).routes if r.device == link.b.name), ())


def impair(plan: Plan, uplink: Uplink) -> impairment.Measured:
    """Make a link do to packets what its ``Uplink`` says, and measure that it does."""
    asked = impairment.Asked(uplink.delay, uplink.jitter, uplink.loss, uplink.rate)
    address = uplink.address or uplink.far.addresses[0].partition("/")[0]
    return impairment.impair(_ends(plan, uplink), address, asked)


def restore(plan: Plan, uplink: Uplink) -> None:
    """Take every impairment off a link."""
    impairment.reset(_ends(plan, uplink))


def _ends(plan: Plan, uplink: Uplink) -> tuple[impairment.End, impairment.End]:
    near, far = (impairment.End(plan.netns(end.node), end.name) for end in (uplink.near, uplink.far))
    return near, far
