"""Names of objects and of nodes."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.scenario.models import Scenario, node_name
from netlab.scenario.names import INTERNET, nodes
from netlab.scenario.rules.breach import Breach, Breaches, Path
from netlab.scenario.rules.subjects import devices, load_balancers, nics, vpn_gateways


def names_are_distinct(scenario: Scenario) -> Breaches:
    """Names differ by more than the case of their letters, because Azure's names are not case-sensitive."""
    groups: Iterable[tuple[Path, Iterable[str]]] = (
        *((("vnets", name, "subnets"), vnet.subnets) for name, vnet in scenario.vnets.items()),
        (("route_tables",), scenario.route_tables),
        (("firewall_policies",), scenario.firewall_policies),
        *((("route_tables", name, "routes"), item.routes) for name, item in scenario.route_tables.items()),
        (("peerings",), scenario.peerings),
        (("local_network_gateways",), scenario.local_network_gateways),
        (("connections",), scenario.connections),
    )
    for path, names in groups:
        first: dict[str, str] = {}
        for name in names:
            other = first.setdefault(name.lower(), name)
            if other != name:
                yield Breach((*path, name), f"differs from `{other}` only by the case of its letters")


def nodes_are_distinct(scenario: Scenario) -> Breaches:
    """The nodes of VNets, gateways, machines, sites, hosts and clients differ, also from those of the Internet, of
    Microsoft's backbone and of edges; and so do the names of NICs and of internal frontends."""
    first: dict[str, Path] = {}
    joined = (end for item in scenario.connections.values() for end in item.between)
    edges = (
        *(node_name(name, "gw", str(index)) for name in vpn_gateways(scenario) for index in (0, 1)),
        *map(node_name, scenario.sites),
        *(node_name(site, str(path[-1])) for path, site, _ in devices(scenario)),
        *(node_name(end) for end in dict.fromkeys(joined) if end in scenario.appliances),
    )
    asked = (
        (node_name(str(path[1]), str(path[3]), name), (*path, "frontend_ip_configurations", name))
        for path, _, item in load_balancers(scenario)
        for name, frontend in item.frontend_ip_configurations.items()
        if frontend.public_ip_address is None
    )
    labels = ((node_name(str(path[1]), name), path) for path, _, name, _ in nics(scenario) if len(path) > 4)
    for node, path in (*nodes(scenario), *labels, *asked):
        other = first.setdefault(node, path)
        if other != path:
            what = ".".join(map(str, other)) or ("the Internet" if node == INTERNET else "Microsoft's backbone")
            yield Breach(path, f"its node would have the name `{node}`, which {what} has already; choose another name")
        edge = next((edge for edge in edges if node.startswith(f"{edge}-edge")), None) if "-edge" in node else None
        if edge is not None:
            yield Breach(path, f"the name `{node}` is for an edge of `{edge}`; choose another name")
