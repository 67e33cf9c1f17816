"""Virtual machines that are stopped."""

from __future__ import annotations

from moments import action, down, moment

from netlab.azure.faults.kind import Fault, Impact
from netlab.azure.faults.machine import MACHINE


def test_a_machine_has_a_short_and_a_long_name() -> None:
    for name in ("fw", "hub-fw"):
        assert moment("hub-spoke-firewall", action("stop_vm", vm=name)).faults == {Fault(MACHINE, "hub-fw")}


def test_a_stopped_appliance_speaks_no_bgp() -> None:
    before = moment("route-server-spokes")
    stopped = moment("route-server-spokes", action("stop_vm", vm="sdwan"))
    (node,) = stopped.hit(Impact.STOPPED)
    assert node in before.topology.speakers
    assert node not in stopped.topology.speakers
    assert stopped.bgp_sessions != before.bgp_sessions


def test_the_tunnels_of_a_stopped_vpn_server_are_down() -> None:
    """They exist, where those of a lost instance do not."""
    before = moment("udr-own-vpn-server")
    stopped = moment("udr-own-vpn-server", action("stop_vm", vm="vpn"))
    added = down(stopped).items() - down(before).items()
    assert added
    assert {why for _, why in added} == {"vnet1-vpn is stopped"}
