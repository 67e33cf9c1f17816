"""The public underlay: the Internet, Microsoft's backbone, and the links to both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address
from itertools import combinations

from netlab.plan.model import MAIN_TABLE, AzureTraffic, Interface, Link, Node, Route
from netlab.plan.names import interface, lab_netns
from netlab.plan.ports import circuit_port
from netlab.scenario.addresses import INTERNET_ADDRESS, LAB_LINKS, LAB_PEERS
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Network, VNet
from netlab.scenario.places import places

# Links that need no addresses of their own still have some, for routes to name their next hop. The kernel refuses a
# next hop that is its own address, so a node's links towards the Internet and away from it differ.
FAR, NEAR, INNER_FAR, INNER_NEAR = (str(LAB_LINKS[number]) for number in range(1, 5))

# The addresses that the backbone of each region has on its links to those of the other regions.
_BETWEEN_REGIONS = list(LAB_LINKS)[8:-1]

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
    return _uplink(INTERNET, node, addresses, device, via)


def to_backbone(vnet: VNet, node: str, addresses: tuple[str, ...], device: str = "wan") -> Link:
    """The link of what has public addresses of a VNet to Microsoft's backbone (R80)."""
    return _uplink(vnet.backbone, node, addresses, device, FAR)


def _uplink(carrier: str, node: str, addresses: tuple[str, ...], device: str, via: str) -> Link:
    return Link(
        Interface(node, device, device, addresses),
        Interface(carrier, interface(node), node, (f"{via}/32",)),
        underlay=True,
    )


def backbone_links(network: Network) -> Iterator[Link]:
    """The links of Microsoft's backbone: of each region to the Internet, and of each pair of regions."""
    nodes = network.backbones
    for node in nodes:
        # No node has this interface's name.
        yield _uplink(INTERNET, node, (f"{INNER_NEAR}/32",), INTERNET, INNER_FAR)
    own = {node: f"{_BETWEEN_REGIONS[place]}/32" for node, place in places(nodes, len(_BETWEEN_REGIONS)).items()}
    for one, other in combinations(sorted(nodes), 2):
        yield Link(
            Interface(one, interface(other), other, (own[one],)),
            Interface(other, interface(one), one, (own[other],)),
            underlay=True,
        )


class Underlay:
    """The nodes that carry the public underlay.

    ``reachable_over`` maps a public address to the node whose link leads to it.
    """

    def __init__(self, lab: str, network: Network, links: Iterable[Link], reachable_over: Mapping[str, str]) -> None:
        self._lab, self._network, self._reachable = lab, network, reachable_over
        carriers = {INTERNET, *network.backbones}
        self._links = {
            (near.node, far.node): (near, far)
            for link in links
            if link.b.node in carriers
            for near, far in ((link.a, link.b), (link.b, link.a))
        }
        self._home = {near: far for near, far in self._links if near not in carriers}
        self._azure = tuple(sorted(map(str, network.public.of_azure)))

    def nodes(self) -> Iterator[Node]:
        """The Internet, then the backbone of each region."""
        yield self._internet()
        yield from map(self._backbone, self._network.backbones)

    def _internet(self) -> Node:
        """A router that has a route to every public address and to nothing else, and a host to talk to."""
        host = str(INTERNET_ADDRESS)
        netns = lab_netns(self._lab, INTERNET)
        routes = tuple(self._routes(INTERNET, host))
        loopback, witness = (f"{host}/32",), (AzureTraffic(self._azure),) if self._azure else ()
        return Node(INTERNET, "internet", netns, INTERNET, loopback=loopback, routes=routes, nftables=witness)

    def _backbone(self, node: str) -> Node:
        """A router that has a route to the public addresses of Azure. All other ones are the Internet's."""
        lost = (Route(f"{address}/32", type="unreachable", metric=LAST_RESORT) for address in self._azure)
        network, speaker = self._network, self._network.backbone_routers.get(node)
        peerings = network.microsoft_peerings
        edges = (Route(f"{e.bgp_address}/32", circuit_port(e.node)) for peering in peerings for e in peering.edges)
        loopback = (f"{speaker.address}/32",) if speaker is not None else ()
        routes = (*self._routes(node), *edges, *lost, upstream(INTERNET, INNER_FAR))
        netns, witness = lab_netns(self._lab, node), (AzureTraffic(self._azure),)
        return Node(node, "backbone", netns, node, loopback=loopback, routes=routes, nftables=witness)

    def _routes(self, node: str, source: str = "") -> Iterator[Route]:
        """The routes to public addresses: over their own links, or over the carrier that has these links."""
        for address, owner in self._reachable.items():
            home = self._home[owner]
            # All that a backbone has no link to is behind its default route.
            if node != home and home == INTERNET:
                continue
            near, far = self._links[node, owner if node == home else home]
            yield Route(f"{address}/32", near.name, via=_plumbing(far), source=source)


def _plumbing(interface: Interface) -> str:
    """The address that an interface has for routes to name it; empty where it has none."""
    found = (address.partition("/")[0] for address in interface.addresses)
    return next((address for address in found if IPv4Address(address) in LAB_LINKS), "")
