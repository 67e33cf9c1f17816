"""What is, against what should be: each difference has its type, its node and its object."""

from __future__ import annotations

import pytest

from netlab.lab.measure.kernel.compare import compare
from netlab.plan.model.held import Fact, Wanted

WANTED = (
    Wanted("route", "10.1.0.0/16 table 254", ("unicast dev eth0 proto 4",)),
    Wanted("route", "10.2.0.0/16 table 254", ("unicast dev eth0 proto 4", "unicast dev eth0 proto 199")),
    Wanted("address", "10.9.0.0/32 at lo", required=False),
)
PRESENT = (
    Fact("route", "10.1.0.0/16 table 254", "unicast dev eth0 proto 4"),
    Fact("route", "10.2.0.0/16 table 254", "unicast dev eth0 proto 199"),
)


def test_what_is_as_it_should_be_is_no_finding() -> None:
    assert list(compare("vm", WANTED, PRESENT)) == []
    assert list(compare("vm", WANTED, (*PRESENT, Fact("address", "10.9.0.0/32 at lo")))) == []


@pytest.mark.parametrize(
    ("present", "found"),
    [
        (PRESENT[:1], ("route-missing", "10.2.0.0/16 table 254")),
        ((*PRESENT, Fact("rule", "5: from all", "lookup 9")), ("rule-extra", "5: from all")),
        ((*PRESENT, Fact("address", "10.1.0.4/32 at lo")), ("address-extra", "10.1.0.4/32 at lo")),
        ((*PRESENT, Fact("address", "10.9.0.0/32 at lo", "peer 10.0.0.1")), ("address-extra", "10.9.0.0/32 at lo")),
        (
            (*PRESENT, Fact("route", "10.1.0.0/16 table 254", "blackhole proto 4")),
            ("route-extra", "10.1.0.0/16 table 254"),
        ),
        (
            (Fact("route", "10.1.0.0/16 table 254", "unicast dev eth0 proto 3"), PRESENT[1]),
            ("route-changed", "10.1.0.0/16 table 254"),
        ),
    ],
)
def test_a_difference_has_its_type_and_its_object(present: tuple[Fact, ...], found: tuple[str, str]) -> None:
    (deviation,) = compare("vm", WANTED, present)
    assert (deviation.type, deviation.node, deviation.object) == (found[0], "vm", found[1])
