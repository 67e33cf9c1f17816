"""Point-to-site clients of running labs: who gets in, where their traffic goes, and a gateway that errs is noticed."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import vici
from labs import SCENARIOS, Lab, failed_checks, netlab, up

INTERNET_HOST = "192.0.2.1"


def gateway(lab: Lab) -> socket.socket:
    """The vici socket of the charon that serves clients, on either data plane."""
    found = socket.socket(socket.AF_UNIX)
    paths = [lab.directory / name / "charon.vici" for name in ("vnet1-gw-0-p2s-edge", "vnet1-gw-0-edge")]
    found.connect(str(next(path for path in paths if path.exists())))
    return found


def trust(lab: Lab, *roots: str) -> None:
    """Have the gateway forget every certificate, and trust these roots without knowing whom to refuse."""
    folder = lab.directory / "certificates"
    with gateway(lab) as connection:
        session = vici.Session(connection)
        session.clear_creds()
        session.load_cert({"type": "X509", "flag": "NONE", "data": (folder / "server-vnet1.pem").read_text()})
        session.load_key({"type": "rsa", "data": (folder / "server-vnet1.key").read_text()})
        for root in roots:
            session.load_cert({"type": "X509", "flag": "CA", "data": (folder / f"root-{root}.pem").read_text()})


def initiate(lab: Lab, client: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(lab.directory / client / "charon.vici"))
        list(vici.Session(connection).initiate({"ike": "p2s", "child": "p2s", "timeout": "10000"}))


def test_a_gateway_that_lets_in_whom_it_must_refuse_is_noticed() -> None:
    """Without its list of revoked certificates, and with the stranger's root among those that it trusts."""
    with up("p2s-certificates", "c-trust") as lab:
        assert lab.status() == {}
        trust(lab, "current", "former", "stranger")
        for client in ("carol", "mallory"):
            initiate(lab, client)
        assert {name: message.partition(":")[0] for name, message in lab.status(code=1).items()} == {
            "connection carol": "INSTALLED, predicted",
            "connection mallory": "INSTALLED, predicted",
        }


def test_a_gateway_that_refuses_for_another_reason_is_noticed() -> None:
    """Without any root it refuses everybody: those who were connected stay, and carol is not revoked but unknown."""
    with up("p2s-certificates", "c-distrust") as lab:
        trust(lab)
        done = netlab("p2s", "connect", "carol", "-l", lab.name, code=4)
        assert "the gateway does not trust the root" in done.stderr
        found = lab.status(code=1)
        assert set(found) == {"connection carol"}
        assert (
            "predicted its certificate is revoked, it was refused for: the gateway does not trust" in found.popitem()[1]
        )


def test_by_hand() -> None:
    """Dropped by hand, a client stays away; `status` knows why, `connect` brings it back, and `verify` puts it back."""
    with up("p2s-certificates", "c-hand") as lab:
        netlab("p2s", "disconnect", "bob", "-l", lab.name)
        assert set(lab.status(1)) == {"changed"}
        assert "does not reconnect by itself" in netlab("status", lab.name, code=1).stdout
        assert "its certificate is revoked" in netlab("p2s", "connect", "carol", "-l", lab.name, code=4).stderr
        assert "192.168.0." in netlab("p2s", "connect", "bob", "-l", lab.name).stdout
        netlab("p2s", "disconnect", "alice", "-l", lab.name)
        assert failed_checks(lab.verify()) == {}
        assert "INSTALLED" in netlab("status", lab.name).stdout
        assert netlab("p2s", "connect", "nobody", "-l", lab.name, code=2).stderr


def test_no_secret_is_in_a_log() -> None:
    with up("s2s-p2s-coexist", "c-secrets") as lab:
        secrets = [secret.encode() for secret in json.loads((lab.directory / "secrets.json").read_text()).values()]
        hidden = {path for path in lab.directory.rglob("*") if path.suffix == ".key" or path.name == "secrets.json"}
        assert {path.stat().st_mode & 0o777 for path in hidden} == {0o600}
        for path in (path for path in lab.directory.rglob("*") if path.is_file() and path not in hidden):
            content = path.read_bytes()
            assert b"PRIVATE KEY" not in content, path
            assert not any(secret in content for secret in secrets), path


@pytest.fixture(params=["", "0.0.0.0/1, 128.0.0.0/1"], ids=["as usual", "forced"])
def tunnelled(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bool, Path]:
    text = SCENARIOS["p2s-isolated-vnet"].read_text()
    pool = "address_pool: 192.168.0.0/24"
    file = tmp_path / "forced.yaml"
    file.write_text(text.partition("\nstory:")[0].replace(pool, f"{pool}, custom_routes: [{request.param}]"))
    return bool(request.param), file


def test_forced_traffic_ends_in_the_vnet_and_the_tunnel_stays(tunnelled: tuple[bool, Path]) -> None:
    """R64, P21: the client's own way to the gateway stays, and to nothing else on the Internet."""
    forced, file = tunnelled
    with up(file, "c-forced") as lab:
        for client in ("win", "lin", "wtls", "ltls"):
            ping = netlab("exec", client, "-l", lab.name, "--", "ping", "-c1", "-W1", INTERNET_HOST, code=int(forced))
            assert ("100% packet loss" in ping.stdout) == forced, client
        assert failed_checks(lab.verify()) == {}
        assert lab.status() == {}


WINDOWS = """
name: windows-routes
vnets:
  VNet1:
    address_space: [192.168.0.0/16]
    subnets: {same: 192.168.1.0/24, other: 192.168.2.0/24, GatewaySubnet: 192.168.255.0/27}
    vms: {vm1: {subnet: same}, vm2: {subnet: other}}
    vpn_gateway: {point_to_site: {address_pool: 172.16.201.0/24, custom_routes: [0.0.0.0/0]}}
clients:
  home: {os: windows, gateway: VNet1, local_network: 192.168.1.0/24}
  disabled: {os: windows, gateway: VNet1, class_based_route: false}
  lin: {os: linux, gateway: VNet1, local_network: 192.168.1.0/24}
story:
  - name: as built
    expect:
      routes:
        home: [192.168.0.0/16, 172.16.0.0/16]
        disabled: [192.168.0.0/16, 172.16.201.0/24]
        lin: [0.0.0.0/0]
      reach:
        home: {vm1: {unreachable: its own network is longer, dropped_at: home}, vm2: reachable, internet: reachable}
        disabled: {VNet1: reachable, internet: reachable}
        lin: {VNet1: reachable, internet: {unreachable: the tunnel takes everything, dropped_at: vnet1}}
        vm1: {home: {unreachable: its answer stays in the client's own network, dropped_at: home}, lin: reachable}
  - name: with a longer route by hand
    do: [{add_route: {client: home, prefix: 192.168.1.4/32}}]
    expect: {reach: {home: {VNet1: reachable}, vm1: {home: reachable}}}
"""


def test_the_routes_of_windows_and_linux_at_home(tmp_path: Path) -> None:
    """Its own network, its address's class (P24) and the custom default route (P33), on packets."""
    file = tmp_path / "windows.yaml"
    file.write_text(WINDOWS)
    with up(file, "c-windows") as lab:
        report = lab.verify()
        assert failed_checks(report) == {}
        assert {cell["status"] for step in report["steps"] for cell in step["cells"]} == {"passed"}
