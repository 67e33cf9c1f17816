"""Tunnels that are taken down: those of a connection, or the one at an instance."""

from __future__ import annotations

from moments import action, down, moment

from netlab.azure.faults.kind import Fault
from netlab.azure.faults.tunnel import TUNNEL

ALL = action("fail_tunnel", connection="VNet1-Site1")
ONE = action("fail_tunnel", connection="VNet1-Site1", instance=1)


def test_a_connection_stands_for_all_its_tunnels() -> None:
    broken = moment("s2s-active-active", ALL)
    assert broken.faults == {Fault(TUNNEL, "VNet1-Site1-0"), Fault(TUNNEL, "VNet1-Site1-1")}
    assert broken.up == {"VNet1-Site2-0", "VNet1-Site2-1"}


def test_an_instance_stands_for_one_of_them() -> None:
    assert down(moment("s2s-active-active", ONE)) == {"VNet1-Site1-1": "VNet1-Site1-1 was taken down"}
    assert down(moment("s2s-active-active", ALL, action("restore_tunnel", connection="VNet1-Site1", instance=0))) == {
        "VNet1-Site1-1": "VNet1-Site1-1 was taken down"
    }


def test_a_tunnel_of_a_lost_instance_stays_down_when_that_comes_back() -> None:
    """It is none of the moment's tunnels, and is taken down all the same."""
    lost, back = (action(verb, vnet="VNet1", instance=1) for verb in ("fail_gateway", "restore_gateway"))
    assert "VNet1-Site1-1" in down(moment("s2s-active-active", lost, ALL, back))


def test_a_tunnel_stays_down_at_the_standby() -> None:
    fail = action("fail_tunnel", connection="VNet1-Site1")
    switched = moment("gateway-active-standby-failover", action("fail_gateway", vnet="VNet1"), fail)
    assert down(switched) == {"VNet1-Site1": "VNet1-Site1 was taken down"}
