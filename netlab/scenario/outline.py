"""A scenario as plain values, for results that must be readable without it: its definition, topology and machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from netlab.results.topology import Cluster, Edge, Machine, Node, Topology
from netlab.scenario.addresses import GATEWAY_SUBNET, ROUTE_SERVER_SUBNET
from netlab.scenario.models import Impairment, Peering, Scenario, node_name
from netlab.scenario.names import sources, targets
from netlab.scenario.network import (
    EXPRESSROUTE_ASN,
    MICROSOFT_ASN,
    ROUTE_SERVER_ASN,
    Appliance,
    Connection,
    Firewall,
    Frontend,
    GlobalReach,
    Network,
    Nic,
    PrivateEndpoint,
    Router,
    RouteServer,
    Side,
    Site,
    Subnet,
    VNet,
    VpnGateway,
    balanced_out,
    resolve,
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
    return tuple(
        Machine(end.node, end.kind, end.owner if end.kind in ("vm", "host", "private endpoint", "frontend") else "")
        for end in ends
    )


def topology(scenario: Scenario) -> Topology:
    """The drawing's parts of a scenario, in the file's order."""
    network = resolve(scenario)
    return Topology(
        scenario.name,
        (*_vnets(network), *_sites(network), *_providers(network)),
        tuple(_clients(network)),
        (
            *_points_to_site(network),
            *map(_connection, network.connections.values()),
            *_appliances(network),
            *_circuits(network),
            *map(_global_reach, network.global_reach),
            *_behind_providers(network),
            *_peerings(scenario),
        ),
    )


# --- boxes ----------------------------------------------------------------------------------------------------------


def _vnets(network: Network) -> Iterator[Cluster]:
    for name, vnet in network.vnets.items():
        nodes = tuple(_subnets(vnet)) or (Node(f"{vnet.node}/", "subnet", "no subnet"),)
        if vnet.vpn_gateway is not None:
            nodes = (_gateway(vnet.vpn_gateway), *nodes)
        if vnet.expressroute_gateway is not None:
            instances = vnet.expressroute_gateway.instances
            lines = (f"AS {EXPRESSROUTE_ASN}  BGP {_listed(tuple(router.bgp_address for router in instances))}",)
            nodes = (Node(instances[0].node, "gateway", "ExpressRoute gateway", lines, _nodes(instances)), *nodes)
        if vnet.route_server is not None:
            nodes = (_route_server(vnet.route_server), *nodes)
        yield Cluster(vnet.node, "vnet", f"{name}  {_listed(vnet.address_space)}", nodes)


def _subnets(vnet: VNet) -> Iterator[Node]:
    """The subnets with their machines; a gateway and a Route Server have a box of their own for theirs."""
    boxed = {GATEWAY_SUBNET: vnet.vpn_gateway, ROUTE_SERVER_SUBNET: vnet.route_server}
    boxed = {subnet: owner for subnet, owner in boxed.items() if owner is not None}
    for name, subnet in vnet.subnets.items():
        if name not in boxed:
            nics = tuple(nic for nic in vnet.nics if nic.subnet is subnet)
            private = tuple(endpoint for endpoint in vnet.private_endpoints if endpoint.subnet is subnet)
            firewalls = tuple(item for item in vnet.firewalls if item.subnet is subnet)
            machines = (*map(_machine, nics), *map(_private_endpoint, private), *map(_firewall, firewalls))
            table = (f"route table {subnet.spec.route_table}",) if subnet.spec.route_table is not None else ()
            group = (f"NSG {subnet.security_group.name}",) if subnet.security_group is not None else ()
            lines = (*machines, *_frontends(subnet), *table, *group, *_ways_out(subnet))
            others = (
                *(e.node for e in private),
                *(f.node for f in firewalls),
                *(f.node for f in _frontends_of(subnet)),
            )
            holds = (*(nic.node for nic in nics if not nic.index), *others)
            yield Node(f"{vnet.node}/{name}", "subnet", f"{name}  {subnet.prefix}", lines, holds)


def _nodes(instances: Iterable[Router]) -> tuple[str, ...]:
    return tuple(router.node for router in instances)


def _private_endpoint(endpoint: PrivateEndpoint) -> str:
    return f"{endpoint.name}  {endpoint.address}  private endpoint"


def _frontends(subnet: Subnet) -> Iterator[str]:
    """The frontends of load balancers in a subnet, each with the members that it leads to."""
    for item in _frontends_of(subnet):
        members = dict.fromkeys(nic.machine.name for rule in item.rules for nic in rule.members)
        yield f"{item.balancer.name}  {item.address}  load balancer: {', '.join(members) or 'no member'}"


def _frontends_of(subnet: Subnet) -> tuple[Frontend, ...]:
    every = (frontend for balancer in subnet.vnet.load_balancers for frontend in balancer.frontends)
    return tuple(item for item in every if item.spec.subnet == subnet.name)


def _ways_out(subnet: Subnet) -> Iterator[str]:
    """What a subnet has for the Internet and for services."""
    if not subnet.spec.default_outbound_access:
        yield "private"
    if subnet.nat_address is not None:
        yield f"NAT gateway {subnet.spec.nat_gateway} ({subnet.nat_address})"
    members: dict[IPv4Address, dict[str, None]] = {}
    for nic, addresses in balanced_out(subnet.vnet).items():
        for address in addresses.values() if nic.subnet is subnet else ():
            members.setdefault(address, {})[nic.name] = None
    yield from (f"out by a load balancer ({address}): {_listed(tuple(names))}" for address, names in members.items())
    yield from (f"service endpoint {service}" for service in subnet.spec.service_endpoints)


def _firewall(firewall: Firewall) -> str:
    """An Azure Firewall, with its policy and whether it has forced tunnelling."""
    policy = f"  policy {firewall.spec.firewall_policy}" if firewall.spec.firewall_policy is not None else "  no policy"
    forced = "  forced tunnelling" if firewall.spec.management_ip_configuration is not None else ""
    return f"{firewall.name}  {firewall.address} ({firewall.public_address})  Azure Firewall{policy}{forced}"


def _machine(nic: Nic) -> str:
    """A virtual machine: whether it is an appliance, whether its NIC lets it be one, and the NIC's security group."""
    public = f" ({nic.public_address})" if nic.public_address is not None else ""
    role = "" if nic.appliance is None else "  NVA" if nic.ip_forwarding else "  NVA, IP forwarding off"
    group = f"  NSG {nic.own_security_group.name}" if nic.own_security_group is not None else ""
    address = ", ".join(map(str, nic.addresses))
    return f"{nic.name}  {address}{public}{role}{group}"


def _gateway(gateway: VpnGateway) -> Node:
    subnet, spec = gateway.vnet.subnets[GATEWAY_SUBNET], gateway.spec
    lines = [f"{GATEWAY_SUBNET}  {subnet.prefix}"]
    lines += [f"route table {subnet.spec.route_table}"] if subnet.spec.route_table is not None else []
    lines += [f"default site {spec.default_site}"] if spec.default_site is not None else []
    lines += ["active-active"] if gateway.active_active else []
    lines += ["policy-based"] if gateway.policy_based else []
    lines += [_spoken(gateway.instances)] if _speaks(gateway) else []
    lines += [f"P2S pool  {gateway.point_to_site.address_pool}"] if gateway.point_to_site is not None else []
    lines += _impaired(gateway.network.scenario.links.get(gateway.name))
    nodes = _nodes(gateway.instances)
    return Node(nodes[0], "gateway", f"VPN gateway  {spec.sku}", tuple(lines), nodes)


def _route_server(server: RouteServer) -> Node:
    addresses = _listed(tuple(router.bgp_address for router in server.instances))
    lines = (
        f"{ROUTE_SERVER_SUBNET}  {server.vnet.subnets[ROUTE_SERVER_SUBNET].prefix}",
        f"AS {ROUTE_SERVER_ASN}  BGP {addresses}",
    )
    between = ("branch-to-branch",) if server.vnet.branch_to_branch else ()
    nodes = _nodes(server.instances)
    return Node(nodes[0], "gateway", "Route Server", (*lines, *between), nodes)


def _sites(network: Network) -> Iterator[Cluster]:
    for name, site in network.sites.items():
        boxes = tuple(_device(site, router) for router in site.devices)
        hosts = tuple(f"{host.name}  {host.address}" for host in site.hosts)
        holds = tuple(host.node for host in site.hosts)
        behind = (Node(f"{site.node}/", "hosts", "hosts", hosts, holds),) if hosts else ()
        yield Cluster(f"{site.node}/site", "site", f"{name}  {_listed(site.prefixes)}", (*boxes, *behind))


def _providers(network: Network) -> Iterator[Cluster]:
    for name, provider in network.provider_networks.items():
        both = (Node(router.node, "device", "provider edge", (_spoken((router,)),)) for router in provider.routers)
        yield Cluster(f"{provider.routers[0].node}/provider", "site", f"{name}  IPVPN", tuple(both))


def _device(site: Site, router: Router) -> Node:
    """A VPN device; of several ones by its name."""
    names = tuple(site.spec.devices)
    title = f"VPN device {names[router.index]}" if names else "VPN device"
    spoken = (
        *((_spoken((router,)),) if _speaks(site) else ()),
        *((f"behind {site.spec.behind}",) if site.upstream else ()),
    )
    return Node(router.node, "device", title, (*spoken, *_impaired(site.network.scenario.links.get(site.name))))


def _spoken(routers: tuple[Router, ...]) -> str:
    """The ASN of routers, and their BGP addresses."""
    found = dict.fromkeys((*(r.bgp_address for r in routers), *(a for r in routers for a in r.tunnel_addresses)))
    return f"AS {routers[0].asn}  BGP {_listed(tuple(found))}"


def _clients(network: Network) -> Iterator[Node]:
    for name, client in network.clients.items():
        behind = (f"behind {client.spec.behind}",) if client.spec.behind is not None else ()
        lines = (client.spec.os, *behind, *_impaired(network.scenario.links.get(name)))
        yield Node(client.node, "client", name, lines)


def _speaks(end: VpnGateway | Site) -> bool:
    """Whether BGP runs at an end: over a connection, a circuit or with an appliance."""
    beside = isinstance(end, Site) and bool(end.circuits or end.appliances or end.provider_networks)
    return beside or any(side.connection.speaks_bgp for side in end.sides)


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


def _points_to_site(network: Network) -> Iterator[Edge]:
    for client in network.clients.values():
        yield from (Edge("p2s", client.node, gateway.instances[0].node, ("P2S",)) for gateway in client.gateways)


# Beside a line is room for so many.
_MOST_NAT_RULES = 4


def _connection(item: Connection) -> Edge:
    tail, head = map(_end, item.sides)
    return Edge("bgp" if item.speaks_bgp else "static", tail, head, (item.name, _session(item), *_nat(item)))


def _nat(item: Connection) -> tuple[str, ...]:
    """What NAT rules make of prefixes, of many rules how many there are."""
    rules = tuple(rule for side in item.sides for rule in (*side.ingress_nat, *side.egress_nat))
    if len(rules) > _MOST_NAT_RULES:
        return (f"{len(rules)} NAT rules",)
    return tuple(f"NAT {rule.internal} as {rule.external}" for rule in rules)


def _end(side: Side) -> str:
    """The box in which a connection ends."""
    if isinstance(side.end, VpnGateway):
        return side.end.instances[0].node
    if isinstance(side.end, Appliance):
        return _box(side.end)
    return side.end.device(side.connection.spec.device).node


def _session(item: Connection) -> str:
    if not item.speaks_bgp:
        return f"{item.spec.type}, static"
    one, other = (side.end.asn for side in item.sides)
    return f"{item.spec.type}, BGP {one} to {other}"


def _appliances(network: Network) -> Iterator[Edge]:
    """The BGP peers of appliances: their Route Server, sites behind them, appliances of peered VNets."""
    for appliance in network.bgp_appliances:
        box, server = _box(appliance), appliance.route_server
        words = (appliance.nic.machine.name, f"AS {appliance.asn}")
        if server is not None and appliance.bgp is not None and appliance.bgp.route_server_instances:
            yield Edge("bgp", box, server.instances[0].node, words)
        yield from (Edge("bgp", box, site.devices[0].node, (*words, "SD-WAN")) for site in appliance.sites)
        for other in appliance.remote_appliances:
            both = f"{appliance.nic.machine.name} to {other.nic.machine.name}"
            yield Edge("bgp", box, _box(other), (both, "BGP, no tunnel"))


def _circuits(network: Network) -> Iterator[Edge]:
    """Circuits, each a line from every ExpressRoute gateway to the customer's routers: the edge routers are in
    between."""
    for name, circuit in network.circuits.items():
        devices, link = dict.fromkeys(d.node for _, d in circuit.links), network.scenario.links.get(name)
        words = (name, f"ExpressRoute, AS {MICROSOFT_ASN}", *_impaired(link))
        for vnet, settings in circuit.vnets.items():
            gateway, fast = vnet.expressroute_gateway, ("FastPath",) if settings.express_route_gateway_bypass else ()
            if gateway is not None:
                yield from (Edge("bgp", gateway.instances[0].node, device, (*words, *fast)) for device in devices)


def _global_reach(reach: GlobalReach) -> Edge:
    """A connection of two circuits, a line between the customer's routers of both primary links."""
    (_, tail), (_, head) = reach.circuit.links[0], reach.peer.links[0]
    names = f"{reach.circuit.name} to {reach.peer.name}"
    return Edge("bgp", tail.node, head.node, (names, f"ExpressRoute Global Reach, AS {MICROSOFT_ASN}"))


def _behind_providers(network: Network) -> Iterator[Edge]:
    """The sites of each provider's network, a line from each of its routers to each device."""
    for name, provider in network.provider_networks.items():
        words = (name, f"BGP, AS {provider.spec.asn}")
        devices = tuple(device for site in provider.sites for device in site.devices)
        yield from (Edge("bgp", router.node, device.node, words) for router in provider.routers for device in devices)


def _box(appliance: Appliance) -> str:
    """The box that an appliance is in: its subnet's."""
    return f"{appliance.vnet.node}/{appliance.nic.subnet.name}"


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
