"""Gateways that lose an instance (R8)."""

from __future__ import annotations

from moments import action, moment

from netlab.azure.faults.gateway import INSTANCE, STANDBY
from netlab.azure.faults.kind import Fault
from netlab.azure.state import State

FAIL, RESTORE = (action(verb, vnet="VNet1") for verb in ("fail_gateway", "restore_gateway"))


def ends(state: State) -> set[str]:
    """The instances at which the gateway's tunnels end."""
    return {node for t in state.topology.tunnels for node in (r.node for r in t.routers) if node.startswith("vnet1-gw")}


def test_the_standby_takes_over_and_does_not_give_back() -> None:
    name = "gateway-active-standby-failover"
    assert (moment(name).faults, ends(moment(name))) == (frozenset(), {"vnet1-gw-0"})
    assert moment(name, FAIL).faults == {Fault(STANDBY, "VNet1")}
    assert ends(moment(name, FAIL)) == {"vnet1-gw-1"}


def test_the_standby_takes_over_by_turns() -> None:
    name = "gateway-active-standby-failover"
    assert moment(name, FAIL, FAIL).faults == frozenset()
    assert moment(name, FAIL, FAIL, FAIL).faults == {Fault(STANDBY, "VNet1")}
    assert moment(name, FAIL, RESTORE, RESTORE).faults == frozenset()


def test_clients_lose_their_instance() -> None:
    """R9: they do not come back by themselves."""
    assert not moment("gateway-active-standby-failover").absence("lin")
    assert moment("gateway-active-standby-failover", FAIL).absence("lin")


def test_an_active_active_gateway_goes_on_with_the_other_instance() -> None:
    name, lost = "s2s-active-active", action("fail_gateway", vnet="VNet1", instance=0)
    assert moment(name, lost).faults == {Fault(INSTANCE, "vnet1-gw-0")}
    assert ends(moment(name, lost)) == {"vnet1-gw-1"}
    assert moment(name, lost, lost).faults == {Fault(INSTANCE, "vnet1-gw-0")}


def test_restore_without_an_instance_brings_both_back() -> None:
    both = [action("fail_gateway", vnet="VNet1", instance=index) for index in (0, 1)]
    assert ends(moment("s2s-active-active", *both)) == set()
    assert moment("s2s-active-active", *both, RESTORE).faults == frozenset()
