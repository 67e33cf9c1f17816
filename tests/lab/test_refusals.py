"""Why clients are refused, in a running lab: an instance that takes over has no log of it, and the reason stays."""

from __future__ import annotations

from pathlib import Path

from labs import failed_checks, netlab, up

SCENARIO = """
name: refusals
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      point_to_site:
        address_pool: 192.168.0.0/29
        tunnel_types: [IkeV2, OpenVPN]
        authentication_types: [Certificate]
        revoked_certificates: [carol, olga]
clients:
  carol: {os: linux, gateway: VNet1}
  olga: {os: windows-7, gateway: VNet1}
  mac: {os: macos, gateway: VNet1}
story:
  - name: as built
  - name: a failover, and only mac connects again
    do: [{fail_gateway: {vnet: VNet1}}, {connect: {client: mac}}]
  - name: and back, without a plan
    do: [{fail_gateway: {vnet: VNet1, planned: false}}, {connect: {client: mac}}]
"""


def test_a_reason_outlives_the_instance_that_gave_it(tmp_path: Path) -> None:
    file = tmp_path / "refusals.yaml"
    file.write_text(SCENARIO)
    with up(file, "refusals") as lab:
        assert failed_checks(lab.verify()) == {}
        netlab("p2s", "connect", "mac", "-l", lab.name)
        found = netlab("p2s", "connect", "olga", "-l", lab.name, code=4)
        assert "its certificate is revoked" in found.stderr
