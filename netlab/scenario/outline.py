"""A scenario as plain values, for results that must be readable without it: its definition, topology and machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from netlab.results.topology import Cluster, Edge, Machine, Node, Topology
from netlab.scenario.addresses import (
    GATEWAY_SUBNET,
    ROUTE_SERVER_SUBNET,
    asn,
    expressroute_instances,
    route_server_instances,
    vm_addresses,
)
from netlab.scenario.models import (
    Connection,
    Impairment,
    Peering,
    RouteServer,
    Scenario,
    VirtualMachine,
    VirtualNetwork,
    VpnGateway,
    node_name,
)
from netlab.scenario.names import sources, targets
from netlab.scenario.routers import (
    EXPRESSROUTE_ASN,
    MICROSOFT_ASN,
    ROUTE_SERVER_ASN,
    Router,
    appliance_bgp,
    appliances,
    device_node,
    devices,
    expressroute_node,
    instance_node,
    instances,
    route_server_node,
)


def definition(scenario: Scenario) -> dict[str, Any]:
    """The scenario as its file says it, without secrets: of its shared keys only which are the same."""
    numbers: dict[str, str] = {}

    def without_secrets(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return numbers.setdefault(value.get_secret_value(), f"key{len(numbers) + 1}")
        if isinstance(value, dict):
            return {key: without_secrets(item) for key, item in value.items()}
        return tuple(map(without_secrets, value)) if isinstance(value, tuple) else value

    found: dict[str, Any] = to_jsonable_python(without_secrets(scenario.model_dump(exclude_unset=True)))
    return found


def machines(scenario: Scenario) -> tuple[Machine, ...]:
    """The rows and columns of the matrix, in its order."""
    ends = dict.fromkeys((*sources(scenario), *targets(scenario)))
    return tuple(Machine(end.node, end.kind, end.owner if end.kind in ("vm", "host") else "") for end in ends)


def topology(scenario: Scenario) -> Topology:
    """The drawing's parts of a scenario, in the file's order."""
    return Topology(
        scenario.name,
        (*_vnets(scenario), *_sites(scenario)),
        tuple(_clients(scenario)),
        (
            *_points_to_site(scenario),
            *_connections(scenario),
            *_appliances(scenario),
            *_circuits(scenario),
            *_peerings(scenario),
        ),
    )


# --- boxes ----------------------------------------------------------------------------------------------------------


def _vnets(scenario: Scenario) -> Iterator[Cluster]:
    for name, vnet in scenario.vnets.items():
        nodes = tuple(_subnets(name, vnet)) or (Node(f"{node_name(name)}/", "subnet", "no subnet"),)
        if vnet.vpn_gateway is not None:
            nodes = (_gateway(scenario, name, vnet, vnet.vpn_gateway), *nodes)
        if vnet.expressroute_gateway is not None:
            title, lines = (
                "ExpressRoute gateway",
                (f"AS {EXPRESSROUTE_ASN}  BGP {_listed(expressroute_instances(vnet))}",),
            )
            nodes = (Node(expressroute_node(name, 0), "gateway", title, lines), *nodes)
        if vnet.route_server is not None:
            nodes = (_route_server(name, vnet, vnet.route_server), *nodes)
        yield Cluster(node_name(name), "vnet", f"{name}  {_listed(vnet.address_space)}", nodes)


def _subnets(name: str, vnet: VirtualNetwork) -> Iterator[Node]:
    """The subnets with their machines; those of a gateway and of a Route Server are boxes of theirs."""
    addresses = vm_addresses(vnet)
    boxed = {GATEWAY_SUBNET: vnet.vpn_gateway, ROUTE_SERVER_SUBNET: vnet.route_server}
    boxed = {subnet: owner for subnet, owner in boxed.items() if owner is not None}
    for subnet, item in vnet.subnets.items():
        if subnet not in boxed:
            machines = (
                f"{vm}  {addresses.get(vm, '')}{_public(inside)}{_role(inside)}"
                for vm, inside in vnet.vms.items()
                if inside.subnet == subnet
            )
            table = (f"route table {item.route_table}",) if item.route_table is not None else ()
            title = f"{subnet}  {item.address_prefix}"
            yield Node(f"{node_name(name)}/{subnet}", "subnet", title, (*machines, *table))


def _public(machine: VirtualMachine) -> str:
    return f" ({machine.public_ip_address})" if machine.public_ip_address is not None else ""


def _role(machine: VirtualMachine) -> str:
    """Whether a virtual machine is an appliance, and whether its NIC lets it be one."""
    if machine.nva is None:
        return ""
    return "  NVA" if machine.enable_ip_forwarding else "  NVA, IP forwarding off"


def _gateway(scenario: Scenario, name: str, vnet: VirtualNetwork, gateway: VpnGateway) -> Node:
    lines = [f"{GATEWAY_SUBNET}  {vnet.subnets[GATEWAY_SUBNET].address_prefix}"]
    table = vnet.subnets[GATEWAY_SUBNET].route_table
    lines += [f"route table {table}"] if table is not None else []
    lines += [f"default site {gateway.default_site}"] if gateway.default_site is not None else []
    lines += ["active-active"] if gateway.active_active else []
    lines += ["policy-based"] if gateway.vpn_type == "PolicyBased" else []
    lines += [_spoken(instances(scenario, name))] if _speaks(scenario, name) else []
    lines += [f"P2S pool  {gateway.point_to_site.address_pool}"] if gateway.point_to_site is not None else []
    return Node(
        instance_node(name, 0), "gateway", f"VPN gateway  {gateway.sku}", (*lines, *_impaired(scenario.links.get(name)))
    )


def _route_server(name: str, vnet: VirtualNetwork, server: RouteServer) -> Node:
    addresses = _listed(route_server_instances(vnet))
    lines = (
        f"{ROUTE_SERVER_SUBNET}  {vnet.subnets[ROUTE_SERVER_SUBNET].address_prefix}",
        f"AS {ROUTE_SERVER_ASN}  BGP {addresses}",
    )
    between = ("branch-to-branch",) if server.allow_branch_to_branch_traffic else ()
    return Node(route_server_node(name, 0), "gateway", "Route Server", (*lines, *between))


def _sites(scenario: Scenario) -> Iterator[Cluster]:
    for name, site in scenario.sites.items():
        boxes = tuple(_device(scenario, router) for router in devices(scenario, name))
        hosts = tuple(f"{host}  {address}" for host, address in site.hosts.items())
        behind = (Node(f"{node_name(name)}/", "hosts", "hosts", hosts),) if hosts else ()
        yield Cluster(f"{node_name(name)}/site", "site", f"{name}  {_listed(site.address_prefixes)}", (*boxes, *behind))


def _device(scenario: Scenario, router: Router) -> Node:
    """A VPN device; of several ones by its name."""
    names = tuple(scenario.sites[router.end].devices)
    title = f"VPN device {names[router.index]}" if names else "VPN device"
    spoken = (_spoken((router,)),) if _speaks(scenario, router.end) else ()
    return Node(router.node, "device", title, (*spoken, *_impaired(scenario.links.get(router.end))))


def _spoken(routers: tuple[Router, ...]) -> str:
    """The ASN of routers, and their BGP addresses."""
    return f"AS {routers[0].asn}  BGP {_listed(tuple(dict.fromkeys(router.bgp_address for router in routers)))}"


def _clients(scenario: Scenario) -> Iterator[Node]:
    for name, client in scenario.clients.items():
        yield Node(node_name(name), "client", name, (client.os, *_impaired(scenario.links.get(name))))


def _speaks(scenario: Scenario, end: str) -> bool:
    on_circuit = any(circuit.site == end for circuit in scenario.expressroute_circuits.values())
    behind = any(end in appliance_bgp(scenario, nva).sites for nva in appliances(scenario))
    return on_circuit or behind or any(item.enable_bgp for _, item in scenario.connections_of(end))


def _impaired(link: Impairment | None) -> tuple[str, ...]:
    """What a link to the Internet does to packets, in one line."""
    if link is None:
        return ()
    jitter = f" ± {link.jitter:g}" if link.jitter else ""
    parts = (
        f"delay {link.delay:g}{jitter} ms" if link.delay else "",
        f"loss {link.loss:g} %" if link.loss else "",
        f"{link.rate:g} kbit/s" if link.rate else "",
    )
    return (f"link: {', '.join(filter(None, parts))}",)


def _listed(prefixes: tuple[object, ...]) -> str:
    return ", ".join(map(str, prefixes))


# --- lines ----------------------------------------------------------------------------------------------------------


def _points_to_site(scenario: Scenario) -> Iterator[Edge]:
    for name, client in scenario.clients.items():
        yield from (Edge("p2s", node_name(name), instance_node(vnet, 0), ("P2S",)) for vnet in client.gateways)


def _connections(scenario: Scenario) -> Iterator[Edge]:
    for name, item in scenario.connections.items():
        tail, head = (_end(scenario, end, item) for end in item.between)
        yield Edge("bgp" if item.enable_bgp else "static", tail, head, (name, _session(scenario, item)))


def _appliances(scenario: Scenario) -> Iterator[Edge]:
    """Whom appliances speak BGP with: their VNet's Route Server, sites behind them, appliances of peered VNets."""
    for nva in appliances(scenario):
        settings, (vnet, vm) = appliance_bgp(scenario, nva), scenario.appliances[nva.end]
        box, words = _box(scenario, nva.end), (vm, f"AS {nva.asn}")
        if scenario.vnets[vnet].route_server is not None and settings.route_server_instances:
            yield Edge("bgp", box, route_server_node(vnet, 0), words)
        yield from (Edge("bgp", box, devices(scenario, site)[0].node, (*words, "SD-WAN")) for site in settings.sites)
        for other in settings.appliances:
            both = f"{vm} to {scenario.appliances[other][1]}"
            yield Edge("bgp", box, _box(scenario, other), (both, "BGP, no tunnel"))


def _circuits(scenario: Scenario) -> Iterator[Edge]:
    """Circuits, each a line from every ExpressRoute gateway to the site: the edge routers are in between."""
    for name, circuit in scenario.expressroute_circuits.items():
        device = devices(scenario, circuit.site)[0].node
        words = (name, f"ExpressRoute, AS {MICROSOFT_ASN}")
        yield from (Edge("bgp", expressroute_node(vnet, 0), device, words) for vnet in circuit.vnets)


def _box(scenario: Scenario, appliance: str) -> str:
    """The box that an appliance is in: its subnet's."""
    vnet, vm = scenario.appliances[appliance]
    return f"{node_name(vnet)}/{scenario.vnets[vnet].vms[vm].subnet}"


def _end(scenario: Scenario, end: str, item: Connection) -> str:
    if end in scenario.vnets:
        return instance_node(end, 0)
    if end in scenario.appliances:
        return _box(scenario, end)
    return device_node(end, item.device) if item.device is not None else devices(scenario, end)[0].node


def _session(scenario: Scenario, item: Connection) -> str:
    if not item.enable_bgp:
        return f"{item.type}, static"
    return f"{item.type}, BGP {asn(scenario, item.between[0])} to {asn(scenario, item.between[1])}"


def _peerings(scenario: Scenario) -> Iterator[Edge]:
    """One line for the two objects of a pair; an object without its counterpart is a line of its own."""
    drawn: set[tuple[str, str]] = set()
    for mine in scenario.peerings.values():
        theirs = scenario.peering(mine.remote_vnet, mine.vnet)
        ends = node_name(mine.vnet), node_name(mine.remote_vnet)
        if theirs is None:
            yield Edge("initiated", *ends, (f"peering, Initiated: {mine.remote_vnet} has none back", *_flags(mine)))
        elif ends not in drawn:
            yield Edge("peering", *ends, ("peering", *_flags(mine), *_flags(theirs)))
        drawn.add(ends[::-1])


def _flags(peering: Peering) -> Iterator[str]:
    """What a peering object says that is not the default."""
    flags = {name: getattr(peering, name) for name, item in Peering.model_fields.items() if item.annotation is bool}
    changed = {name: value for name, value in flags.items() if value != Peering.model_fields[name].default}
    if changed:
        words = ", ".join(name if value else f"{name}: false" for name, value in changed.items())
        yield f"{peering.vnet}: {words}"
