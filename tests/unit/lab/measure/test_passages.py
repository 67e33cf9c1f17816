"""Between which interfaces packets may pass, and through which tunnels they must."""

from __future__ import annotations

from functools import cache

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.lab.measure.passages import Passages
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.probe.trace import Probe, Sighting, judge
from netlab.scenario.loader import load

PAIR = ("vnet1-vm1", "site1-host1")
# The request's way, by node and by the interfaces that it comes in and goes out by.
WAY = (
    ("vnet1-vm1", "", "eth0"),
    ("vnet1", "v-vm1", "gw-0"),
    ("vnet1-gw-0", "eth0", "t-vnet1-site1"),
    ("site1", "t-vnet1-site1", "h-host1"),
    ("site1-host1", "eth0", ""),
)


@cache
def lab() -> tuple[Plan, Predicted]:
    scenario = load("p2s-branch").scenario
    state = initial(scenario)
    matrix = Forecast(state, endpoint_addresses(state)).matrix()
    return plan(scenario, "lab"), next(item for item in matrix if (item.source, item.target) == PAIR)


def strange(*way: tuple[str, str, str]) -> str:
    seen, time = [], 0
    for node, came, went in way:
        for interface, outgoing in ((came, False), (went, True)):
            if interface:
                time += 1
                seen.append(Sighting(time, node, interface, outgoing, "forward", 64))
    trace = judge(Probe(*PAIR, "icmp"), "10.1.0.4", "10.101.0.10", 0, seen)
    return Passages(lab()[0]).strange(trace, lab()[1])


def test_a_packet_that_takes_links_and_tunnels_of_the_plan_is_not_strange() -> None:
    assert strange(*WAY) == ""


@pytest.mark.parametrize(
    ("number", "other", "words"),
    [
        (2, ("vnet1-gw-0", "eth0", "stray0"), "from stray0 of vnet1-gw-0 to t-vnet1-site1 of site1"),
        (3, ("site1", "stray1", "h-host1"), "from t-vnet1-site1 of vnet1-gw-0 to stray1 of site1"),
        (1, ("vnet1", "v-vm1", "gw-1"), "from gw-1 of vnet1 to eth0 of vnet1-gw-0"),
        (0, ("vnet1-vm1", "", "eth1"), "from eth1 of vnet1-vm1 to v-vm1 of vnet1"),
    ],
)
def test_a_packet_that_passes_between_other_interfaces_is(number: int, other: tuple[str, str, str], words: str) -> None:
    way = list(WAY)
    way[number] = other
    assert f"the lab took a way of its own forward: {words}, which no link and no tunnel joins" == strange(*way)


def test_the_interfaces_to_clients_of_two_gateways_are_the_ends_of_no_tunnel() -> None:
    """They carry one name, point-to-site, and lead to clients only."""
    planned = plan(load("p2s-two-vnets").scenario, "lab")
    one, other = [tunnel for tunnel in planned.tunnels if tunnel.to_clients][:2]
    assert one.node != other.node
    seen = [
        Sighting(1, one.node, one.interface, True, "forward", 64),
        Sighting(2, other.node, other.interface, False, "forward", 64),
    ]
    trace = judge(Probe(*PAIR, "icmp"), "10.1.0.4", "10.101.0.10", 0, seen)
    assert "no link and no tunnel joins" in Passages(planned).strange(trace, lab()[1])
