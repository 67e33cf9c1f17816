"""What azurerm has beside a load balancer -> parts of its body in ARM's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from netlab.imports import ids
from netlab.imports.terraform.attributes import Body, Reader, listed

_Parts = Iterator[tuple[Any, Body]]
_PROBE = {
    "name": "name",
    "protocol": "protocol",
    "port": "port",
    "request_path": "requestPath",
    "interval_in_seconds": "intervalInSeconds",
    "probe_threshold": "probeThreshold",
}
_RULE = {
    "name": "name",
    "protocol": "protocol",
    "frontend_port": "frontendPort",
    "backend_port": "backendPort",
    "idle_timeout_in_minutes": "idleTimeoutInMinutes",
    "load_distribution": "loadDistribution",
    "disable_outbound_snat": "disableOutboundSnat",
}
_OUTBOUND_RULE = {
    "name": "name",
    "protocol": "protocol",
    "allocated_outbound_ports": "allocatedOutboundPorts",
    "idle_timeout_in_minutes": "idleTimeoutInMinutes",
}


def _pool(of: Reader) -> _Parts:
    yield of.get("loadbalancer_id"), {"backendAddressPools": [{"name": of.get("name")}]}


def _address(of: Reader) -> _Parts:
    """A member of a pool by its address."""
    pool = ids.parsed(of.get("backend_address_pool_id"))
    if pool is not None and pool.parent is not None:
        member = {"name": of.get("name"), "ipAddress": of.get("ip_address")}
        part = {"name": pool.name, "loadBalancerBackendAddresses": [member]}
        yield pool.parent.text, {"backendAddressPools": [part]}


def _probe(of: Reader) -> _Parts:
    yield of.get("loadbalancer_id"), {"probes": [of.plain(_PROBE)]}


def _rule(of: Reader) -> _Parts:
    balancer = of.get("loadbalancer_id")
    pools = listed(of.first("backend_address_pool_ids", "backend_address_pool_id")) or []
    rule = {
        **of.plain(_RULE),
        "frontendIPConfiguration": {
            "id": f"{balancer}/frontendIPConfigurations/{of.get('frontend_ip_configuration_name')}"
        },
        "backendAddressPools": [{"id": pool} for pool in pools],
        "probe": of.reference("probe_id"),
        "enableFloatingIP": of.first("floating_ip_enabled", "enable_floating_ip"),
        "enableTcpReset": of.first("tcp_reset_enabled", "enable_tcp_reset"),
    }
    yield balancer, {"loadBalancingRules": [rule]}


def _outbound_rule(of: Reader) -> _Parts:
    balancer, key = of.get("loadbalancer_id"), "frontend_ip_configuration"
    names = (of.get(key, index, "name") for index in range(of.blocks(key)))
    rule = {
        **of.plain(_OUTBOUND_RULE),
        "frontendIPConfigurations": [{"id": f"{balancer}/frontendIPConfigurations/{name}"} for name in names],
        "backendAddressPool": of.reference("backend_address_pool_id"),
        "enableTcpReset": of.first("tcp_reset_enabled", "enable_tcp_reset"),
    }
    yield balancer, {"outboundRules": [rule]}


PARTS: Mapping[str, Callable[[Reader], _Parts]] = {
    "azurerm_lb_backend_address_pool": _pool,
    "azurerm_lb_backend_address_pool_address": _address,
    "azurerm_lb_probe": _probe,
    "azurerm_lb_rule": _rule,
    "azurerm_lb_outbound_rule": _outbound_rule,
}
