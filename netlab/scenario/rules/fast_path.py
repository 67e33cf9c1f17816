"""ExpressRoute FastPath: connections of circuits whose packets pass by the gateway."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.models import Scenario, VirtualNetwork
from netlab.scenario.rules.breach import Breach, Breaches, Path

# U23
_CAPABLE = ("UltraPerformance", "ErGw3AZ")


def _connections(scenario: Scenario) -> Iterator[tuple[Path, str, VirtualNetwork]]:
    """The connections with FastPath to VNets with an ExpressRoute gateway."""
    for name, circuit in scenario.expressroute_circuits.items():
        for vnet, settings in circuit.vnets.items():
            spec = scenario.vnets.get(vnet)
            if settings.express_route_gateway_bypass and spec is not None and spec.expressroute_gateway is not None:
                yield ("expressroute_circuits", name, "vnets", vnet, "express_route_gateway_bypass"), vnet, spec


def u23_fast_path_needs_a_large_gateway(scenario: Scenario) -> Breaches:
    """U23: FastPath is there with the SKUs UltraPerformance and ErGw3AZ only."""
    for path, name, vnet in _connections(scenario):
        sku = vnet.expressroute_gateway.sku if vnet.expressroute_gateway is not None else ""
        if sku not in _CAPABLE:
            message = f"the ExpressRoute gateway of `{name}` is {sku}; FastPath needs {' or '.join(_CAPABLE)}"
            yield Breach(path, message)


def u24_fast_path_passes_by_user_routes(scenario: Scenario) -> Breaches:
    """U24: what comes by FastPath does not meet the user routes of GatewaySubnet."""
    # Differs from Azure: FastPath leads to private endpoints; on Azure what is for most of them passes the gateway.
    # Differs from Azure: FastPath has no limit of addresses; on Azure what is above it passes the gateway.
    for path, name, vnet in _connections(scenario):
        if GATEWAY_SUBNET not in vnet.subnets:
            continue
        table = vnet.subnets[GATEWAY_SUBNET].route_table
        routes = scenario.route_table(name, GATEWAY_SUBNET).routes
        for key, route in routes.items():
            if any(route.address_prefix.overlaps(space) for space in vnet.address_space):
                message = f"what comes by FastPath does not meet the route `{key}` of `{table}` at {GATEWAY_SUBNET}"
                yield Breach(path, message, "warning")
