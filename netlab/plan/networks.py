"""VNet fabrics with their machines, and on-premises networks with their hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

from netlab.azure.effective import EffectiveRoute, system_routes
from netlab.azure.propagation import vnet_prefixes
from netlab.azure.sessions import point_to_site
from netlab.plan.devices import Device, Parts, gateway_node, peer_pins
from netlab.plan.model import CUSTOM_ROUTES_TABLE, Fabric, Interface, Link, Node, Route, Rule, SubnetTable, SystemRoute
from netlab.plan.names import interface, lab_netns
from netlab.plan.underlay import FAR, INNER_FAR, INNER_NEAR, LAST_RESORT, NEAR, private_drops, to_internet, upstream
from netlab.scenario.addresses import (
    GATEWAY_SUBNET,
    gateway_bgp_address,
    gateway_instance,
    site_bgp_address,
    subnet_gateway,
    vm_addresses,
)
from netlab.scenario.models import Scenario, node_name

_FIRST_TABLE = 1000
_NIC = "eth0"
_WAN = "wan"
_GATEWAY_PORT = "gw-0"
_PEER_ADDRESSES = IPv4Network("169.254.4.0/22")
# Route metrics: where two sources know the same prefix, the smaller one wins (section 5.2).
GATEWAY_METRIC = 20
SYSTEM_METRIC = 30

# R114: only TCP, UDP and ICMP pass. R113: the default router stays silent when a TTL runs out.
_FABRIC_FILTER = f"""\
table ip netlab {{
  chain forward {{
    type filter hook forward priority filter; policy accept;
    meta l4proto != {{ icmp, tcp, udp }} drop
  }}
  chain output {{
    type filter hook output priority filter; policy accept;
    icmp type time-exceeded drop
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname "{_WAN}" masquerade
  }}
}}
"""


# --- VNets ----------------------------------------------------------------------------------------------------------


def _peer_port(vnet: str) -> str:
    return interface(f"p-{vnet}")


def _vm_port(vm: str) -> str:
    return interface(f"v-{vm}")


def vnet_parts(lab: str, scenario: Scenario, vnet: str, egress: str) -> tuple[Parts, Fabric]:
    """A VNet: its fabric, its machines, and its gateway's NIC."""
    node = node_name(vnet)
    ports = tuple(_tables(scenario, vnet))
    tables = tuple({table.table: table for _, table in ports}.values())
    machines = tuple(_machine(lab, scenario, vnet, vm, address) for vm, address in _vms(scenario, vnet).items())
    wan = to_internet(node, (f"{egress}/32", f"{NEAR}/32"), _WAN)
    links = [wan, *(link for _, link in machines)]
    if scenario.vnets[vnet].vpn_gateway is not None:
        links.append(_gateway_nic(scenario, vnet))
    fabric = Node(
        node,
        "vnet",
        lab_netns(lab, node),
        vnet,
        routes=tuple(
            route for table in tables for route in (*table.delivery, *(system.route for system in table.system))
        ),
        rules=tuple(Rule(table.table, table.table, iif=port) for port, table in ports),
        answers_ping=False,
        nftables=_FABRIC_FILTER,
    )
    spec = Fabric(node, fabric.netns, tables)
    return Parts((fabric, *(machine for machine, _ in machines)), tuple(links)), spec


def _vms(scenario: Scenario, vnet: str) -> dict[str, IPv4Address]:
    return vm_addresses(scenario.vnets[vnet])


def _machine(lab: str, scenario: Scenario, vnet: str, vm: str, address: IPv4Address) -> tuple[Node, Link]:
    item = scenario.vnets[vnet]
    prefix = item.subnets[item.vms[vm].subnet].address_prefix
    router = str(subnet_gateway(prefix))
    node = node_name(vnet, vm)
    link = Link(
        Interface(node, _NIC, _NIC, (f"{address}/{prefix.prefixlen}",)),
        Interface(node_name(vnet), _vm_port(vm), f"v-{vm.lower()}", (f"{router}/32",)),
    )
    default = Route("0.0.0.0/0", _NIC, via=router, source=str(address))
    return Node(node, "vm", lab_netns(lab, node), vnet, routes=(default,), forwarding=False), link


def _gateway_nic(scenario: Scenario, vnet: str) -> Link:
    item = scenario.vnets[vnet]
    prefix = item.subnets[GATEWAY_SUBNET].address_prefix
    addresses = dict.fromkeys((gateway_instance(item), gateway_bgp_address(item)))
    return Link(
        Interface(gateway_node(vnet), _NIC, _NIC, tuple(f"{a}/{prefix.prefixlen}" for a in addresses)),
        Interface(node_name(vnet), _GATEWAY_PORT, _GATEWAY_PORT, (f"{subnet_gateway(prefix)}/32",)),
    )


def peering_links(scenario: Scenario) -> Iterator[Link]:
    """One link per connected pair of peered VNets (R101)."""
    pairs = {frozenset((mine.vnet, mine.remote_vnet)) for vnet in scenario.vnets for mine, _ in scenario.peered(vnet)}
    for a, b in sorted(tuple(sorted(pair)) for pair in pairs):
        yield Link(
            Interface(node_name(a), _peer_port(b), f"p-{b.lower()}", (f"{_peer_address(scenario, a)}/32",)),
            Interface(node_name(b), _peer_port(a), f"p-{a.lower()}", (f"{_peer_address(scenario, b)}/32",)),
        )


def _peer_address(scenario: Scenario, vnet: str) -> str:
    """The address that a fabric has on all its peering links."""
    return str(_PEER_ADDRESSES[1 + list(scenario.vnets).index(vnet)])


def _tables(scenario: Scenario, vnet: str) -> Iterator[tuple[str, SubnetTable]]:
    """The ingress interfaces of a fabric, each with its table: machines by subnet, gateway, peerings, Internet."""
    item = scenario.vnets[vnet]
    numbers = {name: number for number, name in enumerate(item.subnets, _FIRST_TABLE)}
    spare = iter(range(_FIRST_TABLE + len(numbers), 2 * _FIRST_TABLE))
    system = tuple(system_routes(scenario, vnet))
    via, device = _towards_gateway(scenario, vnet)
    serving = scenario.gateway_for(vnet) or ""
    for vm in _vms(scenario, vnet):
        subnet = item.vms[vm].subnet
        yield _vm_port(vm), _table(scenario, vnet, numbers[subnet], subnet, system, serving, via, device)
    if item.vpn_gateway is not None:
        # What the gateway sends back into its VNet never turns round to the gateway again.
        yield _GATEWAY_PORT, _table(scenario, vnet, numbers[GATEWAY_SUBNET], GATEWAY_SUBNET, system)
    # R102: what a peer sends in is delivered here or to the gateway that it may use, never passed on to a third VNet.
    local = tuple(route for route in system if route.next_hop_type == "VnetLocal")
    for mine, _ in scenario.peered(vnet):
        peer = mine.remote_vnet
        may_use = peer in scenario.spokes(vnet)
        yield (
            _peer_port(peer),
            _table(scenario, vnet, next(spare), f"from {peer}", local, *((vnet, via, device) if may_use else ())),
        )
    yield _WAN, _table(scenario, vnet, next(spare), "from the Internet", local)


def _towards_gateway(scenario: Scenario, vnet: str) -> tuple[str, str]:
    serving = scenario.gateway_for(vnet)
    if serving is None:
        return "", ""
    if serving == vnet:
        return str(gateway_instance(scenario.vnets[vnet])), _GATEWAY_PORT
    return _peer_address(scenario, serving), _peer_port(serving)


def _table(
    scenario: Scenario,
    vnet: str,
    table: int,
    subnet: str,
    system: tuple[EffectiveRoute, ...],
    gateway: str = "",
    via: str = "",
    device: str = "",
) -> SubnetTable:
    delivery = tuple(_deliveries(scenario, vnet, table))
    routes = tuple(SystemRoute(route.next_hop_type, _system(scenario, route, table)) for route in system)
    return SubnetTable(table, subnet, routes, delivery, gateway, via, device)


def _deliveries(scenario: Scenario, vnet: str, table: int) -> Iterator[Route]:
    """The NICs of a VNet, each a host route: there is no link layer to find them by (R112)."""
    for vm, address in _vms(scenario, vnet).items():
        yield Route(f"{address}/32", _vm_port(vm), table=table)
    item = scenario.vnets[vnet]
    if item.vpn_gateway is not None:
        for address in dict.fromkeys((gateway_instance(item), gateway_bgp_address(item))):
            yield Route(f"{address}/32", _GATEWAY_PORT, table=table)


def _system(scenario: Scenario, route: EffectiveRoute, table: int) -> Route:
    prefix = str(route.prefix)
    if route.next_hop_type == "VNetPeering":
        via = _peer_address(scenario, route.next_hop)
        return Route(prefix, _peer_port(route.next_hop), via=via, table=table, metric=SYSTEM_METRIC)
    if route.next_hop_type == "Internet":
        return Route(prefix, _WAN, via=FAR, table=table, metric=SYSTEM_METRIC)
    # None, and addresses of the VNet that no NIC has: the packet disappears without a word.
    return Route(prefix, type="blackhole", table=table, metric=SYSTEM_METRIC)


def gateway_routing(lab: str, scenario: Scenario, device: Device) -> Node:
    """The routing namespace of a gateway instance: into its VNet and its spokes; no way to the Internet (R64)."""
    router = str(subnet_gateway(scenario.vnets[device.end].subnets[GATEWAY_SUBNET].address_prefix))
    inward = (Route(str(prefix), _NIC, via=router) for prefix in vnet_prefixes(scenario, device.end))
    custom = custom_routes(map(str, point_to_site(scenario, device.end).custom_routes)) if device.p2s else ()
    return Node(
        device.node,
        "gateway",
        lab_netns(lab, device.node),
        device.end,
        routes=(*inward, *custom, *peer_pins(scenario, device)),
    )


def custom_routes(prefixes: Iterable[str]) -> tuple[Route, ...]:
    """How a gateway's routing namespace holds its custom routes (R63)."""
    return tuple(Route(prefix, type="blackhole", table=CUSTOM_ROUTES_TABLE) for prefix in prefixes)


# --- sites ----------------------------------------------------------------------------------------------------------


def site_parts(lab: str, scenario: Scenario, device: Device) -> Parts:
    """An on-premises network: router and hosts, a way out to the Internet through its edge."""
    item = scenario.sites[device.end]
    lan = tuple(_host(lab, scenario, device, host, address) for host, address in item.hosts.items())
    routes = (
        *(Route(f"{address}/32", interface(f"h-{host}")) for host, address in item.hosts.items()),
        *(Route(str(prefix), type="unreachable", metric=LAST_RESORT) for prefix in item.address_prefixes),
        *(route for route in private_drops() if route.prefix not in map(str, item.address_prefixes)),
        upstream(_WAN, INNER_FAR),
        *peer_pins(scenario, device),
    )
    out = Link(
        Interface(device.node, _WAN, _WAN, (f"{INNER_NEAR}/32",)),
        Interface(device.edge, "lan", "lan", (f"{INNER_FAR}/32",)),
    )
    router = Node(
        device.node,
        "site",
        lab_netns(lab, device.node),
        device.end,
        loopback=(f"{site_bgp_address(scenario, device.end)}/32",),
        routes=routes,
    )
    return Parts((router, *(node for node, _ in lan)), (out, *(link for _, link in lan)))


def _host(lab: str, scenario: Scenario, device: Device, host: str, address: IPv4Address) -> tuple[Node, Link]:
    item = scenario.sites[device.end]
    prefix = next(p for p in item.address_prefixes if address in p)
    router = str(_lan_router(prefix, set(item.hosts.values())))
    node = node_name(device.end, host)
    link = Link(
        Interface(node, _NIC, _NIC, (f"{address}/{prefix.prefixlen}",)),
        Interface(device.node, interface(f"h-{host}"), f"h-{host.lower()}", (f"{router}/32",)),
    )
    default = Route("0.0.0.0/0", _NIC, via=router, source=str(address))
    return Node(node, "host", lab_netns(lab, node), device.end, routes=(default,), forwarding=False), link


def _lan_router(prefix: IPv4Network, hosts: set[IPv4Address]) -> IPv4Address:
    return next(address for address in chain(prefix.hosts(), (prefix[0],)) if address not in hosts)


def lan_exit(scenario: Scenario, device: Device) -> tuple[tuple[Route, ...], str]:
    """What a site's edge needs to bring its hosts to the Internet and back: routes, and source NAT."""
    prefixes = scenario.sites[device.end].address_prefixes
    nat = f"""\
table ip netlab {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    iifname "lan" oifname "{_WAN}" snat to {device.public}
  }}
}}
"""
    return tuple(Route(str(prefix), "lan", via=INNER_NEAR) for prefix in prefixes), nat
