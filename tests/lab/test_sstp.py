"""Point-to-site over SSTP in a running lab: both types at one gateway, failovers, a full pool, secrets, the dead."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, failed_checks, netlab, up

SCENARIO = """
name: s-mixed
as_of: 2025-06-30
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      active_active: true
      point_to_site:
        address_pool: 192.168.0.0/28
        tunnel_types: [SSTP]
        authentication_types: [Certificate]
        custom_routes: [0.0.0.0/1, 128.0.0.0/1]
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway:
      point_to_site:
        address_pool: 192.168.2.0/29
        tunnel_types: [IkeV2, SSTP]
        authentication_types: [EapMSChapv2]
clients:
  alice: {os: windows, gateway: VNet1}
  bob: {os: windows, gateway: VNet1, local_network: 10.1.0.0/17}
  both: {os: windows, gateway: VNet1, further_gateways: [VNet2]}
  ike: {os: linux, gateway: VNet2}
  s1: {os: windows, gateway: VNet2, tunnel_type: SSTP}
  s2: {os: windows, gateway: VNet2, tunnel_type: SSTP}
  s3: {os: windows, gateway: VNet2, tunnel_type: SSTP}
  s4: {os: windows, gateway: VNet2, tunnel_type: SSTP}
story:
  - name: as built
  - name: an instance fails
    do: [{fail_gateway: {vnet: VNet1, instance: 0}}]
  - name: its clients connect to the other one
    do: [{connect: {client: alice}}, {connect: {client: bob}}, {connect: {client: both, gateway: VNet1}}]
  - name: it is back
    do: [{restore_gateway: {vnet: VNet1, instance: 0}}]
  - name: an address is free again, and the next client gets it
    do: [{disconnect: {client: s2}}, {connect: {client: s4}}]
  - name: a client comes back
    do: [{cut_link: {name: s1}}, {mend_link: {name: s1}}, {connect: {client: s1}}]
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("sstp") / "mixed.yaml"
    file.write_text(SCENARIO)
    with up(file, "s-mixed") as found:
        yield found


def test_model_and_lab_agree_through_failovers_and_a_full_pool(lab: Lab) -> None:
    """P3, P9, P17, P20: forced tunnelling, a client's own network, two tunnels of two types, a full part."""
    assert failed_checks(lab.verify()) == {}
    assert lab.status() == {}


def test_secrets_are_in_files_of_roots_and_on_no_command_line(lab: Lab) -> None:
    secrets = json.loads((lab.directory / "secrets.json").read_text())
    keys = [*lab.directory.glob("certificates/*.key"), lab.directory / "secrets.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    for directory in ("s1.sstp", "vnet2-gw-0-p2s-edge.sstp"):
        said = b"".join(path.read_bytes() for path in (lab.directory / directory).iterdir() if path.is_file())
        for pid in lab.pids(directory, "netlab-sstp"):
            said += Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not any(secret.encode() in said for secret in secrets.values())
        assert b"PRIVATE" not in said


def test_sessions_of_both_types_are_shown_with_addresses_of_their_parts(lab: Lab) -> None:
    found = json.loads(netlab("show", "p2s-sessions", "VNet2", "-l", lab.name, "-f", "json").stdout)["value"]
    kinds = {each["vpnUserName"]: (each["vpnConnectionId"][:5], each["privateIpAddress"]) for each in found}
    assert {kinds[name][0] for name in ("ike", "both")} == {"IKEv2"}
    assert {kinds[name][1] for name in ("ike", "both")} <= {"192.168.2.1", "192.168.2.2", "192.168.2.3"}
    sstp = {name: held for name, held in kinds.items() if name.startswith("s")}
    assert sstp == {f"s{number}": ("SSTP_", f"192.168.2.{number + 3}") for number in (1, 2, 3)}


def test_a_followed_probe_is_seen_inside_tls(lab: Lab) -> None:
    found = netlab("trace", "alice", "vnet1-vm1", "-l", lab.name).stdout
    assert " TLS " in found
    assert " ESP" not in found


def test_tcp_passes_with_the_mtu_of_the_tunnel(lab: Lab) -> None:
    said = lab.run("alice", "ping", "-q", "-c", "3", "-i", "0.1", "-M", "do", "-s", "1372", "10.1.0.4")
    assert " 0% packet loss" in said


def test_who_is_no_sstp_client_gets_nowhere(lab: Lab) -> None:
    """A scanner at the gateway's port: its connection ends, and the clients' go on."""
    server = json.loads((lab.directory / "alice.sstp" / "sstp.json").read_text())["server"]
    script = f"exec 3<>/dev/tcp/{server}/443; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; timeout 5 cat <&3 || true"
    subprocess.run(["ip", "netns", "exec", f"nl.{lab.name}.alice", "bash", "-c", script], check=False, timeout=20)
    assert lab.status() == {}


def test_a_client_whose_daemon_is_killed_has_no_tunnel(lab: Lab) -> None:
    lab.kill("s3.sstp", "netlab-sstp")
    assert "connection s3" in lab.status(code=1)
    netlab("p2s", "connect", "s3", "-l", lab.name)
    assert lab.status() == {}


def test_a_dead_daemon_is_named(lab: Lab) -> None:
    """The last one here: nothing starts it again. Its clients lose their tunnels at once."""
    lab.kill("vnet2-gw-0-p2s-edge.sstp", "netlab-sstp")
    found = lab.status(code=1)
    assert found["daemons"] == "netlab-sstp of vnet2-gw-0-p2s-edge is dead"
    assert {"connection s1", "connection s3"} <= found.keys()
