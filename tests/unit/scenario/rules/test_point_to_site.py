"""How many prefixes a client takes: too many for a file in ``pairs``."""

from __future__ import annotations

import pytest
from findings import findings

SCENARIO = """
name: selectors
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{GatewaySubnet: 10.1.255.0/27}}
    vpn_gateway: {{point_to_site: {{address_pool: 192.168.0.0/24, custom_routes: [{routes}]}}}}
clients:
  one: {{os: {os}, gateway: VNet1}}
"""


@pytest.mark.parametrize(("os", "most"), [("windows", 255), ("linux", 256)])
def test_a_client_takes_so_many_prefixes(os: str, most: int) -> None:
    """R62: the VNet and the pool are two of them."""
    for count in (most, most + 1):
        routes = ", ".join(f"172.{16 + n // 256}.{n % 256}.0/24" for n in range(count - 2))
        found = [(item.rule, item.message.split(": ")[0]) for item in findings(SCENARIO.format(os=os, routes=routes))]
        assert found == [("R62", "clients.one")] * (count > most)
