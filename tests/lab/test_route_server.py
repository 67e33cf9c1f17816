"""A Route Server in a running lab: it is in nobody's way, it takes so many prefixes, and it shows what it knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import SCENARIOS, Lab, Report, failed_checks, netlab, up

SCENARIO = """
name: t-limit
profile: seed
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, appliances: 10.1.1.0/24, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      sdwan: {subnet: appliances, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, sites: [Branch]}}}
      other: {subnet: appliances, nva: {bgp: {asn: 65002, announces: [10.9.0.0/16], next_hop: 10.1.1.4}}}
    route_server: {}
sites:
  Branch: {address_prefixes: [10.250.0.0/16], bgp: {asn: 65250}, hosts: {h1: 10.250.0.10}}
story:
  - name: as many as may be
    do: [{announce: {nva: VNet1-sdwan, prefix: 100.64.0.0/12, count: 199}}]
    expect:
      learned: {VNet1-rs-0: {10.250.0.0/16: "65001 65250"}, VNet1-rs-1: {10.250.0.0/16: "65001 65250"}}
      reach: {vm1: {h1: {via: [VNet1, VNet1-sdwan, Branch]}}}
  - name: one too many
    do: [{announce: {nva: VNet1-sdwan, prefix: 10.128.0.0/16}}]
    expect:
      learned:
        VNet1-rs-0: {10.250.0.0/16: absent, 10.9.0.0/16: "65002"}
        VNet1-rs-1: {10.250.0.0/16: absent, 10.9.0.0/16: "65002"}
        VNet1-sdwan: {10.1.0.0/16: absent}
      reach: {vm1: {h1: {unreachable: the Route Server has ended the session, dropped_at: VNet1}}}
  - name: withdrawn
    do: [{withdraw: {nva: VNet1-sdwan, prefix: 10.128.0.0/16}}]
    expect:
      learned:
        VNet1-rs-0: {10.250.0.0/16: "65001 65250"}
        VNet1-rs-1: {10.250.0.0/16: "65001 65250"}
        VNet1-sdwan: {10.1.0.0/16: "65515", 10.9.0.0/16: absent}
      reach: {vm1: {h1: {via: [VNet1, VNet1-sdwan, Branch]}}}
"""
INSTANCES = ("vnet1-rs-0", "vnet1-rs-1", "vnet2-rs-0", "vnet2-rs-1")
# What is not BGP's, neither to an instance nor from it.
BUT_BGP = "tcp sport 179 accept; tcp dport 179 accept; counter"


@pytest.fixture(scope="module")
def limit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = Path(tmp_path_factory.mktemp("limit")) / "limit.yaml"
    file.write_text(SCENARIO)
    with up(file, "t-limit") as found:
        yield found


def told(what: str, *arguments: str) -> list[dict[str, Any]]:
    done = netlab("show", what, *arguments, "--lab", "t-limit", "-f", "json")
    found: list[dict[str, Any]] = json.loads(done.stdout)["value"]
    return found


def strangers(lab: Lab, node: str) -> int:
    """How many packets a node has seen that are not BGP's."""
    items = json.loads(lab.run(node, "nft", "-j", "list", "table", "ip", "fault"))["nftables"]
    rules = [item["rule"]["expr"] for item in items if "rule" in item]
    return sum(part["counter"]["packets"] for rule in rules for part in rule if "counter" in part)


def test_no_packet_but_those_of_bgp_comes_to_a_route_server() -> None:
    """A11."""
    with up(SCENARIOS["route-server-overview"], "t-aside") as lab:
        for node in INSTANCES:
            lab.nft(node, "prerouting", BUT_BGP)
        report = lab.verify(code=1)
        # The counter is the only thing that nobody planned.
        (said,) = [told for name, told in failed_checks(report).items() if name == "kernel"]
        assert list(failed_checks(report)) == ["kernel"]
        assert all(": filter-extra table " in finding or "more" in finding for finding in said.split("; "))
        assert {node: strangers(lab, node) for node in INSTANCES} == dict.fromkeys(INSTANCES, 0)
        assert not {node for node in ways(report) if "-rs-" in node}
        traced = json.loads(netlab("trace", "vm1", "h1", "--lab", "t-aside", "-f", "json").stdout)
        assert traced["answered"]
        assert "vnet1-sdwan" in traced["forward"]
        assert not {sighting["node"] for sighting in traced["sightings"]} & {*INSTANCES}
        # The counter counts: to its own addresses a machine gets an answer or none, but gets there.
        lab.run("vnet1-vm1", "sh", "-c", "ping -c 1 -W 1 10.1.255.4 || true")
        assert strangers(lab, "vnet1-rs-0") > 0


def ways(report: Report) -> set[str]:
    """Every node that any probe or answer passed."""
    cells = [cell for step in report["steps"] for cell in step["cells"]]
    return {node for cell in cells for node in (*cell["forward"], *cell["reverse"])}


def test_a_route_server_ends_the_session_of_who_tells_too_much(limit: Lab) -> None:
    """A8, of the profile seed."""
    report = limit.verify()
    assert failed_checks(report) == {}
    said = {check["name"]: check["message"] for check in report["steps"][1]["checks"]}
    assert "more than 200 prefixes" in said["BGP vnet1-rs-0 to 10.1.1.4"]
    assert "more than 200 prefixes" in said["BGP vnet1-rs-1 to 10.1.1.4"]


def test_what_a_route_server_and_its_appliances_show(limit: Lab) -> None:
    learned = {(r["network"], r.get("nextHop"), r["asPath"]) for r in told("learned-routes", "VNet1-rs-0")}
    assert learned == {
        ("10.1.0.0/16", None, ""),
        ("10.9.0.0/16", "10.1.1.4", "65002"),
        ("10.250.0.0/16", "10.1.1.4", "65001-65250"),
    }
    peers = {row["neighbor"]: row["state"] for row in told("bgp-peers", "vnet1-rs-1")}
    assert peers == {"10.1.1.4": "Connected", "10.1.1.5": "Connected"}
    advertised = {
        (r["network"], r["nextHop"], r["asPath"]) for r in told("advertised-routes", "vnet1-rs-0", "--peer", "10.1.1.5")
    }
    assert ("10.1.0.0/16", "10.1.255.4", "65515") in advertised
    assert ("10.250.0.0/16", "10.1.1.4", "65515-65001-65250") in advertised
    assert {row["asPath"] for row in told("learned-routes", "vnet1-other") if row["network"] == "10.1.0.0/16"} == {
        "65515"
    }
    assert "no gateway" in netlab("show", "connections", "vnet1-rs-0", "-l", "t-limit", code=2).stderr


def test_bgp_that_was_stopped_by_hand_is_as_foreseen_and_verify_puts_it_back() -> None:
    with up("route-server-nva-in-spoke", "rs-hand") as lab:
        netlab("fault", "bgp-session", "Spoke1-sdwan1", "--peer", "Hub", "-l", lab.name)
        netlab("fault", "bgp-daemon", "Branch", "-l", lab.name)
        assert set(lab.status(1)) == {"changed"}
        netlab("fault", "bgp-daemon", "Spoke1-sdwan1", "-l", lab.name)
        # The session is shut down in a daemon that has forgotten it; the daemon starts without it.
        netlab("fault", "bgp-daemon", "Spoke1-sdwan1", "--mend", "-l", lab.name)
        assert set(lab.status(1)) == {"changed"}
        assert failed_checks(lab.verify()) == {}
        assert lab.status() == {}


def test_a_daemon_starts_with_what_it_announced_when_it_was_stopped(tmp_path: Path) -> None:
    text = SCENARIOS["route-server-nva-in-spoke"].read_text()
    story = """story:
  - name: announced and withdrawn
    do: [{announce: {nva: Spoke1-sdwan1, prefix: 10.77.0.0/16}}, {stop_bgp_daemon: {speaker: Spoke1-sdwan1}}]
    expect: {learned: {Hub-rs-0: {10.77.0.0/16: absent}}}
  - name: started
    do: [{start_bgp_daemon: {speaker: Spoke1-sdwan1}}]
    expect: {learned: {Hub-rs-0: {10.77.0.0/16: "65001"}}}
"""
    file = tmp_path / "started.yaml"
    file.write_text(text[: text.index("story:")] + story)
    with up(file, "rs-started") as lab:
        assert failed_checks(lab.verify()) == {}
