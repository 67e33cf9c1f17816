"""RADIUS in a running lab: a server in a spoke, another secret, lost servers, secrets, a dead server."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, failed_checks, up

SCENARIO = """
name: radius
profile: seed
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      active_active: true
      bgp: {asn: 65010}
      point_to_site:
        address_pool: 192.168.0.0/24
        tunnel_types: [IkeV2, OpenVPN]
        authentication_types: [Radius]
        radius_server_address: 10.3.0.4
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway:
      bgp: {asn: 65020}
      point_to_site:
        address_pool: 192.168.2.0/24
        tunnel_types: [IkeV2, OpenVPN]
        authentication_types: [Radius]
        radius_server_address: 10.3.0.4
        radius_server_secret: wrong
  VNet3:
    address_space: [10.4.0.0/16]
    subnets: {default: 10.4.0.0/24, GatewaySubnet: 10.4.255.0/27}
    vms:
      nps3: {subnet: default, private_ip_address: 10.4.0.4}
      nps4: {subnet: default, private_ip_address: 10.4.0.5}
    vpn_gateway:
      point_to_site:
        address_pool: 192.168.4.0/24
        tunnel_types: [SSTP]
        authentication_types: [Radius]
        radius_servers:
          - {radius_server_address: 10.4.0.5, radius_server_score: 1}
          - {radius_server_address: 10.4.0.4, radius_server_score: 30}
  Spoke:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24}
    vms: {nps: {subnet: default, private_ip_address: 10.3.0.4}}
peerings:
  there: {vnet: VNet1, remote_vnet: Spoke, allow_gateway_transit: true}
  back: {vnet: Spoke, remote_vnet: VNet1, use_remote_gateways: true}
connections:
  one-two: {type: Vnet2Vnet, between: [VNet1, VNet2], enable_bgp: true}
clients:
  sstp: {os: windows, gateway: VNet3}
  eve: {os: windows, gateway: VNet3, password: wrong}
  both: {os: linux, gateway: VNet1, further_gateways: [VNet2]}
  ovpn: {os: windows, gateway: VNet1, tunnel_type: OpenVPN}
  other: {os: windows, gateway: VNet2}
  stranger: {os: linux, gateway: VNet2, tunnel_type: OpenVPN}
story:
  - name: as built
  - name: an instance fails, and clients connect to the other one
    do: [{fail_gateway: {vnet: VNet1, instance: 0}}, {connect: {client: both}}, {connect: {client: ovpn}}]
  - name: the server is lost
    do:
      - {stop_vm: {vm: nps}}
      - {stop_vm: {vm: nps3}}
      - {connect: {client: eve}}
      - {disconnect: {client: ovpn}}
      - {connect: {client: ovpn}}
      - {connect: {client: other}}
      - {connect: {client: stranger}}
  - name: SSTP finds the second server of its gateway
    do: [{disconnect: {client: sstp}}, {connect: {client: sstp}}]
  - name: that one is lost, too
    do: [{stop_vm: {vm: nps4}}, {disconnect: {client: sstp}}, {connect: {client: sstp}}]
  - name: the first ones are back
    do:
      - {start_vm: {vm: nps}}
      - {start_vm: {vm: nps3}}
      - {connect: {client: sstp}}
      - {connect: {client: ovpn}}
      - {connect: {client: other}}
      - {connect: {client: eve}}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("radius") / "radius.yaml"
    file.write_text(SCENARIO)
    with up(file, "radius") as found:
        yield found


def test_model_and_lab_agree_on_the_reasons_through_a_failover_and_a_lost_server(lab: Lab) -> None:
    """P15, P34: through a peering and a VNet-to-VNet tunnel; NO_RADIUS where no server is left, WRONG_SECRET before."""
    assert failed_checks(lab.verify()) == {}
    assert lab.status() == {}


def test_secrets_are_in_files_of_roots_and_on_no_command_line(lab: Lab) -> None:
    found = [*lab.directory.glob("*.radius/clients.conf"), *lab.directory.glob("*.radius/users")]
    found += [*lab.directory.glob("*/radius.json"), *lab.directory.glob("*/eap-radius.conf")]
    found += lab.directory.glob("*.openvpn/user")
    assert len(found) >= 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    secrets = json.loads((lab.directory / "secrets.json").read_text()).values()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        command = process.read_bytes().decode(errors="replace")
        assert not [secret for secret in secrets if secret in command]


def test_a_dead_server_is_named(lab: Lab) -> None:
    lab.kill("spoke-nps.radius", "freeradius")
    assert lab.status(code=1) == {"daemons": "freeradius of spoke-nps is dead"}
