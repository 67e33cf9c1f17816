"""Sets of faults: what each kind is about, and what its faults do."""

from __future__ import annotations

from netlab.azure.faults.device import DEVICE
from netlab.azure.faults.gateway import INSTANCE
from netlab.azure.faults.kind import Fault, Impact, hit, targets
from netlab.azure.faults.link import LINK
from netlab.azure.faults.machine import MACHINE

FAULTS = frozenset(
    {Fault(LINK, "lin"), Fault(MACHINE, "vnet1-vm1"), Fault(INSTANCE, "vnet1-gw-1"), Fault(DEVICE, "lin")}
)


def test_targets_are_those_of_one_kind() -> None:
    assert targets(FAULTS, LINK) == targets(FAULTS, DEVICE) == {"lin"}
    assert targets(FAULTS - {Fault(LINK, "lin")}, LINK) == frozenset()


def test_an_impact_hits_the_targets_of_all_kinds_that_have_it() -> None:
    assert hit(FAULTS, Impact.STOPPED) == {"vnet1-vm1"}
    assert hit(FAULTS, Impact.STOPPED, Impact.LOST) == {"vnet1-vm1", "vnet1-gw-1"}
    assert hit(FAULTS, Impact.SEVERED) == frozenset()
