"""ASNs that Azure, IANA or a gateway refuses, and their neighbours, which are free."""

from __future__ import annotations

import pytest
from findings import findings

SCENARIO = """
name: asn
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{GatewaySubnet: 10.1.255.0/27}}
    vpn_gateway: {{bgp: {{asn: {asn}}}}}
"""
ASNS = (
    *((asn, "B3") for asn in (8074, 8075, 12076, 65517, 65518, 65519, 65520)),
    *((asn, "B4") for asn in (23456, 64496, 64511, 65535, 65551, 4294967295, 429496729)),
    (65516, "B5"),
    *((asn, "") for asn in (8073, 8076, 23455, 64495, 64512, 65514, 65521, 65534, 65552)),
)


@pytest.mark.parametrize(("asn", "rule"), ASNS)
def test_each_reserved_asn_is_known(asn: int, rule: str) -> None:
    assert [item.rule for item in findings(SCENARIO.format(asn=asn))] == [rule] * bool(rule)
