"""The public underlay: the links to the Internet, and the node that carries it."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.plan.model import MAIN_TABLE, Interface, Link, Node, Route
from netlab.plan.names import interface, lab_netns
from netlab.scenario.addresses import INTERNET_ADDRESS, LAB_LINKS, LAB_PEERS
from netlab.scenario.names import INTERNET

# Links that need no addresses of their own still have some, for routes to name their next hop. The kernel refuses a
# next hop that is its own address, so a node's links towards the Internet and away from it differ.
FAR, NEAR, INNER_FAR, INNER_NEAR = (str(LAB_LINKS[number]) for number in range(1, 5))

# What links have only for routes to name their next hop.
PLUMBING = (LAB_LINKS, LAB_PEERS)

# Differs from Azure: A provider's router drops packets for private destinations. Here the node before it drops them,
# so that no private packet leaves in clear.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
# Zebra reads the administrative distance of a kernel route in the first byte of its metric: one above iBGP's 200.
AFTER_BGP = 250 << 24
# The largest administrative distance and metric that zebra uses for its own unreachable routes: loses to everything.
LAST_RESORT = 4278198272


def private_drops(table: int = MAIN_TABLE) -> Iterator[Route]:
    """What keeps private destinations that nobody knows from leaving towards the Internet."""
    return (Route(prefix, type="unreachable", table=table, metric=LAST_RESORT) for prefix in PRIVATE)


def upstream(device: str, via: str = FAR, table: int = MAIN_TABLE) -> Route:
    """The default route towards the Internet."""
    return Route("0.0.0.0/0", device, via=via, table=table)


def to_internet(node: str, addresses: tuple[str, ...], device: str = "wan", via: str = FAR) -> Link:
    """The link of a public endpoint to the Internet, whose end has the address ``via``."""
    return Link(
        Interface(node, device, device, addresses),
        Interface(INTERNET, interface(node), node, (f"{via}/32",)),
        underlay=True,
    )


def internet(lab: str, links: tuple[Link, ...], reachable_over: dict[str, str]) -> Node:
    """The Internet: a router that knows every public address and nothing else, and a host to talk to.

    ``reachable_over`` maps a public address to the node whose link leads to it.
    """
    own = {link.a.node: link for link in links if link.b.node == INTERNET}
    host = str(INTERNET_ADDRESS)
    routes = tuple(
        Route(f"{address}/32", own[node].b.name, via=_near(own[node]), source=host)
        for address, node in reachable_over.items()
    )
    return Node(INTERNET, "internet", lab_netns(lab, INTERNET), INTERNET, loopback=(f"{host}/32",), routes=routes)


def _near(link: Link) -> str:
    return NEAR if f"{NEAR}/32" in link.a.addresses else ""
