"""What is behind the boxes of a topology: the tables of a page that say of each which routes and rules it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netlab.report.chapters import Table
from netlab.results.topology import Cluster, Node, Topology

# What Azure adds to the rules of every group (N5): name, priority, direction, access, source, destination.
_DEFAULTS = (
    ("AllowVnetInBound", "65000", "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "65001", "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "65500", "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", "65000", "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "65001", "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", "65500", "Outbound", "Deny", "*", "*"),
)
_RULE = ("rule", "priority", "direction", "access", "protocol", "source", "ports", "destination", "ports")


def configured(definition: Mapping[str, Any]) -> Iterator[Table]:
    """The route tables and network security groups of a scenario, as its file has them."""
    for name, table in definition.get("route_tables", {}).items():
        flags = (
            "no routes of a gateway" if table.get("disable_bgp_route_propagation") else "",
            "no routes to peers" if table.get("disable_peering_route") == "All" else "",
        )
        rows = (
            (route, item["address_prefix"], item["next_hop_type"], item.get("next_hop_ip_address") or "")
            for route, item in table.get("routes", {}).items()
        )
        title = ", ".join(filter(None, (f"Route table {name}", *flags)))
        yield Table(title, ("route", "prefix", "next hop type", "next hop"), tuple(rows), f"table {name}")
    for name, group in definition.get("network_security_groups", {}).items():
        rules = sorted(
            group.get("security_rules", {}).items(), key=lambda item: (item[1]["direction"], item[1]["priority"])
        )
        own = tuple(_rule(rule, item) for rule, item in rules)
        defaults = ((*head, "*", source, "*", target, "*") for *head, source, target in _DEFAULTS)
        yield Table(f"Network security group {name}", _RULE, (*own, *defaults), f"group {name}")


def _rule(name: str, rule: Mapping[str, Any]) -> tuple[str, ...]:
    def end(side: str) -> tuple[str, str]:
        one, several = rule.get(f"{side}_address_prefix"), rule.get(f"{side}_address_prefixes", ())
        who = (*((one,) if one else ()), *several, *rule.get(f"{side}_application_security_groups", ()))
        port, ports = rule.get(f"{side}_port_range"), rule.get(f"{side}_port_ranges", ())
        return ", ".join(map(str, who)) or "*", ", ".join(map(str, (*((port,) if port else ()), *ports))) or "*"

    head = (name, str(rule["priority"]), rule["direction"], rule["access"], rule["protocol"])
    return (*head, *end("source"), *end("destination"))


def inside(drawing: Topology, definition: Mapping[str, Any], tables: Iterable[Table]) -> dict[str, tuple[str, ...]]:
    """The keys of the tables that belong to each box, by the box's title in the drawing; boxes without any are not in
    it."""
    known = {table.key for table in tables}
    found = {
        node.id: tuple(dict.fromkeys(key for key in _keys(cluster, node, definition, known) if key in known))
        for cluster in drawing.clusters
        for node in cluster.nodes
    }
    found |= {node.id: tuple(key for key in (f"client {node.title}",) if key in known) for node in drawing.nodes}
    return {box: keys for box, keys in found.items() if keys}


def _keys(cluster: Cluster, node: Node, definition: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    place = cluster.title.partition("  ")[0]
    vnet = definition.get("vnets", {}).get(place, {}) if cluster.kind == "vnet" else {}
    if node.kind == "subnet":
        yield from _subnet(place, node.title.partition("  ")[0], vnet, known)
    elif node.title.startswith("VPN gateway"):
        yield f"learned {place}"
        yield from _subnet(place, "GatewaySubnet", vnet, known)
    elif node.kind == "device":
        yield f"learned {place}"
    yield from (f"learned {name}" for name in (*node.holds, node.id))


def _subnet(place: str, name: str, vnet: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    """A subnet's effective routes, which may be those of its whole VNet; its route table; groups of it and its NICs."""
    own = f"effective {place}/{name}"
    yield own if own in known else f"effective {place}"
    spec = vnet.get("subnets", {}).get(name, {})
    yield f"table {spec.get('route_table')}"
    yield f"group {spec.get('network_security_group')}"
    for machine in vnet.get("vms", {}).values():
        for nic in (machine, *machine.get("nics", {}).values()):
            if nic.get("subnet") == name:
                yield f"group {nic.get('network_security_group')}"
