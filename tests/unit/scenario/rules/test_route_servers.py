"""What a Route Server and a circuit take, from machines, from prefixes and from a story."""

from __future__ import annotations

from typing import Any

import pytest
from findings import findings
from topologies import as_yaml

from netlab.scenario.models import Scenario
from netlab.scenario.rules.route_servers import a9_route_servers_have_limits

ANNOUNCED = {"nva": "Hub-edge", "prefix": "100.64.0.0/10", "count": 998}
ONE_MORE = {"nva": "Hub-edge", "prefix": "100.128.0.0/16"}


def scenario(*actions: dict[str, Any], announces: tuple[str, ...] = ()) -> dict[str, Any]:
    """A Route Server between an appliance and a circuit: the VNet's prefix and the appliance's site go over it."""
    bgp = {"asn": 65066, "announces": announces, "sites": ["Site6"]}
    subnets = {"default": "10.66.0.0/24", "GatewaySubnet": "10.66.254.0/27", "RouteServerSubnet": "10.66.255.0/26"}
    hub = {
        "address_space": ["10.66.0.0/16"],
        "subnets": subnets,
        "vms": {"edge": {"subnet": "default", "enable_ip_forwarding": True, "nva": {"bgp": bgp}}},
        "expressroute_gateway": {},
        "route_server": {"allow_branch_to_branch_traffic": True},
    }
    return {
        "name": "capacity",
        "vnets": {"Hub": hub},
        "sites": {
            "Site1": {"address_prefixes": ["10.101.0.0/16"], "bgp": {"asn": 65101}},
            "Site6": {"address_prefixes": ["10.106.0.0/16"], "bgp": {"asn": 65106}},
        },
        "expressroute_circuits": {"c6": {"site": "Site1", "vnets": {"Hub": {}}}},
        "story": [{"name": "told", "do": actions}] if actions else [],
    }


@pytest.mark.parametrize(("peered", "machines", "found"), [(True, 3999, 0), (True, 4000, 1), (False, 4000, 0)])
def test_a_route_server_serves_the_machines_of_its_vnet_and_its_peers(peered: bool, machines: int, found: int) -> None:
    """A9: the appliance is one of them."""
    data = scenario()
    vms = {f"m{number}": {"subnet": "default"} for number in range(machines)}
    data["vnets"]["Spoke"] = {"address_space": ["10.3.0.0/16"], "subnets": {"default": "10.3.0.0/17"}, "vms": vms}
    if peered:
        there, back = {"vnet": "Hub", "remote_vnet": "Spoke"}, {"vnet": "Spoke", "remote_vnet": "Hub"}
        data["peerings"] = {"there": there, "back": back}
    assert len(tuple(a9_route_servers_have_limits(Scenario.model_validate(data)))) == found


def test_a_story_may_tell_a_circuit_too_much_and_a_scenario_not() -> None:
    """A37: the story shows what comes of it (R98)."""
    as_built = scenario(announces=tuple(f"10.30.{n // 64}.{n % 64 * 4}/30" for n in range(999)))
    for data, severity in ((scenario({"announce": {**ANNOUNCED, "count": 999}}), "warning"), (as_built, "error")):
        assert [(item.rule, item.severity) for item in findings(as_yaml(data))] == [("A37", severity)]


def test_a_circuit_that_is_told_less_again_is_no_finding_any_more() -> None:
    """A37: of three actions only the one in the middle is too much."""
    text = as_yaml(scenario({"announce": ANNOUNCED}, {"announce": ONE_MORE}, {"withdraw": ONE_MORE}))
    (found,) = findings(text)
    assert found.rule == "A37"
    assert found.message.startswith("story[0].do[1]")
