"""Microsoft peerings: their edge routers, with links to the customer's routers and to Microsoft's backbone."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.plan.devices import Parts
from netlab.plan.model import Barrier, CircuitNat, Link, Node, Route, Ruleset, SourceFilter
from netlab.plan.names import lab_netns
from netlab.plan.ports import circuit_port, over_circuit, port
from netlab.plan.underlay import LAST_RESORT
from netlab.results.drops import DropType, cause
from netlab.scenario.network import Backbone, MicrosoftPeering, Network, Router, Site


def parts(lab: str, network: Network) -> Iterator[Parts]:
    """The edge routers of all Microsoft peerings."""
    backbones = tuple(network.backbone_routers.values())
    for peering in network.microsoft_peerings:
        yield from (_edge(lab, peering, edge, backbones) for edge in peering.edges)


def _edge(lab: str, peering: MicrosoftPeering, edge: Router, backbones: tuple[Backbone, ...]) -> Parts:
    ends = {other.node: address for at, other, address in peering.links if at is edge}
    why = cause(DropType.SOURCE_NOT_ADVERTISED, circuit=peering.circuit.name)
    acl = Barrier(why, ingress=tuple(map(circuit_port, ends)), sources=tuple(map(str, peering.advertised)))
    beyond = ends | {backbone.name: backbone.address for backbone in backbones}
    node = Node(
        edge.node,
        "edge router",
        lab_netns(lab, edge.node),
        peering.circuit.name,
        loopback=(f"{edge.bgp_address}/32",),
        routes=tuple(Route(f"{address}/32", circuit_port(node)) for node, address in beyond.items()),
        nftables=(SourceFilter((acl,)),),
    )
    here = over_circuit(edge.node)
    return Parts((node,), tuple(Link(port(other, here), port(edge.node, over_circuit(other))) for other in beyond))


def routes_of_customer(site: Site, customer: Router) -> Iterator[Route]:
    """How a site's router reaches the edge routers at its links; and the site's public prefixes, of which only what a
    session of NAT has, or a host, leads further."""
    # Differs from Azure: A VPN device reaches the public addresses of gateways over the Internet, also where it has
    # learned them over a Microsoft peering; on Azure its tunnels may run over the circuit.
    for peering in site.microsoft_peerings:
        for edge, other, _ in peering.links:
            if other is customer:
                yield Route(f"{edge.bgp_address}/32", circuit_port(edge.node))
    if customer.node == site.node:
        for prefix in (prefix for prefix in site.public_prefixes if prefix not in site.prefixes):
            yield Route(str(prefix), type="unreachable", metric=LAST_RESORT)


def rulesets_of_customer(site: Site, customer: Router) -> Iterator[Ruleset]:
    """What a site's router does to the sources of packets into its Microsoft peerings."""
    for peering in site.microsoft_peerings:
        mine = [
            (circuit_port(edge.node), f"{address}/32") for edge, other, address in peering.links if other is customer
        ]
        if mine and peering.spec.nat_address is not None:
            kept = (*map(str, peering.advertised), *(address for _, address in mine))
            yield CircuitNat(tuple(device for device, _ in mine), str(peering.spec.nat_address), kept)
