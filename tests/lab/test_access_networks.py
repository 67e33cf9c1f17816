"""What stands between clients and gateways in a running lab: NAT routers, firewalls, HTTP proxies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, failed_checks, netlab, up

SCENARIO = """
name: s-access
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      point_to_site:
        address_pool: 192.168.0.0/24
        tunnel_types: [IkeV2, OpenVPN]
        authentication_types: [Certificate]
        custom_routes: [0.0.0.0/1, 128.0.0.0/1]
access_networks:
  home: {}
  office: {http_proxy: {}}
  bank: {http_proxy: {asks_for_password: true}}
  shop: {http_proxy: {connects_to: [80]}}
clients:
  one: {os: linux, gateway: VNet1, network: home}
  two: {os: windows, gateway: VNet1, network: home}
  three: {os: linux, gateway: VNet1, network: home}
  cy: {os: linux, gateway: VNet1, network: office}
  dee: {os: linux, gateway: VNet1, network: bank}
  ed: {os: windows, gateway: VNet1, network: shop}
story:
  - name: as built
  - name: a client behind NAT is cut off, and comes back
    do: [{cut_link: {name: two}}]
  - name: it connects again
    do: [{mend_link: {name: two}}, {connect: {client: two}}]
  - name: the proxies refuse again
    do: [{connect: {client: dee}}, {connect: {client: ed}}]
"""


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = tmp_path_factory.mktemp("access") / "s-access.yaml"
    path.write_text(SCENARIO)
    with up(str(path), "s-access") as lab:
        yield lab


def test_the_story_is_as_foreseen(access: Lab) -> None:
    assert failed_checks(access.verify()) == {}
    assert access.status() == {}


def test_nat_gives_the_ike_of_each_client_another_port(access: Lab) -> None:
    """P26: NAT traversal tells clients behind one address apart."""
    shown = netlab("show", "p2s-sessions", "VNet1", "-l", access.name, "-f", "json").stdout
    found = json.loads(shown)["value"]
    ike = [each["publicIpAddress"].split(":") for each in found if each["vpnConnectionId"].startswith("IKEv2")]
    assert len(ike) == 3
    assert len({address for address, _ in ike}) == 1
    assert len({port for _, port in ike}) == 3


def test_a_proxy_says_what_it_refuses(access: Lab) -> None:
    logs = {node: access.directory / f"{node}.openvpn" / "openvpn.out" for node in ("cy", "dee", "ed")}
    said = {node: path.read_text() for node, path in logs.items()}
    assert "200" in said["cy"]
    assert "407" in said["dee"]
    assert "403" in said["ed"]


def test_nothing_but_the_proxy_gets_out_of_its_network(access: Lab) -> None:
    assert 'oifname "wan" drop' in access.run("office", "nft", "list", "ruleset")
    assert " drop" not in access.run("home", "nft", "list", "ruleset")


def test_no_password_of_a_proxy_is_on_a_command_line(access: Lab) -> None:
    secret = json.loads((access.directory / "secrets.json").read_text())["proxy:bank"]
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
    assert not any(secret.encode() in line for line in lines)
    conf = access.directory / "bank.proxy" / "tinyproxy.conf"
    assert secret in conf.read_text()
    assert conf.stat().st_mode & 0o077 == 0
