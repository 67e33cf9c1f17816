"""VPN devices that fall silent."""

from __future__ import annotations

from moments import action, down, moment

from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.kind import Fault
from netlab.azure.prediction import endpoint_addresses, pair
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.scenario.names import INTERNET, by_node

SILENCE = action("silence_device", site="Site1")


def test_a_silent_device_has_no_tunnels() -> None:
    silent = moment("s2s-bgp-transit", action("silence_device", site="Site1", device="fw2"))
    assert silent.faults == {Fault(DEVICE, "site1-fw2")}
    assert down(silent) == {"VNet3-fw2": "site1-fw2 is silent"}


def test_the_only_device_of_a_site_needs_no_name() -> None:
    assert moment("s2s-active-active", action("silence_device", site="Site1")).faults == {Fault(DEVICE, "site1")}


def test_a_device_that_is_silent_and_cut_off_is_mended_twice() -> None:
    silence, wake = (action(v, site="Site1", device="fw2") for v in ("silence_device", "wake_device"))
    cut, mend = (action(v, name="Site1", device="fw2") for v in ("cut_link", "mend_link"))
    assert down(moment("s2s-bgp-transit", silence, cut, mend)) == {"VNet3-fw2": "site1-fw2 is silent"}
    assert down(moment("s2s-bgp-transit", silence, cut, mend, wake)) == {}


def test_a_silent_device_takes_its_site_from_the_internet_and_another_brings_it_back() -> None:
    assert out(moment("s2s-active-active")) is None
    assert out(moment("s2s-active-active", SILENCE)) is DropType.DEVICE_SILENT
    assert out(moment("s2s-active-active", SILENCE, action("wake_device", site="Site1"))) is None


def test_a_link_that_is_cut_is_named_before_a_device_that_is_silent() -> None:
    assert out(moment("s2s-active-active", SILENCE, action("cut_link", name="Site1"))) is DropType.LINK_CUT


def out(state: State) -> DropType | None:
    """Why the first host of the site does not reach the Internet; None if it does."""
    ends = by_node(state.scenario)
    host = state.network.sites["Site1"].hosts[0]
    drop = pair(state, ends[host.node], ends[INTERNET], endpoint_addresses(state)).drop
    return drop.type if drop is not None else None
