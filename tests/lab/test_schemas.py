"""The verbs of a running lab print what their JSON Schemas say. `impair` is left out: it needs netem."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from labs import Lab, netlab, up
from schemas import mistakes

NAME = "t-schemas"
CALLS = (
    "status",
    "nodes",
    "routes vnet1",
    "routes lin",
    "show learned-routes VNet1",
    "show advertised-routes VNet1 --peer 10.101.255.254",
    "show bgp-peers VNet1",
    "show connections VNet1",
    "show ike-sas VNet1",
    "show p2s-sessions VNet1",
    "show effective-routes",
    "show effective-routes vm1",
    "show effective-nsg",
    "show effective-nsg vm1",
    "show nat-rules VNet1",
    "show member-health",
    "p2s certificates",
    "trace lin vm1",
    "trace lin vm1 -p tcp",
    "explain lin host1",
    "reset connection VNet1-Site1",
    "fault link Site1",
    "fault link Site1 --mend",
    "device-config Site1",
    "verify",
    "gc",
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with up("p2s-branch-bgp", NAME) as found:
        yield found


# The lab has no certificate, no NAT rule and no load balancer: tests/unit/cli/test_show.py has rows of these.
OF_NOTHING_HERE = ("p2s certificates", "show nat-rules VNet1", "show member-health")


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("call", CALLS)
def test_what_a_verb_prints_is_what_its_schema_says(call: str) -> None:
    first, second, *_ = *call.split(), ""
    name = f"{first}-{second}" if first in ("show", "p2s") else first
    found = json.loads(netlab(*call.split(), "-f", "json").stdout)
    assert found or first == "gc" or call in OF_NOTHING_HERE
    assert mistakes(name, found) == []
