"""FastPath: what comes over a circuit passes by the gateway, and by the routes of GatewaySubnet (U23, U24)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlab.azure.prediction import predict
from netlab.scenario.loader import parse

ROUTE = {"address_prefix": "10.1.0.0/24", "next_hop_type": "None"}


def network(fast: bool) -> dict[str, Any]:
    """A VNet with a spoke behind a circuit; a user route of GatewaySubnet drops what is for the VNet's machine."""
    gateway_subnet = {"address_prefix": "10.1.255.0/27", "route_table": "in"}
    peering = {"vnet": "Hub", "remote_vnet": "Spoke", "allow_gateway_transit": True}
    back = {"vnet": "Spoke", "remote_vnet": "Hub", "use_remote_gateways": True}
    return {
        "name": "fast",
        "route_tables": {"in": {"routes": {"away": ROUTE}}},
        "vnets": {
            "Hub": {
                "address_space": ["10.1.0.0/16"],
                "subnets": {"default": "10.1.0.0/24", "GatewaySubnet": gateway_subnet},
                "vms": {"vm": {"subnet": "default"}},
                "expressroute_gateway": {"sku": "ErGw3AZ"},
            },
            "Spoke": {
                "address_space": ["10.2.0.0/16"],
                "subnets": {"default": "10.2.0.0/24"},
                "vms": {"vm": {"subnet": "default"}},
            },
        },
        "peerings": {"there": peering, "back": back},
        "sites": {
            "Site": {"address_prefixes": ["10.101.0.0/16"], "bgp": {"asn": 65101}, "hosts": {"h": "10.101.0.10"}}
        },
        "expressroute_circuits": {
            "c": {"site": "Site", "vnets": {"Hub": {"express_route_gateway_bypass": fast}}},
        },
        "story": [{"name": "first"}],
    }


@pytest.mark.parametrize(("fast", "dropped"), [(True, set()), (False, {"hub"})])
def test_it_meets_no_user_route_of_gateway_subnet(fast: bool, dropped: set[str]) -> None:
    cell = _cell(fast, "hub-vm")
    assert {way.dropped_at for way in cell.forward} - {None, ""} == dropped
    passed = {node for way in cell.forward for node in way.nodes}
    assert bool(passed & {"hub-er-0", "hub-er-1"}) is not fast


@pytest.mark.parametrize("fast", [True, False])
def test_what_is_for_a_spoke_passes_the_gateway(fast: bool) -> None:
    cell = _cell(fast, "spoke-vm")
    assert cell.outcome == "reachable"
    assert all({"hub-er-0", "hub-er-1"} & set(way.nodes) for way in cell.forward)


def _cell(fast: bool, target: str) -> Any:
    (step,) = predict(parse(json.dumps(network(fast)), "fast").scenario)
    return next(cell for cell in step.cells if (cell.source, cell.target) == ("site-h", target))
