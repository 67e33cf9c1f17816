"""ExpressRoute: gateways, circuits with their edge routers, and the private links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from netlab.plan.devices import Parts
from netlab.plan.model import GatewayView, Interface, KeepsTtl, Link, Node, Route
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import NIC, circuit_port, over_circuit, port, to_expressroute
from netlab.scenario.addresses import GATEWAY_SUBNET, subnet_gateway
from netlab.scenario.network import Circuit, ExpressRouteGateway, Network, Router, VNet


def parts(lab: str, network: Network) -> Iterator[Parts]:
    """The instances of all ExpressRoute gateways, and the edge routers of all circuits."""
    for gateway in network.expressroute_gateways:
        yield from (_instance(lab, gateway, router) for router in gateway.instances)
    for circuit in network.circuits.values():
        yield from (_edge_router(lab, circuit, router) for router in circuit.edge_routers)


def _instance(lab: str, gateway: ExpressRouteGateway, router: Router) -> Parts:
    vnet = gateway.vnet
    prefix = vnet.subnets[GATEWAY_SUBNET].prefix
    way_in = str(subnet_gateway(prefix))
    inward = (Route(str(space), NIC, via=way_in) for space in vnet.prefixes)
    # Of an address of its own subnet zebra thinks that it is on-link.
    vpn = vnet.vpn_gateway.instances if vnet.vpn_gateway is not None else ()
    beside = (Route(f"{address}/32", NIC, via=way_in) for address in dict.fromkeys(r.bgp_address for r in vpn))
    node = Node(
        router.node,
        "gateway",
        lab_netns(lab, router.node),
        vnet.name,
        routes=(*inward, *beside, *routes_to_circuits(vnet.circuits)),
        nftables=(KeepsTtl(),),
    )
    link = Link(
        Interface(router.node, NIC, NIC, (f"{router.bgp_address}/{prefix.prefixlen}",)),
        port(vnet.node, to_expressroute(router.index), f"{way_in}/32"),
    )
    return Parts((node,), (link,))


def _edge_router(lab: str, circuit: Circuit, msee: Router) -> Parts:
    ends, fast = tuple(_at(circuit, msee)), tuple(vnet for vnet in circuit.vnets if msee in vnet.fast_paths)
    others = (*ends, *((other, address) for _, other, address in circuit.across(msee)))
    node = Node(
        msee.node,
        "edge router",
        lab_netns(lab, msee.node),
        circuit.name,
        loopback=tuple(f"{address}/32" for address in (msee.bgp_address, *circuit.network.link_addresses_of(msee))),
        routes=(
            *(Route(f"{address}/32", circuit_port(other.node)) for other, address in others),
            *(Route(f"{vnet.fast_path_address}/32", circuit_port(vnet.node)) for vnet in fast),
        ),
    )
    # A link between two circuits belongs to the circuit at which it is written.
    far = {reach.peer.name for reach in circuit.network.global_reach if reach.circuit is circuit}
    over = (other for _, other, _ in circuit.across(msee) if other.end.name in far)
    between = tuple(_link(msee, other) for other in (*(end for end, _ in ends), *over))
    return Parts((node,), (*between, *(_past_the_gateway(msee, vnet) for vnet in fast)))


def _past_the_gateway(msee: Router, vnet: VNet) -> Link:
    """The link of an edge router into a VNet, by FastPath (U23)."""
    inside = port(vnet.node, over_circuit(msee.node), f"{vnet.fast_path_address}/32")
    return Link(port(msee.node, over_circuit(vnet.node)), inside)


def _at(circuit: Circuit, msee: Router) -> Iterator[tuple[Router, IPv4Address]]:
    """The routers with a link to an edge router, and their addresses: the customer's, and the instances of the VNets'
    gateways."""
    for (edge_router, other), (_, address) in zip(circuit.links, circuit.link_addresses, strict=True):
        if edge_router is msee:
            yield other, address
    joined = (g for g in circuit.network.expressroute_gateways if g.vnet in circuit.vnets)
    yield from ((router, router.bgp_address) for gateway in joined for router in gateway.instances)


def _link(msee: Router, other: Router) -> Link:
    return Link(port(other.node, over_circuit(msee.node)), port(msee.node, over_circuit(other.node)))


def routes_to_circuits(circuits: Iterable[Circuit]) -> Iterator[Route]:
    """How an instance of a gateway reaches the edge routers of these circuits."""
    routers = (msee for circuit in circuits for msee in circuit.edge_routers)
    return (Route(f"{msee.bgp_address}/32", circuit_port(msee.node)) for msee in routers)


def routes_over_links(circuits: Iterable[Circuit], customer: Router) -> Iterator[Route]:
    """How a router at the customer's end reaches the edge routers of the links that end there."""
    for circuit in circuits:
        for (msee, other), (address, _) in zip(circuit.links, circuit.link_addresses, strict=True):
            if other is customer:
                yield Route(f"{address}/32", circuit_port(msee.node))


def views(lab: str, network: Network) -> Iterator[GatewayView]:
    """Where to read what the ExpressRoute gateways learned."""
    for gateway in network.expressroute_gateways:
        ports = tuple(circuit_port(msee.node) for circuit in gateway.vnet.circuits for msee in circuit.edge_routers)
        counts = gateway.vnet.route_server is not None
        for router in gateway.instances:
            directory, netns = node_directory(lab, router.node) if counts else "", lab_netns(lab, router.node)
            yield GatewayView(gateway.name, router.node, netns, ports, expressroute=True, directory=directory)
