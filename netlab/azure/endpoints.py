"""Private endpoints: where the packets that they send go (E8 to E10). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.azure.effective import (
    EffectiveRoute,
    active,
    endpoints_in_reach,
    fixed_routes,
    route_to_endpoint,
    system_routes,
)
from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.network import Firewall, Nic, PrivateEndpoint, Subnet, VNet
from netlab.scenario.values import once


def fixed_routes_of(endpoint: PrivateEndpoint) -> tuple[EffectiveRoute, ...]:
    """The routes of what an endpoint sends that come from no gateway: the user routes of its subnet are none of them.

    Answers follow the appliance that the requests of a subnet came through, where it is in another VNet or is tagged
    (E9, E10).
    """
    vnet = endpoint.vnet
    private = map(route_to_endpoint, endpoints_in_reach(vnet, vnet.peerings))
    return (*system_routes(vnet), *private, *_by_appliances(endpoint))


def _by_appliances(endpoint: PrivateEndpoint) -> Iterator[EffectiveRoute]:
    for vnet in endpoint.vnet.network.vnets.values():
        for subnet in vnet.subnets.values():
            hops = tuple(
                str(address)
                for address in appliances_before(endpoint, subnet)
                if _answers_follow(endpoint, address, subnet.vnet)
            )
            if hops:
                yield EffectiveRoute("User", subnet.prefix, "VirtualAppliance", hops[0], further=hops[1:])


def appliances_before(endpoint: PrivateEndpoint, subnet: Subnet) -> tuple[IPv4Address, ...]:
    """The appliances that the user routes of a subnet send packets for an endpoint to; none if they go directly."""
    covering = [route for route in _without_gateway(subnet) if endpoint.address in route.prefix]
    best = max(covering, key=lambda route: route.prefix.prefixlen)
    if best.source != "User" or best.next_hop_type != "VirtualAppliance":
        return ()
    return tuple(map(IPv4Address, best.next_hops))


@once
def _without_gateway(subnet: Subnet) -> tuple[EffectiveRoute, ...]:
    """The active routes of a subnet that come from no gateway."""
    return tuple(active(fixed_routes(subnet)))


def _answers_follow(endpoint: PrivateEndpoint, address: IPv4Address, client: VNet) -> bool:
    """Whether answers to a client's VNet follow an appliance, and the endpoint can reach it."""
    nic = _nic_near(endpoint, address)
    return nic is not None and (nic.vnet is not client or nic.answers_of_endpoints_follow)


# Differs from Azure: Answers of a private endpoint do not follow the frontend of a load balancer; no document says what
# Azure's do.
def _nic_near(endpoint: PrivateEndpoint, address: IPv4Address) -> Nic | Firewall | None:
    """The NIC that has an address in the endpoint's VNet or in a peer of it."""
    vnets = (endpoint.vnet, *endpoint.vnet.peering_to)
    return next((vnet.nic_at[address] for vnet in vnets if address in vnet.nic_at), None)


def appliances_before_gateway(endpoint: PrivateEndpoint) -> tuple[str, ...]:
    """The appliances that answers to what a gateway brings follow: those that GatewaySubnet sends it to (E7, E9)."""
    serving = endpoint.vnet.serving
    subnet = serving.subnets.get(GATEWAY_SUBNET) if serving is not None else None
    before = appliances_before(endpoint, subnet) if subnet is not None else ()
    return tuple(str(address) for address in before if _nic_near(endpoint, address) is not None)
