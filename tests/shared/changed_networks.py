"""A small hybrid network, and changes of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import yaml

from netlab.azure.difference.whole import Found, difference
from netlab.azure.moments import initial
from netlab.results.difference import PARTS
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

Raw = dict[str, Any]
Edit = Callable[[Raw], Any]

NETWORK: Raw = yaml.safe_load(
    """
name: changed
route_tables:
  around: {routes: {far: {address_prefix: 10.2.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
  back: {routes: {near: {address_prefix: 10.1.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}}}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {work: 10.0.0.0/24, firewall: 10.0.1.0/24, GatewaySubnet: 10.0.255.0/27}
    vms:
      vm0: {subnet: work}
      fw: {subnet: firewall, private_ip_address: 10.0.1.4, enable_ip_forwarding: true, nva: {}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
  Near:
    address_space: [10.1.0.0/16]
    subnets: {work: {address_prefix: 10.1.0.0/24, route_table: around}}
    vms: {vm1: {subnet: work}}
  Far:
    address_space: [10.2.0.0/16]
    subnets: {work: {address_prefix: 10.2.0.0/24, route_table: back}}
    vms: {vm2: {subnet: work}}
peerings:
  Hub-to-Near: {vnet: Hub, remote_vnet: Near, allow_gateway_transit: true}
  Near-to-Hub: {vnet: Near, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
  Hub-to-Far: {vnet: Hub, remote_vnet: Far, allow_gateway_transit: true}
  Far-to-Hub: {vnet: Far, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
sites:
  Plain: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.9.10}, static_routes: {to-plain: [10.0.0.0/14]}}
  Dynamic: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
  Second: {address_prefixes: [10.103.0.0/16], bgp: {asn: 65103}, hosts: {h3: 10.103.0.10}}
local_network_gateways:
  plain: {site: Plain, address_prefixes: [10.102.0.0/16]}
  dynamic: {site: Dynamic, bgp: {asn: 65101}}
connections:
  to-plain: {type: IPsec, between: [Hub, Plain], local_network_gateways: {Hub: plain}}
  to-dynamic: {type: IPsec, between: [Hub, Dynamic], enable_bgp: true, local_network_gateways: {Hub: dynamic}}
  to-second: {type: IPsec, between: [Hub, Second], enable_bgp: true}
"""
)


def text(edit: Edit | None = None) -> str:
    """The network as a file, changed."""
    raw = copy.deepcopy(NETWORK)
    if edit is not None:
        edit(raw)
    return yaml.safe_dump(raw, sort_keys=False)


def network(edit: Edit | None = None, *, checked: bool = True) -> Scenario:
    """The network, changed; one that is not checked may break rules."""
    return parse(text(edit), "n").scenario if checked else Scenario.model_validate(yaml.safe_load(text(edit)))


def between(a: Scenario, b: Scenario) -> Found:
    """What differs between two scenarios, as built."""
    return difference(initial(a), initial(b), PARTS)


def put(*path: str, value: Any) -> Edit:
    """An edit that sets a key."""

    def edit(raw: Raw) -> None:
        at = raw
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return edit
