"""ExpressRoute Global Reach: what the edge routers of two circuits exchange (U25, U31, U32)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlab.azure.prediction import PredictedStep, predict
from netlab.scenario.loader import parse


def vnet(number: int) -> dict[str, Any]:
    return {
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": {"default": f"10.{number}.0.0/24", "GatewaySubnet": f"10.{number}.255.0/27"},
        "vms": {"vm": {"subnet": "default"}},
        "expressroute_gateway": {},
    }


def site(number: int, asn: int) -> dict[str, Any]:
    prefix = f"10.{100 + number}.0"
    return {"address_prefixes": [f"{prefix}.0/16"], "bgp": {"asn": asn}, "hosts": {"h": f"{prefix}.10"}}


def at_first(document: dict[str, Any]) -> PredictedStep:
    (step,) = predict(parse(json.dumps({"name": "reach", "story": [{"name": "first"}], **document}), "reach").scenario)
    return step


def joined(first: int = 65101, second: int = 65102, **circuits: Any) -> dict[str, Any]:
    """Two circuits that Global Reach connects, each with a site and a VNet."""
    reach = {"to-c2": {"peer_circuit": "c2", "address_prefix": "192.168.0.0/29"}}
    both = {
        "c1": {"site": "S1", "vnets": {"V1": {}}, "global_reach": reach},
        "c2": {"site": "S2", "vnets": {"V2": {}}},
    }
    return {
        "vnets": {"V1": vnet(1), "V2": vnet(2)},
        "sites": {"S1": site(1, first), "S2": site(2, second)},
        "expressroute_circuits": {name: {**spec, **circuits.get(name, {})} for name, spec in both.items()},
    }


def reached(step: PredictedStep, source: str, target: str) -> bool:
    return next(c.outcome == "reachable" for c in step.cells if (c.source, c.target) == (source, target))


def test_a_vnet_on_both_circuits_goes_to_a_site_over_its_own_one() -> None:
    """U32: of both paths to S2, that by Global Reach has 12076 three times."""
    step = at_first(joined(c2={"vnets": {"V1": {}, "V2": {}}}))
    cell = next(c for c in step.cells if (c.source, c.target) == ("v1-vm", "s2-h"))
    assert {node for way in cell.forward for node in way.nodes if "msee" in node} == {"c2-msee-0", "c2-msee-1"}


@pytest.mark.parametrize(("second", "outcome"), [(65102, True), (65101, False)])
def test_sites_of_one_asn_drop_each_others_routes(second: int, outcome: bool) -> None:
    """R99: Microsoft removes private ASNs, but not that of the router that it advertises to."""
    step = at_first(joined(65101, second))
    assert reached(step, "s1-h", "s2-h") is outcome
    assert reached(step, "s1-h", "v2-vm")


def test_a_circuit_needs_no_vnet_for_it() -> None:
    document = joined()
    del document["expressroute_circuits"]["c2"]["vnets"]
    step = at_first(document)
    assert reached(step, "s1-h", "s2-h")
    assert reached(step, "s2-h", "v1-vm")
    assert not reached(step, "s2-h", "v2-vm")
