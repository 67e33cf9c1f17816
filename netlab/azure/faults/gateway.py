"""A VPN gateway loses an instance (R8): of an active-standby one the standby takes over, of an active-active one the
other instance has all tunnels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects
from netlab.scenario.models import Action, GatewayFault
from netlab.scenario.network import Network, Topology, VpnGateway


def topologies(network: Network) -> Iterator[Topology]:
    """The topology with the first instance of every active-standby gateway active, and that with the second one."""
    for switched in (frozenset[str](), frozenset(gateway.name for gateway in network.vpn_gateways)):
        yield Topology(network, switched)


def _gateway(network: Network, action: Action) -> tuple[VpnGateway, GatewayFault]:
    subject = action.subject
    assert isinstance(subject, GatewayFault)
    gateway = network.vnets[subject.vnet].vpn_gateway
    assert gateway is not None
    return gateway, subject


def _switched(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    gateway, _ = _gateway(network, action)
    return frozenset() if gateway.active_active else frozenset((gateway.name,))


def _lost(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    gateway, subject = _gateway(network, action)
    if not gateway.active_active:
        return frozenset()
    default = (0,) if action.verb == "fail_gateway" else (0, 1)
    indices = default if subject.instance is None else (subject.instance,)
    return frozenset(gateway.instances[index].node for index in indices)


def _of_vnet(network: Network, vnet: str) -> Mapping[str, Any]:
    del network
    return {"vnet": vnet}


def _of_instance(network: Network, node: str) -> Mapping[str, Any]:
    found = (router for gateway in network.vpn_gateways for router in gateway.instances if router.node == node)
    return next({"vnet": router.end.name, "instance": router.index} for router in found)


def _active_ones(network: Network) -> Subjects:
    return [{"vnet": gateway.name} for gateway in network.vpn_gateways if not gateway.active_active]


def _instances(network: Network) -> Subjects:
    both = (gateway for gateway in network.vpn_gateways if gateway.active_active)
    return [{"vnet": gateway.name, "instance": index} for gateway in both for index in (0, 1)]


# The VNets whose gateway's second instance is the active one.
STANDBY = Kind(
    "standby",
    "gateway",
    "fail_gateway",
    "restore_gateway",
    _switched,
    _of_vnet,
    Impact.SWITCHED,
    alternates=True,
    single=_active_ones,
)
# The nodes of instances that are down.
INSTANCE = Kind(
    "instance", "gateway", "fail_gateway", "restore_gateway", _lost, _of_instance, Impact.LOST, single=_instances
)
