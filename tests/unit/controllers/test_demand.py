"""Which security associations a packet brings up: R22, R50."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import pytest

from netlab.controllers import demand
from netlab.controllers.demand import Demand, Packet
from netlab.errors import ConvergeError
from netlab.plan.model import Child, DataPlane, Plan, Selector
from netlab.plan.planner import plan
from netlab.scenario.models import Scenario

VM, VM2, HOST, HOST2 = "10.1.0.4", "10.11.0.4", "10.101.0.10", "10.102.0.10"
ELSEWHERE = "10.9.9.9"


@cache
def lab(plane: DataPlane = "userspace", policy_based: bool = True) -> Plan:
    gateway: dict[str, Any] = {"sku": "Basic", "vpn_type": "PolicyBased"} if policy_based else {}
    scenario = {
        "name": "demand",
        "vnets": {
            "VNet1": {
                "address_space": ["10.1.0.0/16", "10.11.0.0/16"],
                "subnets": {"GatewaySubnet": "10.1.255.0/27"},
                "vpn_gateway": gateway,
            }
        },
        "sites": {"Site1": {"address_prefixes": ["10.101.0.0/16", "10.102.0.0/16"]}},
        "connections": {"C": {"type": "IPsec", "between": ["VNet1", "Site1"]}},
    }
    return plan(Scenario.model_validate(scenario), "lab", plane)


def gateway_end(plane: DataPlane = "userspace") -> Demand:
    return next(item for item in demand.demands(lab(plane)) if "vnet1" in item.netns)


def sa(local: str, remote: str, name: str = "of the peer") -> Child:
    return Child(name, Selector((local,)), Selector((remote,)))


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
def test_both_ends_of_a_policy_based_tunnel_are_watched(plane: DataPlane) -> None:
    found = {(item.netns, item.connection.name) for item in demand.demands(lab(plane))}
    assert found == {("nl.lab.vnet1-gw-0", "C"), ("nl.lab.site1", "C")}


def test_a_route_based_tunnel_is_not() -> None:
    assert list(demand.demands(lab(policy_based=False))) == []


@pytest.mark.parametrize(
    ("in_use", "packets", "wanted"),
    [
        ((), [(VM, HOST)], ["10.1.0.0/16 > 10.101.0.0/16"]),
        ((), [(VM2, HOST2), (VM, HOST)], ["10.1.0.0/16 > 10.101.0.0/16", "10.11.0.0/16 > 10.102.0.0/16"]),
        ((sa("10.1.0.0/16", "10.101.0.0/16"),), [(VM, HOST)], []),
        ((sa("10.1.0.0/16", "10.101.0.0/16"),), [(VM, HOST2)], ["10.1.0.0/16 > 10.102.0.0/16"]),
        # The selectors of one SA do not lend their half to another's.
        (
            (sa("10.1.0.0/16", "10.101.0.0/16"), sa("10.11.0.0/16", "10.102.0.0/16")),
            [(VM, HOST2)],
            ["10.1.0.0/16 > 10.102.0.0/16"],
        ),
        # A peer that has narrowed an SA would do it again.
        ((sa("10.1.0.0/24", "10.101.0.0/24", "C"),), [("10.1.9.4", HOST)], []),
        ((sa("10.1.0.0/24", "10.101.0.0/24", "C-2"),), [("10.1.9.4", HOST)], ["10.1.0.0/16 > 10.101.0.0/16"]),
        ((), [(ELSEWHERE, HOST), (VM, ELSEWHERE), (HOST, VM)], []),
        ((), [], []),
    ],
)
def test_a_packet_wants_the_one_sa_that_would_take_it(
    in_use: tuple[Child, ...], packets: Collection[Packet], wanted: list[str]
) -> None:
    connection = gateway_end().connection
    words = {c.name: f"{c.local_ts.prefixes[0]} > {c.remote_ts.prefixes[0]}" for c in connection.children}
    assert [words[name] for name in demand.lacking(connection, in_use, packets)] == wanted


class Machine:
    """A peer that agrees, or not."""

    def __init__(self, refuses: bool = False, busy: int = 0) -> None:
        self.initiated: list[str] = []
        self._busy = busy
        self._refuses = refuses

    def children(self, directory: str, connection: str) -> tuple[Child, ...]:
        return ()

    def connecting(self, directory: str, connection: str) -> bool:
        """Whether it does: for the first looks."""
        self._busy -= 1
        return self._busy >= 0

    def initiate_child(self, directory: str, connection: str, child: str) -> None:
        self.initiated.append(child)
        if self._refuses:
            raise ConvergeError("refused")

    def tap(self, netns: str, interface: str) -> demand.Tap:
        raise NotImplementedError


def test_a_packet_brings_its_sa_up() -> None:
    machine = Machine()
    demand.serve(gateway_end(), machine, {(VM, HOST)}, lambda _: None)
    assert machine.initiated == ["C"]


def test_an_end_does_not_begin_while_the_other_one_does() -> None:
    """Two IKE SAs that are made at once replace each other, and take CHILD SAs with them."""
    machine, pauses = Machine(busy=3), list[float]()
    end = gateway_end()
    assert len(end.ends) == 2

    def pause(seconds: float) -> None:
        assert machine.initiated == []
        pauses.append(seconds)

    demand.serve(end, machine, {(VM, HOST)}, pause)
    assert (machine.initiated, len(pauses)) == (["C"], 3)


def test_one_refusal_does_not_keep_the_others_waiting() -> None:
    machine = Machine(refuses=True)
    demand.serve(gateway_end(), machine, {(VM, HOST), (VM2, HOST2)}, lambda _: None)
    assert machine.initiated == ["C", "C-4"]
