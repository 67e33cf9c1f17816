"""VNet fabrics with their machines, and on-premises networks with their hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

from netlab.azure.effective import (
    EffectiveRoute,
    active,
    fixed_routes,
    gateway_serving,
    routes_from_peer,
    routing_preference,
    system_routes,
)
from netlab.azure.forwarding import not_allowed
from netlab.azure.nics import Nic, nics, sends_only_its_own, takes_only_its_own
from netlab.azure.propagation import static_prefixes, vnet_prefixes
from netlab.azure.sessions import point_to_site
from netlab.plan import expressroute
from netlab.plan.devices import INSIDE, NIC, PAIR, Device, Parts, device_port, peer_pins
from netlab.plan.edges import Before
from netlab.plan.expressroute import routes_to_circuits
from netlab.plan.model import (
    CUSTOM_ROUTES_TABLE,
    Barrier,
    Fabric,
    FixedRoute,
    GatewayWay,
    Interface,
    Link,
    Node,
    Route,
    Rule,
    SubnetTable,
)
from netlab.plan.names import interface, lab_netns
from netlab.plan.route_servers import appliance_routes, port, routes_to_appliances
from netlab.plan.underlay import (
    FAR,
    INNER_FAR,
    INNER_NEAR,
    LAST_RESORT,
    NEAR,
    PRIVATE,
    PublicAddresses,
    private_drops,
    strays,
    to_internet,
    upstream,
)
from netlab.scenario.addresses import (
    GATEWAY_SUBNET,
    ROUTE_SERVER_SUBNET,
    route_server_instances,
    subnet_gateway,
    vm_addresses,
)
from netlab.scenario.models import Scenario, node_name
from netlab.scenario.routers import (
    Router,
    Topology,
    appliances,
    before_devices,
    branch_to_branch,
    devices,
    expressroute_gateways,
    instance_addresses,
    instances,
)

_DELIVERY_TABLE = 999
_FIRST_TABLE = 1000
# After the rule of every ingress.
_DELIVERY_PRIORITY = 30_000
_WAN = "wan"
_PEER_ADDRESSES = IPv4Network("169.254.4.0/22")
# Route metrics; of several sources that know the same prefix only the one that wins is in a table (section 5.2).
USER_METRIC = 10
GATEWAY_METRIC = 20
SYSTEM_METRIC = 30
# Of an appliance's default route: one by BGP wins. zebra takes the highest byte for the administrative distance.
LAST_CHOICE = 254 << 24
# Loses to a tunnel of the instance's own, and to BGP.
FALLBACK_METRIC = 1000

# R114: only TCP, UDP and ICMP pass. R113: the default router stays silent when a TTL runs out.
_FABRIC_FILTER = """\
table ip netlab {
  chain forward {
    type filter hook forward priority filter; policy accept;
    meta l4proto != { icmp, tcp, udp } drop
BARRIERS  }
  chain output {
    type filter hook output priority filter; policy accept;
    icmp type time-exceeded drop
  }
}
"""
_PRIVATE = f"{{ {', '.join(PRIVATE)} }}"
# An appliance sends to the Internet under its own address.
_APPLIANCE_NAT = f"""\
table ip netlab {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname "{NIC}" ip daddr != {_PRIVATE} masquerade
  }}
STRAYS}}
"""


# --- VNets ----------------------------------------------------------------------------------------------------------


def _peer_port(vnet: str) -> str:
    return interface(f"p-{vnet}")


def _vm_port(vm: str) -> str:
    return interface(f"v-{vm}")


def _instance_port(index: int) -> str:
    return f"gw-{index}"


def _appliance_port(vnet: str, vm: str) -> str:
    """At a peer, what leads to an appliance of a VNet; at that VNet, where what a peer sends it comes in."""
    return interface(f"n-{vnet}-{vm}")


def vnet_parts(
    lab: str,
    scenario: Scenario,
    topology: Topology,
    vnet: str,
    public: PublicAddresses,
    before: Mapping[str, Before],
) -> tuple[Parts, Fabric]:
    """A VNet: its fabric, its machines, and the NICs of its gateway's instances.

    ``before`` is what those machines need that end connections.
    """
    node, egress = node_name(vnet), public.egress[vnet]
    known = {str(nic.address): public.machines[nic.node] for nic in nics(scenario, vnet) if nic.node in public.machines}
    ports = tuple(_tables(scenario, topology, vnet))
    tables = tuple({table.table: table for _, table in ports}.values())
    barriers = tuple(_barriers(scenario, vnet))
    machines = tuple(
        _machine(lab, scenario, vnet, vm, before.get(node_name(vnet, vm), ((), ""))) for vm in _vms(scenario, vnet)
    )
    wan = to_internet(node, (f"{egress}/32", f"{NEAR}/32"), _WAN)
    links = [wan, *(link for _, link in machines)]
    if scenario.vnets[vnet].vpn_gateway is not None:
        links += _gateway_nics(scenario, vnet)
    fabric = Node(
        node,
        "vnet",
        lab_netns(lab, node),
        vnet,
        routes=(*_deliveries(scenario, topology, vnet), *(route for table in tables for route in _opening(table))),
        rules=(
            *(Rule(table.table, table.table, iif=port) for port, table in ports),
            Rule(_DELIVERY_PRIORITY, _DELIVERY_TABLE),
        ),
        answers_ping=False,
        nftables=_FABRIC_FILTER.replace("BARRIERS", "".join(map(_nftables, barriers))) + _fabric_nat(egress, known),
    )
    spec = Fabric(node, fabric.netns, tables, _DELIVERY_TABLE, barriers)
    return Parts((fabric, *(machine for machine, _ in machines)), tuple(links)), spec


def _fabric_nat(egress: str, public: Mapping[str, str]) -> str:
    """A fabric's way to the Internet: NICs under their public addresses, all others under one of the VNet's.

    A public address is translated without state, one to one: the answer to what came in by it follows the routes of its
    NIC, and has that address only where they lead to Internet (R86). Connection tracking sees private addresses only.
    """
    hidden = f"ip saddr != {{ {', '.join(public)} }} " if public else ""
    one_to_one = ""
    if public:
        inward = ", ".join(f"{address} : {private}" for private, address in public.items())
        outward = ", ".join(f"{private} : {address}" for private, address in public.items())
        one_to_one = f"""\
  chain inward {{
    type filter hook prerouting priority raw; policy accept;
    iifname "{_WAN}" ip daddr set ip daddr map {{ {inward} }}
  }}
  chain outward {{
    type filter hook postrouting priority srcnat + 2; policy accept;
    oifname "{_WAN}" ip saddr set ip saddr map {{ {outward} }}
  }}
"""
    return f"""\
table ip netlab {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname "{_WAN}" {hidden}masquerade
  }}
{strays(f'oifname "{_WAN}" {hidden}'.rstrip(), egress)}{one_to_one}}}
"""


def _vms(scenario: Scenario, vnet: str) -> dict[str, IPv4Address]:
    return vm_addresses(scenario.vnets[vnet])


def _machine(lab: str, scenario: Scenario, vnet: str, vm: str, before: Before) -> tuple[Node, Link]:
    item, address = scenario.vnets[vnet], _vms(scenario, vnet)[vm]
    prefix = item.subnets[item.vms[vm].subnet].address_prefix
    router = str(subnet_gateway(prefix))
    node = node_name(vnet, vm)
    link = Link(
        Interface(node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
        Interface(node_name(vnet), _vm_port(vm), f"v-{vm.lower()}", (f"{router}/32",)),
    )
    appliance = item.vms[vm].nva is not None
    speakers = [router for router in appliances(scenario) if router.node == node]
    default = Route("0.0.0.0/0", NIC, via=router, source=str(address), metric=LAST_CHOICE if speakers else 0)
    to_edges, from_peers = before
    return Node(
        node,
        "vm",
        lab_netns(lab, node),
        vnet,
        routes=(default, *to_edges, *(route for router in speakers for route in appliance_routes(scenario, router))),
        forwarding=appliance,
        nftables=_appliance_filter(str(address)) + from_peers if appliance else "",
    ), link


def _appliance_filter(address: str) -> str:
    return _APPLIANCE_NAT.replace("STRAYS", strays(f'oifname "{NIC}" ip daddr != {_PRIVATE}', address))


def _gateway_nics(scenario: Scenario, vnet: str) -> Iterator[Link]:
    item = scenario.vnets[vnet]
    prefix = item.subnets[GATEWAY_SUBNET].address_prefix
    both = instances(scenario, vnet)
    for router in both:
        addresses = (f"{a}/{prefix.prefixlen}" for a in instance_addresses(scenario, router))
        port = _instance_port(router.index)
        yield Link(
            Interface(router.node, NIC, NIC, tuple(addresses)),
            Interface(node_name(vnet), port, port, (f"{subnet_gateway(prefix)}/32",)),
        )
    if _is_active_active(scenario, vnet):
        first, second = (Interface(router.node, PAIR, PAIR) for router in both)
        yield Link(first, second)


def _is_active_active(scenario: Scenario, vnet: str) -> bool:
    gateway = scenario.vnets[vnet].vpn_gateway
    return gateway is not None and gateway.active_active


def peering_links(scenario: Scenario) -> Iterator[Link]:
    """One link per connected pair of peered VNets (R101)."""
    pairs = {frozenset((mine.vnet, mine.remote_vnet)) for vnet in scenario.vnets for mine, _ in scenario.peered(vnet)}
    for a, b in sorted(tuple(sorted(pair)) for pair in pairs):
        yield Link(
            Interface(node_name(a), _peer_port(b), f"p-{b.lower()}", (f"{_peer_address(scenario, a)}/32",)),
            Interface(node_name(b), _peer_port(a), f"p-{a.lower()}", (f"{_peer_address(scenario, b)}/32",)),
        )


def appliance_links(scenario: Scenario) -> Iterator[Link]:
    """From each VNet to each appliance of its peers a link of its own: over the peering it would not be known which
    packets are for the appliance, and which for the machines behind it."""
    for vnet in scenario.vnets:
        for peer, nic in _appliances_of_peers(scenario, vnet):
            yield Link(
                Interface(
                    node_name(vnet),
                    _appliance_port(peer, nic.vm),
                    f"n-{nic.node}",
                    (f"{_peer_address(scenario, vnet)}/32",),
                ),
                Interface(
                    node_name(peer),
                    _appliance_port(vnet, nic.vm),
                    f"n-{node_name(vnet)}-{nic.node}",
                    (f"{_peer_address(scenario, peer)}/32",),
                ),
            )


def _appliances_of_peers(scenario: Scenario, vnet: str) -> Iterator[tuple[str, Nic]]:
    for mine, _ in scenario.peered(vnet):
        yield from ((mine.remote_vnet, nic) for nic in _next_hops(scenario, mine.remote_vnet))


def _next_hops(scenario: Scenario, vnet: str) -> Iterator[Nic]:
    """The NICs of a VNet that may be next hops: of appliances, and those that a user route names whatever they are."""
    named = {r.next_hop_ip_address for table in scenario.route_tables.values() for r in table.routes.values()}
    return (nic for nic in nics(scenario, vnet) if nic.forwards or nic.address in named)


def _peer_address(scenario: Scenario, vnet: str) -> str:
    """The address that a fabric has on all its peering links."""
    return str(_PEER_ADDRESSES[1 + list(scenario.vnets).index(vnet)])


def _tables(scenario: Scenario, topology: Topology, vnet: str) -> Iterator[tuple[str, SubnetTable]]:
    """The ingress interfaces of a fabric, each with its table: machines by subnet, gateway, peerings, Internet."""
    item = scenario.vnets[vnet]
    numbers = {name: number for number, name in enumerate(item.subnets, _FIRST_TABLE)}
    spare = iter(range(_FIRST_TABLE + len(numbers), 2 * _FIRST_TABLE))
    ways = _towards_gateway(scenario, topology, vnet)
    make = partial(_table, scenario, vnet, ways)
    for nic in nics(scenario, vnet):
        yield (
            _vm_port(nic.vm),
            make(
                numbers[nic.subnet],
                nic.subnet,
                fixed_routes(scenario, vnet, nic.subnet),
                scenario.gateway_for(vnet) or "",
                _route_server_serving(scenario, vnet),
                gateway_serving(scenario, vnet, nic.subnet) is not None,
            ),
        )
    if item.vpn_gateway is not None:
        for index in (0, 1):
            fixed = fixed_routes(scenario, vnet, GATEWAY_SUBNET)
            yield _instance_port(index), _of_gateway_subnet(scenario, vnet, ways, numbers[GATEWAY_SUBNET], fixed, True)
    for router in _expressroute(scenario, vnet):
        fixed = fixed_routes(scenario, vnet, GATEWAY_SUBNET)
        table = _of_gateway_subnet(scenario, vnet, ways, next(spare), fixed, False)
        yield expressroute.port(router.index), table
    for index in (0, 1) if item.route_server is not None else ():
        fixed = tuple(system_routes(scenario, vnet))
        yield port(index), make(numbers[ROUTE_SERVER_SUBNET], ROUTE_SERVER_SUBNET, fixed)
    # R102: what a peer sends in is delivered here or to the gateway that it may use, never passed on to a third VNet.
    local = tuple(route for route in system_routes(scenario, vnet) if route.next_hop_type == "VnetLocal")
    for mine, _ in scenario.peered(vnet):
        peer = mine.remote_vnet
        may_use, fixed = peer in scenario.spokes(vnet), tuple(routes_from_peer(scenario, vnet, peer))
        yield _peer_port(peer), make(next(spare), f"from {peer}", fixed, vnet if may_use else "")
        for nic in _next_hops(scenario, vnet):
            route = Route("0.0.0.0/0", _vm_port(nic.vm), via=str(nic.address), table=(number := next(spare)))
            table = SubnetTable(number, f"from {peer}", (FixedRoute("Default", "VirtualAppliance", route),))
            yield _appliance_port(peer, nic.vm), table
    yield _WAN, make(next(spare), "from the Internet", local)


def _of_gateway_subnet(
    scenario: Scenario,
    vnet: str,
    ways: tuple[GatewayWay, ...],
    table: int,
    fixed: tuple[EffectiveRoute, ...],
    by_vpn: bool,
) -> SubnetTable:
    """What a gateway sends back into its VNet never turns round to it again; to the other gateway it goes only where a
    Route Server has them exchange routes (R96)."""
    server = vnet if scenario.vnets[vnet].route_server is not None else ""
    others = tuple(way for way in ways if way.expressroute == by_vpn and branch_to_branch(scenario, vnet))
    gateway = vnet if others else ""
    return _table(scenario, vnet, others, table, GATEWAY_SUBNET, fixed, gateway, server)


def _route_server_serving(scenario: Scenario, vnet: str) -> str:
    """The VNet whose Route Server tells a VNet's subnets what it knows, if one does (A12, A28)."""
    serving = scenario.gateway_for(vnet)
    return serving if serving is not None and scenario.vnets[serving].route_server is not None else ""


def _towards_gateway(scenario: Scenario, topology: Topology, vnet: str) -> tuple[GatewayWay, ...]:
    serving = scenario.gateway_for(vnet)
    if serving is None:
        return ()
    ways = (
        *(
            GatewayWay(router.node, _instance_port(router.index), str(instance_addresses(scenario, router)[0]))
            for router in topology.with_tunnels(serving)
        ),
        *(
            GatewayWay(router.node, expressroute.port(router.index), str(router.bgp_address), expressroute=True)
            for router in _expressroute(scenario, serving)
        ),
    )
    if serving == vnet:
        return ways
    return tuple(replace(w, device=_peer_port(serving), via=_peer_address(scenario, serving)) for w in ways)


def _expressroute(scenario: Scenario, vnet: str) -> Iterator[Router]:
    return (router for router in expressroute_gateways(scenario) if router.end == vnet)


def _table(
    scenario: Scenario,
    vnet: str,
    ways: tuple[GatewayWay, ...],
    table: int,
    subnet: str,
    fixed: tuple[EffectiveRoute, ...],
    gateway: str = "",
    route_server: str = "",
    propagates: bool = True,
) -> SubnetTable:
    ways = ways if gateway else ()
    told_of = tuple(_known_appliances(scenario, vnet)) if route_server else ()
    make = partial(_kernel_route, scenario, vnet, table, ways)
    routes = (FixedRoute(r.source, r.next_hop_type, make(r)) for r in fixed if r.source != "VirtualNetworkGateway")
    preference = routing_preference(scenario, gateway or route_server or vnet)
    return SubnetTable(table, subnet, tuple(routes), gateway, ways, route_server, told_of, preference, propagates)


def _opening(table: SubnetTable) -> Iterator[Route]:
    """What a table holds before any gateway has told anything: the active ones of its routes."""
    kernel = {(item.source, item.route.prefix): item.route for item in table.fixed}
    chosen = active(item.candidate for item in table.fixed)
    return (kernel[route.source, str(route.prefix)] for route in chosen if route.source != "VirtualNetworkGateway")


def _deliveries(scenario: Scenario, topology: Topology, vnet: str) -> Iterator[Route]:
    """The NICs of a VNet, each a host route: there is no link layer to find them by (R112)."""
    for nic in nics(scenario, vnet):
        yield Route(f"{nic.address}/32", _vm_port(nic.vm), table=_DELIVERY_TABLE)
    for router in topology.with_tunnels(vnet):
        for address in instance_addresses(scenario, router):
            yield Route(f"{address}/32", _instance_port(router.index), table=_DELIVERY_TABLE)
    for router in _expressroute(scenario, vnet):
        yield Route(f"{router.bgp_address}/32", expressroute.port(router.index), table=_DELIVERY_TABLE)
    for index, address in enumerate(_route_server_addresses(scenario, vnet)):
        yield Route(f"{address}/32", port(index), table=_DELIVERY_TABLE)
    # Addresses of the VNet that no NIC has: the packet disappears without a word.
    yield Route("0.0.0.0/0", type="blackhole", table=_DELIVERY_TABLE)


def _kernel_route(
    scenario: Scenario, vnet: str, table: int, ways: tuple[GatewayWay, ...], route: EffectiveRoute
) -> Route:
    """The kernel route that stands for a system or a user route."""
    prefix, metric = str(route.prefix), USER_METRIC if route.source == "User" else SYSTEM_METRIC
    match route.next_hop_type:
        case "VnetLocal":
            return Route(prefix, type="throw", table=table, metric=metric)
        case "VNetPeering":
            via = _peer_address(scenario, route.next_hop)
            return Route(prefix, _peer_port(route.next_hop), via=via, table=table, metric=metric)
        case "Internet":
            return Route(prefix, _WAN, via=FAR, table=table, metric=metric)
        case "VirtualNetworkGateway" if vpn := [way for way in ways if not way.expressroute]:  # R88
            return over(vpn, prefix, table, metric)
        case "VirtualAppliance":
            device, via = _appliance_way(scenario, vnet, route.next_hop)
            if device:
                return Route(prefix, device, via=via, table=table, metric=metric)
    # The packet disappears without a word.
    return Route(prefix, type="blackhole", table=table, metric=metric)


def over(ways: Iterable[GatewayWay], prefix: str, table: int, metric: int) -> Route:
    """The route over these instances of a gateway, by turns (R11)."""
    return by_turns(((way.device, way.via) for way in ways), prefix, table, metric)


def by_turns(ways: Iterable[tuple[str, str]], prefix: str, table: int, metric: int) -> Route:
    """The route over these devices and next hops; into nothing where there is none."""
    hops = tuple(sorted(set(ways)))
    if not hops:
        return Route(prefix, type="blackhole", table=table, metric=metric)
    if len(hops) == 1:
        ((device, via),) = hops
        return Route(prefix, device, via=via, table=table, metric=metric)
    return Route(prefix, table=table, metric=metric, hops=hops)


def _appliance_way(scenario: Scenario, vnet: str, address: str) -> tuple[str, str]:
    """The interface and the next hop that lead to an appliance, here or in a peer; empty where there is none."""
    return next(
        ((device, via) for known, device, via in _known_appliances(scenario, vnet) if known == address), ("", "")
    )


def _known_appliances(scenario: Scenario, vnet: str) -> Iterator[tuple[str, str, str]]:
    """The address of every NIC that can be a next hop, here or in a peer, with the interface and the next hop there."""
    for nic in nics(scenario, vnet):
        yield str(nic.address), _vm_port(nic.vm), str(nic.address)
    for peer, nic in _appliances_of_peers(scenario, vnet):
        yield str(nic.address), _appliance_port(peer, nic.vm), _peer_address(scenario, peer)


def _route_server_addresses(scenario: Scenario, vnet: str) -> tuple[IPv4Address, ...]:
    item = scenario.vnets[vnet]
    return route_server_instances(item) if item.route_server is not None else ()


# --- what passes nowhere --------------------------------------------------------------------------------------------


def _barriers(scenario: Scenario, vnet: str) -> Iterator[Barrier]:
    """NICs without IP forwarding (R116), and peerings without AllowForwardedTraffic (R107)."""
    here = nics(scenario, vnet)
    for nic in (nic for nic in here if not nic.ip_forwarding):
        port, address = (_vm_port(nic.vm),), (str(nic.address),)
        yield Barrier(takes_only_its_own(nic), egress=port, destinations=address)
        yield Barrier(sends_only_its_own(nic), ingress=port, sources=address)
    appliances = tuple(_vm_port(nic.vm) for nic in here if nic.forwards)
    own = tuple(map(str, scenario.vnets[vnet].address_space))
    for mine, theirs in scenario.peered(vnet):
        peer = mine.remote_vnet
        if appliances and not theirs.allow_forwarded_traffic:
            theirs_too = (
                _appliance_port(peer, nic.vm) for of, nic in _appliances_of_peers(scenario, vnet) if of == peer
            )
            yield Barrier(not_allowed(vnet, peer), appliances, (_peer_port(peer), *theirs_too), own)


def _nftables(barrier: Barrier) -> str:
    parts = (
        ("iifname", [f'"{name}"' for name in barrier.ingress]),
        ("oifname", [f'"{name}"' for name in barrier.egress]),
        ("ip saddr !=", barrier.sources),
        ("ip daddr !=", barrier.destinations),
    )
    words = (f"{key} {{ {', '.join(values)} }}" for key, values in parts if values)
    return f"    {' '.join(words)} drop\n"


# --- gateways -------------------------------------------------------------------------------------------------------


def gateway_routing(lab: str, scenario: Scenario, topology: Topology, device: Device) -> Node:
    """The routing namespace of a gateway instance: into its VNet and its spokes; no way to the Internet (R64)."""
    router = str(subnet_gateway(scenario.vnets[device.end].subnets[GATEWAY_SUBNET].address_prefix))
    inward = (Route(str(prefix), NIC, via=router) for prefix in vnet_prefixes(scenario, device.end))
    # Of an address of its own subnet zebra thinks that it is on-link.
    beside = (Route(f"{r.bgp_address}/32", NIC, via=router) for r in _expressroute(scenario, device.end))
    custom = custom_routes(map(str, point_to_site(scenario, device.end).custom_routes)) if device.p2s else ()
    return Node(
        device.node,
        "gateway",
        lab_netns(lab, device.node),
        device.end,
        routes=(
            *inward,
            *beside,
            *custom,
            *peer_pins(scenario, device),
            *_to_the_other_instance(scenario, topology, device),
        ),
    )


def custom_routes(prefixes: Iterable[str]) -> tuple[Route, ...]:
    """How a gateway's routing namespace holds its custom routes (R63)."""
    return tuple(Route(prefix, type="blackhole", table=CUSTOM_ROUTES_TABLE) for prefix in prefixes)


def _to_the_other_instance(scenario: Scenario, topology: Topology, device: Device) -> Iterator[Route]:
    """What an instance of an active-active gateway leaves to the other one, over the link between them."""
    if not _is_active_active(scenario, device.end):
        return
    other = next(router for router in instances(scenario, device.end) if router.node != device.node)
    via = str(other.bgp_address)
    yield Route(f"{via}/32", PAIR)
    statics = (p for t in device.tunnels for p in static_prefixes(scenario, device.end, t.connection))
    for prefix in dict.fromkeys(statics):
        yield Route(str(prefix), PAIR, via=via, metric=FALLBACK_METRIC)
    gateway = scenario.vnets[device.end].vpn_gateway
    if gateway is not None and gateway.point_to_site is not None and not device.serves_p2s:
        yield Route(str(gateway.point_to_site.address_pool), PAIR, via=via, metric=FALLBACK_METRIC)


# --- sites ----------------------------------------------------------------------------------------------------------


def site_parts(lab: str, scenario: Scenario, site: str, of_site: tuple[Device, ...]) -> Parts:
    """An on-premises network: hosts behind one device, or behind a router with several devices, each with a way out to
    the Internet through its edge."""
    hosts = tuple(_host(lab, scenario, site, host, address) for host, address in scenario.sites[site].hosts.items())
    routers = tuple(_device_router(lab, scenario, device) for device in of_site)
    before = before_devices(scenario, site)
    central = _before_devices(lab, scenario, before[0], of_site) if before else Parts()
    links = (*(link for _, link in routers), *(link for _, link in hosts), *central.links)
    return Parts((*(node for node, _ in routers), *central.nodes, *(node for node, _ in hosts)), links)


def _device_router(lab: str, scenario: Scenario, device: Device) -> tuple[Node, Link]:
    item = scenario.sites[device.end]
    inward = _to_the_hosts(scenario, device) if not item.devices else _to_the_router(scenario, device)
    routes = (
        *inward,
        *(route for route in private_drops() if route.prefix not in map(str, item.address_prefixes)),
        upstream(_WAN, INNER_FAR),
        *peer_pins(scenario, device),
        *routes_to_appliances(scenario, device.end),
        *routes_to_circuits(scenario, device.router),
    )
    out = Link(
        Interface(device.node, _WAN, _WAN, (f"{INNER_NEAR}/32",)),
        Interface(device.edge, "lan", "lan", (f"{INNER_FAR}/32",)),
    )
    address = f"{device.router.bgp_address}/32"
    return Node(device.node, "site", lab_netns(lab, device.node), device.end, loopback=(address,), routes=routes), out


def _to_the_hosts(scenario: Scenario, device: Device) -> Iterator[Route]:
    item = scenario.sites[device.end]
    yield from (Route(f"{address}/32", interface(f"h-{host}")) for host, address in item.hosts.items())
    yield from (Route(str(prefix), type="unreachable", metric=LAST_RESORT) for prefix in item.address_prefixes)


def _to_the_router(scenario: Scenario, device: Device) -> Iterator[Route]:
    """From one of several devices to the router before them: the site's prefixes, and the others' BGP addresses."""
    others = (r.bgp_address for r in _everybody(scenario, device.end) if r != device.router)
    for prefix in (*map(str, scenario.sites[device.end].address_prefixes), *(f"{address}/32" for address in others)):
        yield Route(prefix, INSIDE, via=FAR)


def _everybody(scenario: Scenario, site: str) -> tuple[Router, ...]:
    return (*devices(scenario, site), *before_devices(scenario, site))


def _before_devices(lab: str, scenario: Scenario, router: Router, of_site: tuple[Device, ...]) -> Parts:
    """The router between a site's hosts and its several devices: by BGP it learns which device leads where."""
    item, ports = scenario.sites[router.end], {device.node: device_port(device.router) for device in of_site}
    routes = (
        *(Route(f"{address}/32", interface(f"h-{host}")) for host, address in item.hosts.items()),
        *(Route(f"{device.router.bgp_address}/32", ports[device.node]) for device in of_site),
        *(Route(str(prefix), type="unreachable", metric=LAST_RESORT) for prefix in item.address_prefixes),
        *(route for route in private_drops() if route.prefix not in map(str, item.address_prefixes)),
        upstream(ports[of_site[0].node], str(of_site[0].router.bgp_address)),
    )
    links = (
        Link(
            Interface(device.node, INSIDE, INSIDE),
            Interface(router.node, ports[device.node], f"d-{device.node}", (f"{FAR}/32",)),
        )
        for device in of_site
    )
    address = f"{router.bgp_address}/32"
    node = Node(router.node, "site", lab_netns(lab, router.node), router.end, loopback=(address,), routes=routes)
    return Parts((node,), tuple(links))


def _host(lab: str, scenario: Scenario, site: str, host: str, address: IPv4Address) -> tuple[Node, Link]:
    item = scenario.sites[site]
    prefix = next(p for p in item.address_prefixes if address in p)
    router = str(_lan_router(prefix, set(item.hosts.values())))
    node = node_name(site, host)
    link = Link(
        Interface(node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
        Interface(node_name(site), interface(f"h-{host}"), f"h-{host.lower()}", (f"{router}/32",)),
    )
    default = Route("0.0.0.0/0", NIC, via=router, source=str(address))
    return Node(node, "host", lab_netns(lab, node), site, routes=(default,), forwarding=False), link


def _lan_router(prefix: IPv4Network, hosts: set[IPv4Address]) -> IPv4Address:
    return next(address for address in chain(prefix.hosts(), (prefix[0],)) if address not in hosts)


def lan_exit(scenario: Scenario, device: Device) -> tuple[tuple[Route, ...], str]:
    """What a site's edge needs to bring to the Internet and back its hosts and what VNets send through it (R84)."""
    spaces = (str(prefix) for vnet in scenario.vnets.values() for prefix in vnet.address_space)
    prefixes = dict.fromkeys((*map(str, scenario.sites[device.end].address_prefixes), *spaces, *PRIVATE))
    nat = f"""\
table ip netlab {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    iifname "lan" oifname "{_WAN}" snat to {device.public}
  }}
{strays(f'iifname "lan" oifname "{_WAN}"', device.public)}}}
"""
    return tuple(Route(prefix, "lan", via=INNER_NEAR) for prefix in prefixes), nat
