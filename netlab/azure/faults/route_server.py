"""A Route Server loses one of its two instances: it falls silent, and the sessions of the other one carry on (A4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects
from netlab.scenario.models import Action, RouteServerFault
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, RouteServerFault)
    server = network.vnets[subject.vnet].route_server
    return frozenset((server.instances[subject.instance].node,)) if server is not None else frozenset()


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    found = (router for server in network.route_servers for router in server.instances if router.node == node)
    return next({"vnet": router.end.name, "instance": router.index} for router in found)


def _instances(network: Network) -> Subjects:
    return [_subject(network, router.node) for server in network.route_servers for router in server.instances]


ROUTE_SERVER = Kind(
    "Route Server instance",
    "route-server",
    "fail_route_server",
    "restore_route_server",
    _named,
    _subject,
    Impact.LOST,
    single=_instances,
)
