"""VPN gateways: the routing namespaces of their instances, the NICs, and the SDN controller's view of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from netlab.plan import nat_rules, p2s, ttl
from netlab.plan.devices import Device, bgp_listeners, peer_pins
from netlab.plan.model import (
    CUSTOM_ROUTES_TABLE,
    OUT_OF_TUNNELS_TABLE,
    GatewayView,
    Interface,
    Link,
    Node,
    Route,
    Rule,
)
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.p2s import radius
from netlab.plan.ports import NIC, PAIR, port, to_gateway, tunnel_port
from netlab.plan.segments import limit as segment_limit
from netlab.plan.underlay import AFTER_BGP
from netlab.scenario.addresses import GATEWAY_SUBNET, subnet_gateway
from netlab.scenario.network import VNet, VpnGateway

# After the kernel's own tables main and default, the last of which has 32767.
_OUT_OF_TUNNELS_PRIORITY = 33_000


def nics(gateway: VpnGateway) -> Iterator[Link]:
    """The NICs of both instances, and the link between those of an active-active gateway."""
    vnet = gateway.vnet
    prefix = vnet.subnets[GATEWAY_SUBNET].prefix
    for router in gateway.instances:
        addresses = (f"{a}/{prefix.prefixlen}" for a in gateway.instance_addresses(router))
        yield Link(
            Interface(router.node, NIC, NIC, tuple(addresses)),
            port(vnet.node, to_gateway(router.index), f"{subnet_gateway(prefix)}/32"),
        )
    if gateway.active_active:
        first, second = (Interface(router.node, PAIR, PAIR) for router in gateway.instances)
        yield Link(first, second)


def routing(lab: str, device: Device, gateway: VpnGateway) -> Node:
    """The routing namespace of an instance: into its VNet and its spokes, and there all that comes out of a tunnel and
    has no other route (B49)."""
    vnet = gateway.vnet
    router = str(subnet_gateway(vnet.subnets[GATEWAY_SUBNET].prefix))
    inward = (Route(str(prefix), NIC, via=router) for prefix in vnet.prefixes)
    # Of an address of its own subnet zebra thinks that it is on-link.
    private = vnet.expressroute_gateway.instances if vnet.expressroute_gateway is not None else ()
    beside = (Route(f"{r.bgp_address}/32", NIC, via=router) for r in private)
    custom = gateway.point_to_site.custom_routes if gateway.point_to_site is not None else ()
    return Node(
        device.node,
        "gateway",
        lab_netns(lab, device.node),
        vnet.name,
        routes=(
            *inward,
            *beside,
            *custom_routes(map(str, custom)),
            *peer_pins(device),
            *_to_the_other_instance(device, gateway),
            *radius.way_back(device),
            Route("0.0.0.0/0", NIC, via=router, table=OUT_OF_TUNNELS_TABLE),
        ),
        loopback=tuple(f"{address}/32" for address in device.router.tunnel_addresses),
        rules=tuple(_out_of_tunnels(device)),
        nftables=(
            *bgp_listeners(device),
            *segment_limit(device),
            ttl.of_gateway(device, gateway),
            *radius.rulesets(device),
            *nat_rules.of_gateway(device),
            *nat_rules.redirects(device),
        ),
    )


def _out_of_tunnels(device: Device) -> Iterator[Rule]:
    """Where packets that come out of tunnels, also of clients who may come, go last."""
    for port_name in (
        *(tunnel_port(tunnel.name) for tunnel in device.tunnels),
        *(t.interface for t in p2s.interfaces(device)),
    ):
        yield Rule(_OUT_OF_TUNNELS_PRIORITY, OUT_OF_TUNNELS_TABLE, iif=port_name)


def custom_routes(prefixes: Iterable[str]) -> tuple[Route, ...]:
    """How a gateway's routing namespace holds its custom routes (R63)."""
    return tuple(Route(prefix, type="blackhole", table=CUSTOM_ROUTES_TABLE) for prefix in prefixes)


def _to_the_other_instance(device: Device, gateway: VpnGateway) -> Iterator[Route]:
    """What an instance of an active-active gateway leaves to the other one, over the link between them: what it has
    neither a tunnel of its own for, nor BGP."""
    if not gateway.active_active:
        return
    other = next(router for router in gateway.instances if router is not device.router)
    via = str(other.bgp_address)
    yield Route(f"{via}/32", PAIR)
    statics = (prefix for tunnel in device.tunnels for prefix in tunnel.side(device.node).static_prefixes)
    for prefix in dict.fromkeys(statics):
        yield Route(str(prefix), PAIR, via=via, metric=AFTER_BGP)
    if gateway.point_to_site is not None and not device.serves_p2s:
        yield Route(str(gateway.point_to_site.address_pool), PAIR, via=via, metric=AFTER_BGP)


def views(lab: str, devices: Iterable[Device]) -> Iterator[GatewayView]:
    """Where to read what the instances among these devices learned."""
    return (_view(lab, device, device.gateway.vnet) for device in devices if device.gateway is not None)


def _peers(device: Device) -> Iterator[str]:
    """The host routes of BGP peers, of which a VNet with a Route Server has none (B63)."""
    sides = tuple(tunnel.side(device.node) for tunnel in device.tunnels)
    statics = {prefix for side in sides for prefix in side.static_prefixes}
    for tunnel in device.tunnels:
        address = tunnel.bgp_of(device.node).peer if tunnel.connection.speaks_bgp else None
        if address is not None and IPv4Network(address) not in statics:
            yield f"{address}/32"


def _parts_of_pool(device: Device) -> Iterator[str]:
    """The parts of a pool that lead to clients with tunnels of one type: the VNet has a route to the whole pool."""
    pool = str(device.gateway.client_settings.address_pool) if device.gateway is not None and device.p2s else ""
    yield from (prefix for found in p2s.interfaces(device) for prefix in found.host_routes if prefix != pool)


def _view(lab: str, device: Device, vnet: VNet) -> GatewayView:
    counts = vnet.route_server is not None
    to_clients = p2s.interfaces(device) if device.serves_p2s else ()
    inner = (prefix for prefixes in nat_rules.inner_prefixes(device).values() for prefix in prefixes)
    return GatewayView(
        vnet.name,
        device.node,
        lab_netns(lab, device.node),
        (*(tunnel_port(tunnel.name) for tunnel in device.tunnels), *(t.interface for t in to_clients)),
        directory=node_directory(lab, device.node) if counts else "",
        hidden=(*(_peers(device) if counts else ()), *_parts_of_pool(device), *inner),
    )
