"""Networks with addresses of the lab's Internet, sites whose tunnels take everything, and custom routes."""

from __future__ import annotations

from pathlib import Path

import pytest
from labs import netlab

NETWORKS = """
name: NAME
vnets:
  VNet1:
    address_space: [SPACE.0/24]
    subnets: {default: SPACE.0/26, GatewaySubnet: SPACE.224/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  HQ: {address_prefixes: [OWN.0/24], hosts: {h1: OWN.10}MORE}
connections:
  C: {type: IPsec, between: [VNet1, HQ]}
story:
  - name: as built
    expect: {reach: {vm1: {HQ: reachable}, h1: {VNet1: reachable, internet: INTERNET}}}
"""
VARIANTS = {
    "gateways-at-a-site": {"OWN": "203.0.113"},
    "internet-at-a-site": {"OWN": "192.0.2", "INTERNET": "unreachable"},
    "gateways-in-their-vnet": {"SPACE": "203.0.113"},
    "devices-in-a-vnet": {"SPACE": "198.51.100"},
    "everything": {"MORE": ", static_routes: {C: [0.0.0.0/0]}", "INTERNET": "unreachable"},
    "more-than-private": {"MORE": ", static_routes: {C: [8.0.0.0/5]}"},
    "everything-of-two-devices": {
        "MORE": ", devices: {a: {}, b: {}}, static_routes: {C: [0.0.0.0/0]}",
        "HQ]}": "HQ], device: b}",
        "INTERNET": "unreachable",
    },
}


@pytest.mark.parametrize("name", VARIANTS)
def test_packets_go_as_the_model_says(name: str, tmp_path: Path) -> None:
    text, plain = NETWORKS, {"NAME": name, "SPACE": "10.1.7", "OWN": "10.101.7", "MORE": "", "INTERNET": "reachable"}
    for old, new in {**plain, **VARIANTS[name]}.items():
        text = text.replace(old, new)
    file = tmp_path / f"{name}.yaml"
    file.write_text(text)
    assert "0 failed, 0 errors" in netlab("test", file).stdout


CUSTOM = """
name: NAME
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, point_to_site: {address_pool: 172.16.7.0/24, custom_routes: [ROUTES]}}
clients:
  lin: {os: linux, gateway: VNet1}
story:
  - name: as built
    expect: {reach: {lin: {VNet1: reachable}}}
"""
CUSTOM_ROUTES = {
    "everything": "0.0.0.0/0",
    "two-halves": "0.0.0.0/1, 128.0.0.0/1",
    "documentation": "192.0.2.0/25, 198.51.100.0/24",
}


@pytest.mark.parametrize("name", CUSTOM_ROUTES)
def test_custom_routes_from_the_beginning_pass_the_check_of_the_kernel(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(CUSTOM.replace("NAME", name).replace("ROUTES", CUSTOM_ROUTES[name]))
    assert "0 failed, 0 errors" in netlab("test", file).stdout
