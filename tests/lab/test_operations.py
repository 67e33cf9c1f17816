"""Azure's operations on a running lab: what they show, what resets and faults do, and that `verify` puts it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, failed_checks, netlab, up

SCENARIO = """
name: t-ops
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, active_active: true, bgp: {asn: 65020}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
  VNet1-VNet2: {type: Vnet2Vnet, between: [VNet1, VNet2], enable_bgp: true}
clients:
  lin: {os: linux, gateway: VNet1}
story:
  - name: as built
    expect:
      learned:
        VNet1: {10.101.0.0/16: "65101", 10.99.0.0/16: absent}
        VNet2: {10.101.0.0/16: "65010 65101"}
  - name: too many prefixes
    do: [{announce: {site: Site1, prefix: 100.64.0.0/12, count: 4001}}]
    expect:
      learned: {VNet1: {10.101.0.0/16: absent}, VNet2: {10.101.0.0/16: absent, 10.1.0.0/16: "65010"}}
      reach: {Site1: {VNet1: unreachable, VNet2: unreachable}}
  - name: withdrawn
    do: [{withdraw: {site: Site1, prefix: 100.64.0.0/12, count: 4001}}]
    expect:
      learned: {VNet1: {10.101.0.0/16: "65101"}, VNet2: {10.101.0.0/16: "65010 65101"}}
      reach: {Site1: {VNet1: reachable, VNet2: reachable}}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = Path(tmp_path_factory.mktemp("ops")) / "ops.yaml"
    file.write_text(SCENARIO)
    with up(file, "t-ops") as found:
        yield found


def told(*command: str, code: int = 0) -> Any:
    return json.loads(netlab(*command, "--lab", "t-ops", "-f", "json", code=code).stdout)


def test_what_is_shown(lab: Lab) -> None:
    routes = {
        (r["network"], r["origin"], r["asPath"], r["localAddress"]) for r in told_value("learned-routes", "vnet2")
    }
    assert ("10.2.0.0/16", "Network", "", "10.2.255.4") in routes
    assert ("10.101.0.0/16", "EBgp", "65010-65101", "10.2.255.4") in routes
    assert ("10.101.0.0/16", "IBgp", "65010-65101", "10.2.255.5") in routes
    peers = {row["neighbor"]: row["state"] for row in told_value("bgp-peers", "VNet1")}
    assert peers == {"10.101.255.254": "Connected", "10.2.255.4": "Connected", "10.2.255.5": "Connected"}
    advertised = {
        (r["network"], r["asPath"]) for r in told_value("advertised-routes", "VNet1", "--peer", "10.101.255.254")
    }
    assert ("10.2.0.0/16", "65010-65020") in advertised
    assert "10.101.0.0/16" not in {network for network, path in advertised if path == "65010"}
    pair = next(row for row in told("show", "connections", "VNet2") if row["name"] == "VNet1-VNet2")
    assert pair["connectionStatus"] == "Connected"
    assert [t["tunnel"] for t in pair["tunnelConnectionStatus"]] == ["VNet1-VNet2-0", "VNet1-VNet2-1"]
    assert all(t["ingressBytesTransferred"] > 0 for t in pair["tunnelConnectionStatus"])
    assert {sa["connection"] for sa in told("show", "ike-sas", "Site1")} == {"VNet1-Site1"}
    (session,) = told_value("p2s-sessions", "VNet1")
    assert (session["vpnUserName"], session["privateIpAddress"]) == ("lin", "192.168.0.1")
    assert (
        "no BGP peer"
        in netlab("show", "advertised-routes", "VNet1", "--peer", "10.9.9.9", "-l", "t-ops", code=2).stderr
    )
    assert "serves no" in netlab("show", "p2s-sessions", "VNet2", "-l", "t-ops", code=2).stderr


def told_value(what: str, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told("show", what, *arguments, code=code)["value"]
    return found


def test_resets_and_faults_are_measured_known_and_put_back(lab: Lab) -> None:
    reset = told("reset", "gateway", "VNet1")
    assert reset["flow"]["outage_seconds"] > 1  # R8: 60 s, by the time scale 3
    assert reset["seconds"] >= 3
    assert not told_value("p2s-sessions", "VNet1")  # R9
    primary = told("reset", "gateway", "VNet2")
    assert [next(iter(item)) for item in primary["actions"]] == ["fail_gateway", "restore_gateway"]
    one = told("fault", "tunnel", "VNet1-VNet2", "--instance", "1")
    assert {one["flow"]["source"], one["flow"]["target"]} <= {"vnet1-vm1", "vnet2-vm2", "site1-host1"}
    states = {
        t["tunnel"]: t["connectionStatus"] for t in told("show", "connections", "VNet1")[1]["tunnelConnectionStatus"]
    }
    assert states == {"VNet1-VNet2-0": "Connected", "VNet1-VNet2-1": "NotConnected"}
    assert "fail_tunnel: VNet1-VNet2, 1" in lab.status(1).pop("changed")
    netlab("reset", "connection", "vnet1-vnet2", "--lab", "t-ops")
    (pair,) = (row for row in told("show", "connections", "VNet1") if row["name"] == "VNet1-VNet2")
    assert {t["connectionStatus"] for t in pair["tunnelConnectionStatus"]} == {"Connected"}
    told("fault", "device", "Site1")
    assert set(lab.status(1)) == {"changed"}
    report = lab.verify()
    assert failed_checks(report) == {}
    checks = {check["name"]: check["message"] for check in report["steps"][1]["checks"]}
    assert checks["BGP vnet1-gw-0 to 10.101.255.254"].startswith("Idle (PfxCt), as expected")
    assert told_value("p2s-sessions", "VNet1")


def test_a_dead_daemon_is_named(lab: Lab) -> None:
    lab.kill("vnet2-gw-1", "bgpd")
    done = netlab("show", "learned-routes", "VNet2", "--lab", "t-ops", code=1)
    assert "the BGP daemon of vnet2-gw-1 does not answer" in done.stderr
    assert "10.2.255.4" in done.stdout
    rows = told_value("bgp-peers", "VNet2", code=1)
    assert {row["state"] for row in rows if row["localAddress"] == "10.2.255.5"} == {"Unknown"}
