"""Azure Firewalls of two hubs: request and answer pass both (W27)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, endpoint_addresses
from netlab.plan.planner import plan
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

ALLOW = """allow: {priority: 200, action: Allow, rules: {private: {
  ip_protocols: [Any], source_addresses: [10.0.0.0/8], destination_addresses: [10.0.0.0/8],
  destination_ports: ['*']}}}"""
TWO_HUBS = """
name: two-hubs
firewall_policies:
  policy: {rule_collection_groups: {g: {priority: 100, rule_collections: {ALLOW}}}}
firewalls: {fw-e: {vnet: East, firewall_policy: policy}, fw-w: {vnet: West, firewall_policy: policy}}
route_tables:
  e: {routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
  w: {routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.8.1.4}}}
  to-west: {routes: {r: {address_prefix: 10.9.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.8.1.4}}}
  to-east: {routes: {BACK}}
vnets:
  East:
    address_space: [10.0.0.0/16]
    subnets: {AzureFirewallSubnet: {address_prefix: 10.0.1.0/26, route_table: to-west}}
  West:
    address_space: [10.8.0.0/16]
    subnets: {AzureFirewallSubnet: {address_prefix: 10.8.1.0/26, route_table: to-east}}
  E1:
    address_space: [10.1.0.0/16]
    subnets: {a: {address_prefix: 10.1.0.0/24, route_table: e}}
    vms: {vm: {subnet: a}}
  W1:
    address_space: [10.9.0.0/16]
    subnets: {a: {address_prefix: 10.9.0.0/24, route_table: w}}
    vms: {vm: {subnet: a}}
peerings:
  a: {vnet: East, remote_vnet: West, allow_forwarded_traffic: true}
  b: {vnet: West, remote_vnet: East, allow_forwarded_traffic: true}
  c: {vnet: East, remote_vnet: E1}
  d: {vnet: E1, remote_vnet: East, allow_forwarded_traffic: true}
  e: {vnet: West, remote_vnet: W1}
  f: {vnet: W1, remote_vnet: West, allow_forwarded_traffic: true}
"""
BACK = "r: {address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("back", "passes"), [(BACK, True), ("", False)])
def test_w27_two_firewalls_pass_what_both_see_both_ways(protocol: Protocol, back: str, passes: bool) -> None:
    scenario = parse(TWO_HUBS.replace("ALLOW", ALLOW).replace("BACK", back), "two.yaml").scenario
    state, ends = initial(scenario), by_node(scenario)
    found = Forecast(state, endpoint_addresses(state)).pair(ends["e1-vm"], ends["w1-vm"], protocol)
    assert (found.drop is None) == passes, found.drop
    names = [(end.node, end.name) for link in plan(scenario, "two").links for end in (link.a, link.b)]
    assert len(set(names)) == len(names)
