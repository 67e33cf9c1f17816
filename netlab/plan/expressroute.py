"""ExpressRoute: gateways, circuits with their edge routers, and the private links between them."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.propagation import vnet_prefixes
from netlab.plan.devices import NIC, Parts, circuit_port
from netlab.plan.model import GatewayView, Interface, Link, Node, Route
from netlab.plan.names import lab_netns, node_directory
from netlab.scenario.addresses import GATEWAY_SUBNET, subnet_gateway
from netlab.scenario.models import Scenario, node_name
from netlab.scenario.routers import Router, devices, edge_routers, expressroute_gateways, instances


def port(index: int) -> str:
    """The interface of a fabric that leads to an instance of its ExpressRoute gateway."""
    return f"er-{index}"


def parts(lab: str, scenario: Scenario) -> Iterator[Parts]:
    """The instances of all ExpressRoute gateways, and the edge routers of all circuits."""
    for router in expressroute_gateways(scenario):
        yield _gateway(lab, scenario, router)
    for msee in edge_routers(scenario):
        routes = (Route(f"{other.bgp_address}/32", circuit_port(other)) for other in _at_circuit(scenario, msee))
        address = f"{msee.bgp_address}/32"
        node = Node(
            msee.node, "edge router", lab_netns(lab, msee.node), msee.end, loopback=(address,), routes=tuple(routes)
        )
        yield Parts((node,), tuple(_link(msee, other) for other in _at_circuit(scenario, msee)))


def _gateway(lab: str, scenario: Scenario, router: Router) -> Parts:
    prefix = scenario.vnets[router.end].subnets[GATEWAY_SUBNET].address_prefix
    way_in = str(subnet_gateway(prefix))
    inward = (Route(str(space), NIC, via=way_in) for space in vnet_prefixes(scenario, router.end))
    # Of an address of its own subnet zebra thinks that it is on-link.
    vpn = instances(scenario, router.end) if scenario.vnets[router.end].vpn_gateway is not None else ()
    beside = (Route(f"{address}/32", NIC, via=way_in) for address in dict.fromkeys(r.bgp_address for r in vpn))
    node = Node(
        router.node,
        "gateway",
        lab_netns(lab, router.node),
        router.end,
        routes=(
            *inward,
            *beside,
            *(Route(f"{msee.bgp_address}/32", circuit_port(msee)) for msee in circuits(scenario, router)),
        ),
    )
    link = Link(
        Interface(router.node, NIC, NIC, (f"{router.bgp_address}/{prefix.prefixlen}",)),
        Interface(node_name(router.end), port(router.index), port(router.index), (f"{way_in}/32",)),
    )
    return Parts((node,), (link,))


def circuits(scenario: Scenario, router: Router) -> Iterator[Router]:
    """The edge routers that an ExpressRoute gateway or a site's device is joined to."""
    for msee in edge_routers(scenario):
        circuit = scenario.expressroute_circuits[msee.end]
        if router.end in (circuit.site, *circuit.vnets):
            yield msee


def _at_circuit(scenario: Scenario, msee: Router) -> Iterator[Router]:
    """Whom an edge router is joined to: the site's device, and the instances of its VNets' gateways."""
    circuit = scenario.expressroute_circuits[msee.end]
    yield from devices(scenario, circuit.site)
    yield from (router for router in expressroute_gateways(scenario) if router.end in circuit.vnets)


def _link(msee: Router, other: Router) -> Link:
    return Link(
        Interface(other.node, circuit_port(msee), f"x-{msee.node}"),
        Interface(msee.node, circuit_port(other), f"x-{other.node}"),
    )


def routes_to_circuits(scenario: Scenario, router: Router) -> Iterator[Route]:
    """How a site's device reaches its edge routers."""
    return (Route(f"{msee.bgp_address}/32", circuit_port(msee)) for msee in circuits(scenario, router))


def views(lab: str, scenario: Scenario) -> Iterator[GatewayView]:
    """Where to read what the ExpressRoute gateways know."""
    for router in expressroute_gateways(scenario):
        ports = tuple(circuit_port(msee) for msee in circuits(scenario, router))
        counts = scenario.vnets[router.end].route_server is not None
        directory = node_directory(lab, router.node) if counts else ""
        netns = lab_netns(lab, router.node)
        yield GatewayView(router.end, router.node, netns, ports, expressroute=True, directory=directory)
