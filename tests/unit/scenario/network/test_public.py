"""Public addresses that the lab gives lie in no network of the scenario."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from netlab.scenario.loader import parse
from netlab.scenario.network import Network, resolve
from netlab.scenario.network.public import PublicAddresses

TEXT = """
name: public
vnets:
  VNet1:
    address_space: [SPACE]
    subnets: {default: SUBNET, GatewaySubnet: GATEWAY}
    vms: {vm1: {subnet: default}, fw: {subnet: default, enable_ip_forwarding: true, nva: {}}}
    vpn_gateway: {sku: VpnGw2AZ, active_active: true, point_to_site: {address_pool: POOL}}
sites:
  Site1: {address_prefixes: [OWN], hosts: {h1: HOST}}
connections:
  C: {type: IPsec, between: [VNet1, Site1]}
  D: {type: IPsec, between: [VNet1-fw, Site1]}
clients:
  lin: {os: linux, gateway: VNet1, local_network: HOME}
"""
PLAIN = {
    "SPACE": "10.1.0.0/16",
    "SUBNET": "10.1.0.0/24",
    "GATEWAY": "10.1.255.0/27",
    "POOL": "192.168.0.0/24",
    "OWN": "10.101.0.0/16",
    "HOST": "10.101.0.10",
    "HOME": "192.168.7.0/24",
}
COVERED = {
    "gateways by a site": {"OWN": "203.0.113.0/24", "HOST": "203.0.113.10"},
    "gateways by a wide site": {"OWN": "203.0.0.0/16", "HOST": "203.0.113.10"},
    "half of the gateways by a site": {"OWN": "203.0.113.128/25", "HOST": "203.0.113.130"},
    "sites by a VNet": {"SPACE": "198.51.100.0/24", "SUBNET": "198.51.100.0/26", "GATEWAY": "198.51.100.224/27"},
    "gateways by their VNet": {"SPACE": "203.0.113.0/24", "SUBNET": "203.0.113.0/26", "GATEWAY": "203.0.113.224/27"},
    "clients by the pool": {"POOL": "192.0.2.128/25"},
    "machines by a home": {"HOME": "192.0.2.64/26"},
    "all by a site": {"OWN": "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24", "HOST": "198.51.100.10"},
}


def network(changes: dict[str, str]) -> Network:
    text = TEXT
    for old, new in {**PLAIN, **changes}.items():
        text = text.replace(old, new)
    return resolve(parse(text, "x.yaml").scenario)


def addresses(public: PublicAddresses) -> set[IPv4Address]:
    groups = (public.routers, public.point_to_site, public.clients, public.machines, public.egress)
    return {address for group in groups for address in group.values()}


@pytest.mark.parametrize("changes", COVERED.values(), ids=COVERED)
def test_no_address_lies_in_a_network(changes: dict[str, str]) -> None:
    found = network(changes)
    vnets, sites = found.vnets.values(), found.sites.values()
    inner = {p for vnet in vnets for p in vnet.address_space} | {p for site in sites for p in site.prefixes}
    inner |= {IPv4Network({**PLAIN, **changes}[key]) for key in ("POOL", "HOME")}
    public = addresses(found.public)
    assert len(public) == 7  # two instances, P2S, the device, the client, the machine, the VNet's way out
    assert not [(address, prefix) for address in public for prefix in inner if address in prefix]


def test_they_are_documentation_addresses_where_no_network_has_these() -> None:
    public = network({}).public
    assert {str(address).rpartition(".")[0] for address in public.routers.values()} == {"203.0.113", "198.51.100"}


def test_a_network_beside_them_changes_none() -> None:
    assert addresses(network({"OWN": "198.51.101.0/24", "HOST": "198.51.101.10"}).public) == addresses(
        network({}).public
    )
