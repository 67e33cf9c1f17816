"""Why a router has no BGP route to an address: loops, filters and communities, each by its rule (B31, case 26)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from mended import explained, found, untrue
from topologies import as_yaml

Raw = dict[str, Any]


def site(number: int, asn: int) -> Raw:
    hosts = {f"h{number}": f"10.{100 + number}.0.10"}
    return {"address_prefixes": [f"10.{100 + number}.0.0/16"], "bgp": {"asn": asn}, "hosts": hosts}


def vnet(number: int, asn: int, **gateway: Any) -> Raw:
    return {
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": {"default": f"10.{number}.0.0/24", "GatewaySubnet": f"10.{number}.255.0/27"},
        "vms": {f"vm{number}": {"subnet": "default"}},
        "vpn_gateway": {"bgp": {"asn": asn}, **gateway},
    }


def joined(*between: str) -> Raw:
    pairs = (pair.split("-") for pair in between)
    return {"-".join(ends): {"type": "IPsec", "between": ends, "enable_bgp": True} for ends in pairs}


@dataclass(frozen=True)
class Case:
    """A network, a pair that cannot talk, what the verdict says besides the drop, and the first mend's beginning."""

    source: str
    target: str
    says: str
    mend: str
    vnets: Raw = field(default_factory=dict)
    sites: Raw = field(default_factory=dict)
    connections: Raw = field(default_factory=dict)
    story: list[Raw] = field(default_factory=list)

    @property
    def text(self) -> str:
        given = {"vnets": self.vnets, "sites": self.sites, "connections": self.connections, "story": self.story}
        return as_yaml({"name": "refusals", **given})


CASES = {
    "two sites with one ASN at one gateway": Case(
        "a-h1",
        "b-h2",
        "A drops the route to 10.102.0.0/16 that v-gw-0 advertises: its AS path 65515 65001 holds "
        "a's own ASN 65001 (B31)",
        "give A an ASN of its own, for example 64512",
        {"V": vnet(1, 65515)},
        {"A": site(1, 65001), "B": site(2, 65001)},
        joined("V-A", "V-B"),
    ),
    "the same, and the other way": Case(
        "b-h2",
        "a-h1",
        "B drops the route to 10.101.0.0/16 that v-gw-0 advertises: its AS path 65515 65001 holds "
        "b's own ASN 65001 (B31)",
        "give B an ASN of its own, for example 64512",
        {"V": vnet(1, 65515)},
        {"A": site(1, 65001), "B": site(2, 65001)},
        joined("V-A", "V-B"),
    ),
    "two VNets with one ASN behind a third": Case(
        "v1-vm1",
        "v3-vm3",
        "V1-gw-0 drops the route to 10.3.0.0/16 that v2-gw-0 advertises: its AS path 65020 65010 holds v1-gw-0's own "
        "ASN 65010 (B31)",
        "give V1 an ASN of its own, for example 64512",
        {"V1": vnet(1, 65010), "V2": vnet(2, 65020), "V3": vnet(3, 65010)},
        {},
        joined("V1-V2", "V2-V3"),
    ),
    "two sites with one ASN, three gateways apart": Case(
        "a-h1",
        "b-h2",
        "A drops the route to 10.102.0.0/16 that v1-gw-0 advertises: its AS path 65010 65020 65001 holds a's own ASN "
        "65001 (B31)",
        "give A an ASN of its own, for example 64512",
        {"V1": vnet(1, 65010), "V2": vnet(2, 65020)},
        {"A": site(1, 65001), "B": site(2, 65001)},
        joined("V1-V2", "V1-A", "V2-B"),
    ),
    "a prefix that covers the gateway's VNet goes no further": Case(
        "b-h2",
        "a-h1",
        "V-gw-0 does not advertise 10.0.0.0/8 to b: the route covers a prefix of its own network and stays in its AS "
        "(B17, B23, B24)",
        "have A announce 10.101.0.0/16",
        {"V": vnet(1, 65515)},
        {"A": site(1, 65001), "B": site(2, 65002)},
        joined("V-A", "V-B"),
        [
            {
                "name": "only a wide prefix",
                "do": [
                    {"announce": {"site": "A", "prefix": "10.0.0.0/8"}},
                    {"withdraw": {"site": "A", "prefix": "10.101.0.0/16"}},
                ],
            }
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_names_the_refusal_and_the_mend_is_true(name: str) -> None:
    case = CASES[name]
    item = found(case.text, 0, case.source, case.target)
    assert item.outcome == "unreachable"
    explanation = explained(case.text, case.source, case.target)
    assert case.says in explanation.verdict
    assert explanation.mend[0].sentence.startswith(case.mend)
    assert not any("announce 10.102" in mend.sentence for mend in explanation.mend)
    assert not list(untrue(case.text, item, 0, explanation.mend))


def test_a_route_that_nobody_announces_is_refused_by_nobody() -> None:
    case = CASES["two sites with one ASN at one gateway"]
    sites = {"A": site(1, 65001), "B": site(2, 65002)}
    withdrawn = [{"name": "silent", "do": [{"withdraw": {"site": "B", "prefix": "10.102.0.0/16"}}]}]
    text = Case("a-h1", "b-h2", "", "", case.vnets, sites, case.connections, withdrawn).text
    explanation = explained(text, "a-h1", "b-h2")
    assert explanation.verdict.endswith("a has no route to 10.102.0.10 but the one to the Internet.")
    assert explanation.mend[0].sentence == "have B announce 10.102.0.0/16 again"


def test_a_pair_that_can_talk_is_refused_nothing() -> None:
    case = CASES["two sites with one ASN at one gateway"]
    sites = {"A": site(1, 65001), "B": site(2, 65002)}
    text = Case("a-h1", "b-h2", "", "", case.vnets, sites, case.connections).text
    assert explained(text, "a-h1", "b-h2").verdict == "a-h1 reaches b-h2, and its answer comes back."
