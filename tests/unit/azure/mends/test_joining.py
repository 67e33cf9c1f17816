"""Changes that join two sites, where a pair begins at one of them and where it only passes through."""

from __future__ import annotations

import pytest
from mended import found, states

from netlab.azure.mends import mends
from netlab.azure.prediction import endpoint_addresses

# S1 announces a prefix that covers S2's, which only the VPN server is connected to.
TEXT = """
name: through-a-site
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, nvas: 10.1.9.0/24, GatewaySubnet: 10.1.254.0/27}
    vms:
      w: {subnet: default}
      n: {subnet: nvas, public_ip_address: 203.0.113.9, enable_ip_forwarding: true, nva: {}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65515}}
sites:
  S1:
    address_prefixes: [10.101.0.0/16]
    bgp: {asn: 65101}
    announces: [10.101.0.0/16, 10.0.0.0/8]
    hosts: {h1: 10.101.0.10}
  S2: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.0.10}}
connections:
  Hub-S1: {type: IPsec, between: [Hub, S1], enable_bgp: true}
  n-S2: {type: IPsec, between: [Hub-n, S2]}
"""


@pytest.mark.parametrize(("source", "joins"), [("s1-h1", True), ("hub-w", False)])
def test_a_site_is_joined_for_its_own_hosts_only(source: str, joins: bool) -> None:
    (state,) = states(TEXT)
    given = mends(state, found(TEXT, 0, source, "s2-h2"), endpoint_addresses(state))
    assert given
    assert any("connect S1 and Hub-n" in mend.sentence for mend in given) is joins
