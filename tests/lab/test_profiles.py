"""Profiles from before a change of their gateway, and two RADIUS servers, in a running lab (P28, P34)."""

from __future__ import annotations

from pathlib import Path

from labs import failed_checks, netlab, up

SCENARIO = """
name: profiles
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms:
      vm1: {subnet: default}
      nps1: {subnet: default, private_ip_address: 10.1.0.11}
      nps2: {subnet: default, private_ip_address: 10.1.0.12}
    vpn_gateway:
      point_to_site:
        address_pool: 192.168.0.0/24
        tunnel_types: [IkeV2, OpenVPN]
        authentication_types: [Certificate]
clients:
  win: {os: windows, gateway: VNet1}
  tls: {os: linux, gateway: VNet1, tunnel_type: OpenVPN}
story:
  - name: as built
  - name: passwords instead of certificates, and both try their old profiles
    do:
      - change:
          vnets:
            VNet1:
              vpn_gateway:
                point_to_site:
                  authentication_types: [Radius]
                  radius_servers:
                    - {radius_server_address: 10.1.0.12, radius_server_score: 1}
                    - {radius_server_address: 10.1.0.11, radius_server_score: 30}
      - {connect: {client: win}}
      - {connect: {client: tls}}
  - name: both have new ones
    do:
      - {download_profile: {client: win}}
      - {download_profile: {client: tls}}
      - {connect: {client: win}}
      - {connect: {client: tls}}
  - name: the first server is lost, and both connect at the second one
    do:
      - {stop_vm: {vm: nps1}}
      - {disconnect: {client: win}}
      - {restart_client: {client: tls}}
      - {connect: {client: win}}
      - {connect: {client: tls}}
  - name: only OpenVPN is left, of which win has a profile
    do:
      - {change: {vnets: {VNet1: {vpn_gateway: {point_to_site: {tunnel_types: [OpenVPN]}}}}}}
      - {connect: {client: win}}
"""


def test_model_and_lab_agree_on_old_profiles_and_on_a_second_server(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text(SCENARIO)
    with up(file, "profiles") as lab:
        assert failed_checks(lab.verify()) == {}
        netlab("p2s", "restart", "win", "-l", lab.name)
        assert set(lab.status(code=1)) == {"changed"}
