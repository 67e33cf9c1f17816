"""Networks with one point-to-site gateway and its clients, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.moments import after
from netlab.azure.prediction import Predicted, matrix
from netlab.azure.state import State
from netlab.scenario.models import Action, Scenario

VNET1 = {
    "address_space": ["10.1.0.0/16"],
    "subnets": {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
    "vms": {"vm1": {"subnet": "default"}},
}
LIN = {"os": "linux", "gateway": "VNet1"}


def scenario(settings: Mapping[str, Any] = {}, clients: Mapping[str, Any] = {}, **more: Any) -> Scenario:
    point_to_site = {"address_pool": "192.168.0.0/29", **settings}
    vnet = {**VNET1, "vpn_gateway": {"point_to_site": point_to_site}}
    return Scenario.model_validate({"name": "x", "vnets": {"VNet1": vnet}, "clients": clients or {"lin": LIN}, **more})


def act(state: State, **action: Any) -> State:
    return after(state, Action.model_validate(action))


def routes(state: State, client: str) -> set[str]:
    return set(map(str, state.client_routes(client)))


def cell(state: State, source: str, target: str) -> Predicted:
    return next(c for c in matrix(state) if (c.source, c.target) == (source, target))


CERTIFICATE = {"authentication_types": ["Certificate"]}
