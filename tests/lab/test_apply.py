"""A running lab brought to a changed scenario: its kernels then hold what those of a lab built from it hold."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from changes import Data, changed, untold
from labs import RUN, Lab, Running, names, netlab, up

from netlab.lab.build import records
from netlab.machine import frr, inventory, speaking
from netlab.machine.waiting import wait_until

NAME = "t-apply"
# The numbers that a kernel gives, and keys.
OTHERWISE = ("policy", "sa")

Held = Mapping[str, frozenset[Any]]


def written(tmp_path: Path, name: str, data: Data) -> Path:
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False))
    return file


def held(lab: Lab) -> Held:
    """What the kernel of each node holds."""
    nodes = {node.netns: node.name for node in records.read(lab.name).plan.nodes}
    return {
        nodes[netns]: frozenset((f.kind, f.object, f.value) for f in found.facts if f.kind not in OTHERWISE)
        | {("interface", link.name, link.words) for link in found.links}
        for netns, found in inventory.read(nodes).items()
    }


def verdicts(lab: Lab) -> list[tuple[str, ...]]:
    (step,) = lab.verify()["steps"]
    return sorted((c["source"], c["target"], c["protocol"], c["observed"], c["status"]) for c in step["cells"])


def configured(lab: Lab) -> dict[str, frozenset[str]]:
    """What each bgpd is configured with, line by line."""
    speakers = (speaker for speaker in records.read(lab.name).plan.speakers if speaker.program == "frr")
    asked = ((s.node, frr.command(s.directory, "bgpd", "show running-config")) for s in speakers)
    return {node: speaking.lines(found, "!") for node, found in asked}


def told(*command: object) -> Any:
    return json.loads(netlab(*command, "-f", "json").stdout)


def alike(one: Held, other: Held) -> bool:
    return one == other


def assert_alike(lab: Lab, other: Held) -> None:
    """The controller and zebra may still be at work."""
    wait_until(
        lambda: alike(held(lab), other),
        10,
        lambda: str({node: found ^ other.get(node, frozenset()) for node, found in held(lab).items()}),
    )


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("hub-spoke-gateway-transit", 3),
        ("p2s-branch-bgp", 1),
        ("route-server-spokes", 2),
        ("s2s-active-active", 0),
        ("p2s-openvpn", 4),
        ("expressroute-vpn-two-sites", 1),
        ("hub-spoke-stateful-firewall", 2),
        ("s2s-bird", 0),
        ("nsg-three-tier", 0),
        ("private-subnet-outbound", 2),
    ],
)
def test_apply_ends_where_up_ends(tmp_path: Path, name: str, seed: int) -> None:
    before, after = (written(tmp_path, str(i), yaml.safe_load(x.text)) for i, x in enumerate(changed(name, seed)))
    with up(before, NAME) as lab:
        first, begun = held(lab), configured(lab)
        netlab("apply", after)
        assert lab.status() == {}
        found, seen, written_so = held(lab), verdicts(lab), configured(lab)
        netlab("apply", before)
        assert_alike(lab, first)
        assert configured(lab) == begun
    with up(after, NAME) as lab:
        assert_alike(lab, found)
        assert verdicts(lab) == seen
        assert configured(lab) == written_so


# --- what a user sees -----------------------------------------------------------------------------------------------

SCENARIO = "hub-spoke-gateway-transit"


def with_spoke(data: Data) -> Data:
    vnet = {"address_space": ["10.4.0.0/16"], "subnets": {"default": "10.4.0.0/24"}}
    data["vnets"]["Spoke4"] = {**vnet, "vms": {"vm4": {"subnet": "default"}}}
    data["peerings"]["h4"] = {"vnet": "Hub", "remote_vnet": "Spoke4", "allow_gateway_transit": True}
    data["peerings"]["s4"] = {"vnet": "Spoke4", "remote_vnet": "Hub", "use_remote_gateways": True}
    return data


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with up(written(tmp_path, "before", untold(SCENARIO)), NAME) as found:
        yield found


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return written(tmp_path, "after", with_spoke(untold(SCENARIO)))


def test_a_dry_run_says_what_changes_and_changes_nothing(lab: Lab, after: Path) -> None:
    first = held(lab)
    found = told("apply", after, "--lab", lab.name, "--dry-run")
    added = {(item["kind"], item["name"]) for item in found if item["change"] == "added"}
    assert {("namespace", "spoke4"), ("namespace", "spoke4-vm4"), ("VNet tables", "spoke4")} <= added
    assert not [item for item in found if item["restarted"]]
    assert held(lab) == first
    assert "spoke4" not in lab.status()


def test_the_scenario_of_a_lab_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    first, daemons = held(lab), lab.pids("hub-gw-0", "bgpd")
    assert netlab("apply", tmp_path / "before.yaml").stdout == "nothing changes\n"
    assert (held(lab), lab.pids("hub-gw-0", "bgpd")) == (first, daemons)


def test_a_route_leaves_every_daemon_running(lab: Lab, tmp_path: Path) -> None:
    data = untold(SCENARIO)
    data["route_tables"]["of-spoke1"]["routes"]["drop"] = {"address_prefix": "10.0.0.0/24", "next_hop_type": "None"}
    before = {node: lab.pids(node, daemon) for node in ("hub-gw-0", "site1") for daemon in ("bgpd", "zebra")}
    netlab("apply", written(tmp_path, "after", data))
    assert {node: lab.pids(node, daemon) for node in ("hub-gw-0", "site1") for daemon in ("bgpd", "zebra")} == before
    (step,) = lab.verify()["steps"]
    cells = [c for c in step["cells"] if (c["source"], c["target"]) == ("spoke1-vm1", "hub-vm0")]
    assert {(c["observed"], c["dropped_at"]["type"]) for c in cells} == {("unreachable", "none-route")}


def sessions(lab: Lab, node: str) -> dict[str, tuple[int, int]]:
    """How often each session of a bgpd was established, and how often its peer asked for all routes again."""
    found = frr.show(str(lab.directory / node), "bgp neighbors")
    return {a: (x["connectionsEstablished"], x["messageStats"]["routeRefreshRecv"]) for a, x in found.items()}


def test_a_spoke_leaves_bgp_sessions_up(lab: Lab, after: Path) -> None:
    before = {node: (lab.pids(node, "bgpd"), sessions(lab, node)) for node in ("hub-gw-0", "site1")}
    netlab("apply", after)
    assert {node: lab.pids(node, "bgpd") for node in before} == {node: pids for node, (pids, _) in before.items()}
    (established, refreshed), *rest = sessions(lab, "site1").values()
    assert (established, rest) == (1, [])
    assert refreshed > next(iter(before["site1"][1].values()))[1]
    lab.verify()


SERVED = """
name: t-apply
time_scale: 60
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, GatewaySubnet: 10.0.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, active_active: true, bgp: {asn: 65515}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}
story:
  - name: as built
    expect: {reach: {vm1: {h1: reachable}}}
  - name: a Route Server is created
    do:
      - change: {vnets: {Hub: {subnets: {RouteServerSubnet: 10.0.254.0/26}, route_server: {}}}}
    flow: {source: h1, target: vm1, outage_at_most: 1200}
    expect: {reach: {vm1: {h1: reachable}}}
"""


def test_a_route_server_that_is_created_interrupts_the_gateway(tmp_path: Path) -> None:
    """A35: for some ten minutes."""
    with up(written(tmp_path, "served", yaml.safe_load(SERVED)), NAME) as lab:
        _, created = lab.verify()["steps"]
        assert 600 <= created["flow"]["azure_seconds"] <= 1200
        assert lab.status() == {}


GATEWAYS = """
name: t-apply
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, GatewaySubnet: 10.0.255.0/27}
    vms: {vm0: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ, bgp: {asn: 65010}}
  Spoke:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24}
    vms: {vm1: {subnet: default}}
peerings:
  Hub-to-Spoke: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true}
  Spoke-to-Hub: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
connections:
  Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}
story:
  - name: as built
    expect:
      reach: {Hub: {h1: reachable, Spoke: reachable}, Spoke: {h1: reachable}, h1: {Hub: reachable, Spoke: reachable}}
  - name: another SKU
    do: [{change: {vnets: {Hub: {vpn_gateway: {sku: VpnGw2AZ}}}}}]
  - name: the gateway is deleted
    do:
      - change:
          connections: {Hub-Site1: null}
          peerings: {Hub-to-Spoke: {allow_gateway_transit: false}, Spoke-to-Hub: {use_remote_gateways: false}}
          vnets: {Hub: {vpn_gateway: null}}
    expect:
      reach:
        Hub: {h1: {unreachable: a None route, dropped_at: Hub}}
        Spoke: {h1: {unreachable: a None route, dropped_at: Spoke}}
        h1:
          Hub: {unreachable: no tunnel any more, dropped_at: Site1}
          Spoke: {unreachable: no tunnel any more, dropped_at: Site1}
  - name: a gateway is created, active-active
    do:
      - change:
          vnets:
            Hub:
              vpn_gateway:
                sku: VpnGw1AZ
                active_active: true
                bgp: {asn: 65020}
                public_ip_addresses: [203.0.113.77, 203.0.113.78]
          connections: {Hub-Site1: {type: IPsec, between: [Hub, Site1], enable_bgp: true}}
          peerings: {Hub-to-Spoke: {allow_gateway_transit: true}, Spoke-to-Hub: {use_remote_gateways: true}}
    expect: {reach: {Hub: {h1: reachable}, Spoke: {h1: reachable}, h1: {Hub: reachable, Spoke: reachable}}}
  - name: the gateway is active-standby again
    do: [{change: {vnets: {Hub: {vpn_gateway: {active_active: false, public_ip_addresses: null}}}}}]
"""


def test_a_story_changes_deletes_and_creates_a_gateway(tmp_path: Path) -> None:
    with up(written(tmp_path, "gateways", yaml.safe_load(GATEWAYS)), NAME) as lab:
        first = held(lab)
        assert len(lab.verify()["steps"]) == 5
        assert_alike(lab, first)


def test_a_fault_is_mended_first(lab: Lab, after: Path) -> None:
    netlab("fault", "tunnel", "Hub-Site1")
    netlab("apply", after)
    assert lab.status() == {}
    lab.verify()


def test_a_file_with_a_mistake_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    data = with_spoke(untold(SCENARIO))
    del data["vnets"]["Spoke1"]
    assert "Spoke1" in netlab("apply", written(tmp_path, "wrong", data), code=2).stderr
    assert lab.status() == {}


def test_up_can_replace_a_lab(lab: Lab, after: Path) -> None:
    assert "exists already" in netlab("up", after, "--name", lab.name, code=2).stderr
    netlab("up", after, "--name", lab.name, "--replace")
    assert lab.status() == {}
    assert "vm4" in netlab("nodes", lab.name).stdout


# --- interrupted, killed --------------------------------------------------------------------------------------------

ATTACK = "NETLAB_ATTACK" in os.environ
STEPS = (
    "point-to-site clients that leave",
    "daemons that go",
    "links and namespaces that go",
    "links and namespaces that come",
    "addresses, routes, rules and filters",
    "scenario and keys",
    "certificates",
    "keys",
    "daemons that come",
    "security associations",
    "BGP daemons",
    "BGP sessions and routes",
    "VNet route tables",
    "footholds",
    "impaired links",
    "point-to-site clients",
    "daemons at work",
)


def applying(after: Path, steps: int) -> Running:
    """An `apply` that has begun this many steps."""
    running = Running("apply", after)
    assert running.progress(steps) == list(STEPS[:steps])
    return running


# Of those that take long enough for it.
@pytest.mark.parametrize("steps", [2, 4, 9, 12], ids=lambda steps: STEPS[steps - 1])
def test_interrupted_at_a_step_the_lab_is_what_it_was(lab: Lab, after: Path, steps: int) -> None:
    first = held(lab)
    running = applying(after, steps)
    running.signal(signal.SIGINT)
    running.end(130)
    assert lab.status() == {}
    assert_alike(lab, first)
    netlab("apply", after)
    assert lab.status() == {}


# `make attack` kills it at each.
@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1, 1 if ATTACK else 4), ids=lambda steps: STEPS[steps - 1])
def test_killed_at_a_step_down_leaves_nothing(tmp_path: Path, after: Path, steps: int) -> None:
    netlab("up", written(tmp_path, "before", untold(SCENARIO)), "--name", NAME)
    running = applying(after, steps)
    running.signal(signal.SIGKILL)
    running.end(-signal.SIGKILL)
    if "\nup\n" not in (RUN / NAME / "journal").read_text()[-4:]:
        assert "--replace" in netlab("apply", after, code=4).stderr
    netlab("down", NAME)
    assert NAME not in names()
