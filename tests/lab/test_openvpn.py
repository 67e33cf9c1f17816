"""Point-to-site over OpenVPN in a running lab: both types at one gateway, failovers, secrets, a dead daemon."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import ovpn
import pytest
from labs import Lab, Running, failed_checks, netlab, up

SCENARIO = """
name: o-mixed
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      active_active: true
      bgp: {asn: 65010}
      point_to_site: {address_pool: 192.168.0.0/28, tunnel_types: [OpenVPN], custom_routes: [0.0.0.0/0]}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway:
      point_to_site: {address_pool: 192.168.2.0/29, tunnel_types: [IkeV2, OpenVPN]}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
clients:
  lin: {os: linux, gateway: VNet1, local_network: 10.1.0.0/17}
  win: {os: windows, gateway: VNet1}
  both: {os: linux, gateway: VNet1, further_gateways: [VNet2]}
  ike: {os: linux, gateway: VNet2}
  o1: {os: windows, gateway: VNet2, tunnel_type: OpenVPN, local_network: 10.2.0.0/24}
  o2: {os: linux, gateway: VNet2, tunnel_type: OpenVPN}
story:
  - name: as built
  - name: an instance fails
    do: [{fail_gateway: {vnet: VNet1, instance: 0}}]
  - name: its clients connect to the other one
    do: [{connect: {client: lin}}, {connect: {client: win}}, {connect: {client: both, gateway: VNet1}}]
  - name: it is back
    do: [{restore_gateway: {vnet: VNet1, instance: 0}}]
  - name: the standby of the other gateway takes over, without a plan
    do: [{fail_gateway: {vnet: VNet2, planned: false}}]
  - name: its clients connect to that one
    do: [{connect: {client: ike}}, {connect: {client: o1}}, {connect: {client: o2}}]
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("openvpn") / "mixed.yaml"
    file.write_text(SCENARIO)
    with up(file, "o-mixed") as found:
        yield found


def test_model_and_lab_agree_through_failovers_of_gateways_with_one_type_and_with_both(lab: Lab) -> None:
    """P10, P16, P29; a default route among the custom ones; a client's own network; two tunnels of two types."""
    assert failed_checks(lab.verify()) == {}
    assert lab.status() == {}


def test_secrets_are_in_files_of_roots_and_on_no_command_line(lab: Lab) -> None:
    keys = [*lab.directory.glob("certificates/*.key"), *lab.directory.glob("*.openvpn/vpnconfig.ovpn")]
    keys += lab.directory.glob("profiles/*/OpenVPN/vpnconfig.ovpn")
    assert len(keys) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    for directory in ("lin.openvpn", "vnet1-gw-0-p2s-edge.openvpn"):
        for pid in lab.pids(directory, "openvpn"):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            assert b"PRIVATE" not in command
            assert b"pass" not in command


def test_a_profile_is_as_azure_generates_it(lab: Lab) -> None:
    path = Path(netlab("p2s", "profile", "lin", "-l", lab.name).stdout.strip())
    assert path.parts[-3:] == ("lin", "OpenVPN", "vpnconfig.ovpn")
    lines = path.read_text().splitlines()
    assert {"client", "proto tcp", "tls-version-min 1.2", "$CLIENTCERTIFICATE", "$PRIVATEKEY"} <= set(lines)


def test_sessions_of_both_types_are_shown(lab: Lab) -> None:
    found = netlab("show", "p2s-sessions", "VNet2", "-l", lab.name).stdout
    assert "OVPN_" in found
    assert "IKEv2_" in found
    assert all(name in found for name in ("ike", "o1", "o2", "both"))


def test_a_followed_probe_is_seen_inside_tls(lab: Lab) -> None:
    found = netlab("trace", "win", "vnet1-vm1", "-l", lab.name).stdout
    assert " TLS " in found
    assert " ESP" not in found


def test_a_capture_of_a_client_has_its_tls(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "win.pcapng"
    netlab("capture", "win", "-w", file, "--seconds", "3", "-l", lab.name)
    shown = subprocess.run(
        ["tshark", "-r", str(file), "-Y", "tcp.port == 443"], capture_output=True, text=True, check=True
    )
    assert "443" in shown.stdout


def test_a_capture_with_keys_has_the_handshake_and_says_that_it_decrypts_no_more(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    running = Running("capture", "internet", "--keys", "-w", file, "-l", lab.name)
    while not running.progress()[0].startswith("capturing at"):
        pass
    netlab("p2s", "connect", "win", "-l", lab.name)
    lab.run("win", "ping", "-c", "1", "-W", "5", "10.1.0.4")
    running.signal_all(signal.SIGINT)
    assert "OpenVPN logs no keys" in running.end(0).stderr
    assert shown(file, "tls.handshake.type == 1")
    assert shown(file, "openvpn.opcode")
    assert not shown(file, "icmp")


# tls-auth signs the control channel with HMAC-SHA256: 32 bytes, where Wireshark expects 20.
OPENVPN = [
    *("-d", "tcp.port==443,openvpn", "-o", "openvpn.tls_auth_detection_override:TRUE"),
    *("-o", "openvpn.tls_auth:TRUE", "-o", "openvpn.tls_auth_hmac_size:32"),
]


def shown(file: Path, what: str) -> str:
    """What Wireshark shows of a capture, with its keys, where it takes TCP port 443 for OpenVPN."""
    return subprocess.run(
        ["tshark", "-r", str(file), *OPENVPN, "-Y", what],
        env=os.environ | {"WIRESHARK_CONFIG_DIR": str(file.with_suffix(".keys"))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_debians_openvpn_takes_the_profile_exactly_as_written(lab: Lab, tmp_path: Path) -> None:
    with ovpn.started(lab, "o2", "o2", tmp_path) as log:
        assert ovpn.says(log, "Initialization Sequence Completed")
        assert "192.168.2." in lab.ip("o2", "addr show dev tun0")
        assert any(line.startswith("10.2.0.0/16 ") for line in lab.ip("o2", "route").splitlines())
    netlab("p2s", "connect", "o2", "-l", lab.name)


def test_a_dead_daemon_is_named(lab: Lab) -> None:
    """The last one here: nothing starts it again. Its clients lose their tunnels at once."""
    lab.kill("vnet2-gw-0-p2s-edge.openvpn", "openvpn")
    found = lab.status(code=1)
    assert found["daemons"] == "openvpn of vnet2-gw-0-p2s-edge is dead"
    assert {"connection o1", "connection o2"} <= found.keys()
