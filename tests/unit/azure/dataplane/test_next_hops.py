"""User routes to several appliances, and route tables without routes to peers (U1 to U5, U11)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.prediction import Predicted, matrix
from netlab.azure.state import State
from netlab.azure.views.nics import predicted
from netlab.plan.planner import plan
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario

TEXT = """
name: spread
route_tables:
  spread:
    routes:
      out:
        address_prefix: 10.0.0.0/8
        next_hop_type: VirtualApplianceEcmp
        next_hop: {next_hop_ip_addresses: [10.9.1.4, 10.9.1.5, 10.9.1.6]}
  alone: {disable_peering_route: None}
vnets:
  Mid:
    address_space: [10.9.0.0/16]
    subnets: {fw: 10.9.1.0/24, default: 10.9.0.0/24}
    vms:
      a: {subnet: fw, private_ip_address: 10.9.1.4, enable_ip_forwarding: true, nva: {stateful: none}}
      b: {subnet: fw, private_ip_address: 10.9.1.5, enable_ip_forwarding: true, nva: {stateful: none}}
      c: {subnet: fw, private_ip_address: 10.9.1.6, enable_ip_forwarding: true, nva: {stateful: none}}
      mid: {subnet: default}
  Left:
    address_space: [10.7.0.0/16]
    subnets: {default: {address_prefix: 10.7.0.0/24, route_table: spread}}
    vms: {left: {subnet: default}}
  Right:
    address_space: [10.8.0.0/16]
    subnets: {default: {address_prefix: 10.8.0.0/24, route_table: spread}}
    vms: {right: {subnet: default}}
  Alone:
    address_space: [172.20.0.0/16]
    subnets: {default: {address_prefix: 172.20.0.0/24, route_table: alone}}
    vms: {alone: {subnet: default}}
peerings:
  ml: {vnet: Mid, remote_vnet: Left}
  lm: {vnet: Left, remote_vnet: Mid, allow_forwarded_traffic: true}
  mr: {vnet: Mid, remote_vnet: Right}
  rm: {vnet: Right, remote_vnet: Mid, allow_forwarded_traffic: true}
  ma: {vnet: Mid, remote_vnet: Alone}
  am: {vnet: Alone, remote_vnet: Mid}
"""


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now)
    return parse(text, "spread.yaml").scenario


def stopped(*machines: str) -> State:
    state = initial(scenario())
    for name in machines:
        state = after(state, Action.model_validate({"stop_vm": {"vm": name}}))
    return state


def cell(state: State, source: str, target: str) -> Predicted:
    (found,) = (item for item in matrix(state) if (item.source, item.target) == (source, target))
    return found


def test_each_next_hop_may_take_a_flow_and_another_one_its_answer() -> None:
    """U3: nothing makes the two hashes agree."""
    found = cell(stopped(), "left-left", "right-right")
    hops = {"mid-a", "mid-b", "mid-c"}
    assert {node for walk in found.forward for node in walk.nodes} & hops == hops
    assert {node for walk in found.reverse for node in walk.nodes} & hops == hops
    assert found.outcome == "reachable"


@pytest.mark.parametrize("dead", [("a",), ("b",), ("c", "a")])
def test_a_next_hop_has_no_health(dead: tuple[str, ...]) -> None:
    """U5: flows of a dead one stay with it, the others live."""
    found = cell(stopped(*dead), "left-left", "right-right")
    assert found.ends == {
        ("", ""),
        *((f"mid-{name}", leg) for name in dead for leg in ("forward", "reverse")),
    }
    assert found.outcome == "unreachable"


def test_with_all_of_them_dead_every_flow_dies() -> None:
    assert ("", "") not in cell(stopped("a", "b", "c"), "left-left", "right-right").ends


def test_a_longer_route_of_the_system_goes_past_them() -> None:
    """10.9.0.0/16 of the peering is longer than 10.0.0.0/8."""
    assert [walk.nodes for walk in cell(stopped(), "left-left", "mid-mid").forward] == [
        ("left-left", "left", "mid", "mid-mid")
    ]


def test_the_effective_routes_show_one_appliance_with_all_its_addresses() -> None:
    """U2: in one row."""
    state = initial(scenario())
    (nic,) = state.network.vnets["Left"].nics
    (row,) = (row for row in predicted(state, nic) if row.source == "User")
    assert (row.nextHopType, row.nextHopIpAddress) == ("VirtualAppliance", ("10.9.1.4", "10.9.1.5", "10.9.1.6"))


def test_the_kernel_has_one_route_with_all_of_them() -> None:
    left = next(node for node in plan(scenario(), "t").nodes if node.name == "left")
    (route,) = (route for route in left.routes if route.prefix == "10.0.0.0/8" and route.metric == 10)
    assert len(route.hops) == 3
    assert len({device for device, _ in route.hops}) == 3


SHUT = ("alone: {disable_peering_route: None}", "alone: {disable_peering_route: All}")


@pytest.mark.parametrize(
    ("edits", "dropped"),
    [((), None), ((SHUT,), ("alone", "reverse")), ((SHUT, ("172.20.", "10.20.")), ("alone", "reverse"))],
)
def test_without_peering_routes_an_answer_meets_none(
    edits: tuple[tuple[str, str], ...], dropped: tuple[str, str] | None
) -> None:
    """U11: the peering stays, so the request arrives."""
    found = cell(initial(scenario(*edits)), "mid-mid", "alone-alone")
    assert (found.drop and (found.drop.node, found.drop.direction)) == dropped


def test_without_peering_routes_a_request_meets_the_none_route_that_they_covered() -> None:
    found = cell(initial(scenario(SHUT)), "alone-alone", "mid-mid")
    assert found.drop is not None
    assert "10.9.0.4 matches the system route 10.0.0.0/8 to None" in found.drop.reason


def test_without_peering_routes_a_user_route_leads_over_the_peering() -> None:
    by_hand = (
        "alone: {disable_peering_route: None}",
        "alone: {disable_peering_route: All, routes: {mid: {address_prefix: 10.9.0.0/16, "
        "next_hop_type: VirtualAppliance, next_hop_ip_address: 10.9.1.4}}}",
    )
    forwarded = (
        "am: {vnet: Alone, remote_vnet: Mid}",
        "am: {vnet: Alone, remote_vnet: Mid, allow_forwarded_traffic: true}",
    )
    found = cell(initial(scenario(by_hand, forwarded)), "alone-alone", "mid-mid")
    assert (found.outcome, found.forward[0].nodes) == (
        "reachable",
        ("alone-alone", "alone", "mid", "mid-a", "mid", "mid-mid"),
    )
