"""VPN devices that fall silent."""

from __future__ import annotations

from moments import action, down, moment

from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.kind import Fault


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
