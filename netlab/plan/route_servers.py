"""Route Servers, and appliances that speak BGP: their nodes, their links to sites, their speakers."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.propagation import vnet_prefixes
from netlab.plan.devices import NIC, Parts, sd_wan_ports
from netlab.plan.model import Interface, Link, Node, Route, RouteServerView, Rule
from netlab.plan.names import lab_netns, node_directory
from netlab.scenario.addresses import ROUTE_SERVER_SUBNET, appliance_router, route_server_instances, subnet_gateway
from netlab.scenario.models import Scenario, node_name
from netlab.scenario.routers import (
    Router,
    appliance_bgp,
    appliances,
    devices,
    expressroute_gateways,
    instances,
    route_servers,
)

# By what an instance sends itself; its main table is what BGP says, for the SDN controller to read.
_OWN_TABLE = 100


def port(index: int) -> str:
    """The interface of a fabric that leads to an instance of its Route Server."""
    return f"rs-{index}"


def route_server_parts(lab: str, scenario: Scenario) -> Iterator[Parts]:
    """The instances of all Route Servers, each with its NIC. No packet but BGP's passes them (A11)."""
    for router in route_servers(scenario):
        prefix = scenario.vnets[router.end].subnets[ROUTE_SERVER_SUBNET].address_prefix
        way_out, address = str(subnet_gateway(prefix)), str(router.bgp_address)
        link = Link(
            Interface(router.node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
            Interface(node_name(router.end), port(router.index), port(router.index), (f"{way_out}/32",)),
        )
        # zebra takes next hops as they are, and does not replace them by the router's address.
        on_link = (Route(str(space), NIC) for space in vnet_prefixes(scenario, router.end))
        node = Node(
            router.node,
            "route server",
            lab_netns(lab, router.node),
            router.end,
            routes=(*on_link, Route("0.0.0.0/0", NIC, via=way_out, table=_OWN_TABLE)),
            rules=(Rule(_OWN_TABLE, _OWN_TABLE, source=f"{address}/32"),),
            forwarding=False,
        )
        yield Parts((node,), (link,))


def views(lab: str, scenario: Scenario) -> Iterator[RouteServerView]:
    """Where to read what the Route Servers know."""
    for router in route_servers(scenario):
        yield RouteServerView(router.end, router.node, lab_netns(lab, router.node), node_directory(lab, router.node))


def sd_wan_links(scenario: Scenario) -> Iterator[Link]:
    """Between appliances and the sites behind them."""
    for nva in appliances(scenario):
        for site in appliance_bgp(scenario, nva).sites:
            near, far = sd_wan_ports(nva, site)
            yield Link(Interface(nva.node, near, f"s-{site.lower()}"), Interface(node_name(site), far, f"n-{nva.node}"))


def appliance_routes(scenario: Scenario, nva: Router) -> Iterator[Route]:
    """How an appliance reaches those whom it speaks to, and the next hops that it hears of (A5)."""
    vnet, way_out = scenario.vnets[nva.vnet], str(appliance_router(scenario, nva.end))
    further = [router for router in appliances(scenario) if router.vnet == nva.vnet and router != nva]
    others = [router.bgp_address for router in further]
    others += [
        hop for router in further if (hop := appliance_bgp(scenario, router).next_hop) not in (None, nva.bgp_address)
    ]
    if vnet.route_server is not None:
        others += route_server_instances(vnet)
    if vnet.vpn_gateway is not None:
        others += [router.bgp_address for router in instances(scenario, nva.vnet)]
    others += [router.bgp_address for router in expressroute_gateways(scenario) if router.vnet == nva.vnet]
    others += [router.bgp_address for router in appliances(scenario) if _are_peers(scenario, nva, router)]
    for address in dict.fromkeys(others):
        yield Route(f"{address}/32", NIC, via=way_out)
    for site in appliance_bgp(scenario, nva).sites:
        near, _ = sd_wan_ports(nva, site)
        yield from (Route(f"{device.bgp_address}/32", near) for device in devices(scenario, site))


def _are_peers(scenario: Scenario, one: Router, other: Router) -> bool:
    """Whether two appliances of peered VNets speak BGP without a tunnel."""
    return other.end in appliance_bgp(scenario, one).appliances or one.end in appliance_bgp(scenario, other).appliances


def routes_to_appliances(scenario: Scenario, site: str) -> Iterator[Route]:
    """How a site reaches the appliances that it is behind."""
    for nva in appliances(scenario):
        if site in appliance_bgp(scenario, nva).sites:
            yield Route(f"{nva.bgp_address}/32", sd_wan_ports(nva, site)[1])
