"""Route Servers: their instances, and the view that the SDN controller has of them."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.plan.devices import Parts
from netlab.plan.model import Interface, Link, Node, Route, RouteServerView, Rule
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import NIC, port, to_route_server
from netlab.scenario.addresses import ROUTE_SERVER_SUBNET, subnet_gateway
from netlab.scenario.network import Network, Router, RouteServer

# For what an instance sends itself; its main table is BGP's, for the SDN controller to read.
_OWN_TABLE = 100


def parts(lab: str, network: Network) -> Iterator[Parts]:
    """The instances of all Route Servers, each with its NIC. No packet but BGP's passes them (A11)."""
    for server in network.route_servers:
        yield from (_instance(lab, server, router) for router in server.instances)


def _instance(lab: str, server: RouteServer, router: Router) -> Parts:
    vnet = server.vnet
    prefix = vnet.subnets[ROUTE_SERVER_SUBNET].prefix
    way_out, address = str(subnet_gateway(prefix)), str(router.bgp_address)
    link = Link(
        Interface(router.node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
        port(vnet.node, to_route_server(router.index), f"{way_out}/32"),
    )
    # zebra takes next hops as they are, and does not replace them by the router's address.
    on_link = (Route(str(space), NIC) for space in vnet.prefixes)
    node = Node(
        router.node,
        "route server",
        lab_netns(lab, router.node),
        vnet.name,
        routes=(*on_link, Route("0.0.0.0/0", NIC, via=way_out, table=_OWN_TABLE)),
        rules=(Rule(_OWN_TABLE, _OWN_TABLE, source=f"{address}/32"),),
        forwarding=False,
    )
    return Parts((node,), (link,))


def views(lab: str, network: Network) -> Iterator[RouteServerView]:
    """Where to read what the Route Servers learned."""
    for server in network.route_servers:
        for router in server.instances:
            yield RouteServerView(
                server.name, router.node, lab_netns(lab, router.node), node_directory(lab, router.node)
            )
