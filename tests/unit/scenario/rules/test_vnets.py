"""Subnets that are too small, and small ones."""

from __future__ import annotations

import pytest
from findings import findings

SCENARIO = """
name: small
vnets:
  VNet1: {{address_space: [10.1.0.0/16], subnets: {{GatewaySubnet: 10.1.255.0/{size}}}, vpn_gateway: {{}}}}
"""


@pytest.mark.parametrize(("size", "severity"), [(27, None), (28, "warning"), (29, "warning"), (30, "error")])
def test_a_gateway_subnet_too_small_is_an_error_and_a_small_one_a_warning(size: int, severity: str | None) -> None:
    found = [(item.rule, item.severity) for item in findings(SCENARIO.format(size=size))]
    assert found == [("R3", severity)] * (severity is not None)
