"""Every scenario of the catalogue passes, and what its report says is what the documents say, cell by cell."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from asked import ENDPOINTS, asked
from labs import SCENARIOS, Cell, Report, names, netlab

from netlab.results.drops import DropType, cause
from netlab.scenario.loader import load
from netlab.scenario.models import node_name
from netlab.scenario.network import Topology, resolve
from netlab.scenario.nodes import instance_node

POOL = "192.168.0.0/24"
PREFIXES = {
    "10.1": "10.1.0.0/16",
    "10.2": "10.2.0.0/16",
    "10.3": "10.3.0.0/16",
    "10.4": "10.4.0.0/16",
    "10.101": "10.101.0.0/16",
    "pool": POOL,
}


@dataclass(frozen=True)
class Row:
    """A row of the table: networks, the clients' routes, what they reach, and what win reaches after routes by hand."""

    networks: str
    win_routes: str
    lin_routes: str
    win_reaches: str
    lin_reaches: str
    win_reaches_by_hand: str = ""


TABLE = {
    "p2s-isolated-vnet": Row("VNet1", "10.1 pool", "10.1 pool", "VNet1", "VNet1"),
    "p2s-peered-vnets": Row(
        "VNet1 VNet2 VNet3 VNet4",
        "10.1 10.2 10.4 pool",
        "10.1 10.2 10.4 pool",
        "VNet1 VNet2 VNet4",
        "VNet1 VNet2 VNet4",
    ),
    "p2s-multi-vnet-s2s": Row("VNet1 VNet2 VNet3", "10.1 pool", "10.1 10.2 pool", "VNet1", "VNet1"),
    "p2s-multi-vnet-s2s-bgp": Row(
        "VNet1 VNet2 VNet3",
        "10.1 pool",
        "10.1 10.2 10.3 pool",
        "VNet1",
        "VNet1 VNet2 VNet3",
        "VNet1 VNet2 VNet3",
    ),
    "p2s-branch": Row("VNet1 Site1", "10.1 pool", "10.1 pool", "VNet1", "VNet1"),
    "p2s-branch-bgp": Row("VNet1 Site1", "10.1 pool", "10.1 10.101 pool", "VNet1", "VNet1 Site1", "VNet1 Site1"),
    "p2s-multi-vnet-branch": Row(
        "VNet1 VNet2 VNet3 Site1",
        "10.1 pool",
        "10.1 10.2 10.3 10.101 pool",
        "VNet1",
        "VNet1",
    ),
    "p2s-multi-vnet-branch-bgp": Row(
        "VNet1 VNet2 VNet3 Site1",
        "10.1 pool",
        "10.1 10.2 10.3 10.101 pool",
        "VNet1",
        "VNet1 VNet2 VNet3 Site1",
        "VNet1 VNet2 VNet3 Site1",
    ),
}
# The clients of OpenVPN in these topologies, and the scenario that has them. The gateway pushes to Windows and Linux
# what IKEv2's selectors give Linux (P16).
OPENVPN = {
    "p2s-isolated-vnet": ("p2s-isolated-vnet", ("wtls", "ltls")),
    "p2s-peered-vnets": ("p2s-peered-vnets", ("wtls",)),
    "p2s-multi-vnet-s2s": ("p2s-multi-vnet-s2s", ("wtls",)),
    "p2s-multi-vnet-s2s-bgp": ("p2s-multi-vnet-s2s-bgp", ("wtls",)),
    "p2s-branch": ("p2s-branch", ("wtls", "ltls")),
    "p2s-branch-bgp": ("p2s-openvpn", ("win", "lin")),
    "p2s-multi-vnet-branch": ("p2s-multi-vnet-branch", ("wtls",)),
    "p2s-multi-vnet-branch-bgp": ("p2s-openvpn-multi-vnet", ("wtls",)),
}
# p2s-openvpn's site has a host that it does not announce.
UNANNOUNCED = {"site1-host2"}
# A dynamic NAT rule gives them no address that a VNet could ask.
BEHIND_A_POOL = {"vpn-nat-overlapping-sites": {"site4-h4"}}
# Of several members the hash of the flow says which one answers in place of a frontend.
BEHIND_FRONTENDS = {
    "service-lb-fe": {"service-web1", "service-web2"},
    "hub-lb-fe": {"hub-nva1", "hub-nva2"},
    "vnet1-internal-fe": {"vnet1-inner"},
}
# A member meets itself by its own frontend, and dies of it, or another member (L16).
BY_OWN_FRONTEND = {(member, frontend) for frontend, members in BEHIND_FRONTENDS.items() for member in members}
TIME_SCALES = {"s2s-p2s-coexist": 5, "gateway-active-standby-failover": 5}
CELL_KEYS = [
    *("source", "target", "protocol", "expected", "observed", "status"),
    *("forward", "reverse", "dropped_at", "rtt_ms", "encrypted"),
]

COMPARED = (
    ("p2s-certificates", "s2s-p2s-coexist"),
    ("expressroute-limits", "expressroute-vpn-coexist-failover"),
)

_shared: list[Path] = []


@pytest.fixture(scope="session", autouse=True)
def _reports(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The directory of reports, which all workers of a run have in common."""
    own = tmp_path_factory.getbasetemp()
    _shared[:] = [own.parent if "PYTEST_XDIST_WORKER" in os.environ else own]


@cache
def report_of(name: str) -> Report:
    """The report of `netlab test`, which leaves nothing behind; each scenario is tested once, whoever asks first."""
    path = _shared[0] / f"{name}.json"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            done = netlab("test", name, "-f", "json")
            assert name not in names()
            path.write_text(done.stdout)
    (report,) = json.loads(path.read_text())
    return report


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def report(scenario: str) -> Report:
    return report_of(scenario)


def all_cells(report: Report) -> Iterator[Cell]:
    return (cell for step in report["steps"] for cell in step["cells"])


def between(step: dict[str, Any], source: str, network: str) -> list[Cell]:
    """The cells from a node to every machine of a network."""
    return [c for c in step["cells"] if c["source"] == source and c["target"].startswith(f"{network.lower()}-")]


def test_the_catalogue_is_this_one() -> None:
    assert SCENARIOS.keys() == ENDPOINTS.keys() >= TABLE.keys() == OPENVPN.keys()


def test_shape(scenario: str, report: Report) -> None:
    """What other programs rely on, in this order; what was added later follows it."""
    assert list(report)[:6] == ["lab", "scenario", "data_plane", "time_scale", "steps", "summary"]
    assert (report["lab"], report["scenario"], report["time_scale"]) == (
        scenario,
        scenario,
        TIME_SCALES.get(scenario, 20),
    )
    assert report["data_plane"] in ("userspace", "kernel")
    assert list(report["summary"])[:3] == ["passed", "failed", "errors"]
    for step in report["steps"]:
        assert list(step)[:3] == ["name", "cells", "checks"]
        assert all(list(check)[:3] == ["name", "status", "message"] for check in step["checks"])
        for cell in step["cells"]:
            assert list(cell)[: len(CELL_KEYS)] == CELL_KEYS
            assert cell["protocol"] in ("icmp", "udp", "tcp")
            assert {cell["expected"], cell["observed"]} <= {"reachable", "unreachable"}
            assert all(isinstance(node, str) for node in cell["forward"] + cell["reverse"])


def test_nothing_is_unchecked_and_everything_passed(scenario: str, report: Report) -> None:
    """Every pair, every protocol, in every step; the summary counts all of it."""
    wanted = {(*pair, protocol) for pair in asked(scenario) for protocol in ("icmp", "udp", "tcp")}
    for step in report["steps"]:
        assert len(step["cells"]) == len(wanted)
        assert {(c["source"], c["target"], c["protocol"]) for c in step["cells"]} == wanted
    found = [item for step in report["steps"] for item in step["cells"] + step["checks"]]
    assert {item["status"] for item in found} == {"passed"}
    assert [report["summary"][key] for key in ("passed", "failed", "errors")] == [len(found), 0, 0]


def test_every_cell_has_its_evidence(report: Report) -> None:
    for cell in all_cells(report):
        either = (cell["source"], cell["target"]) in BY_OWN_FRONTEND
        assert either or cell["observed"] == cell["expected"], cell
        assert cell["forward"][0] == cell["source"], cell
        if cell["observed"] == "reachable":
            answers = BEHIND_FRONTENDS.get(cell["target"], {cell["target"]})
            assert cell["forward"][-1] == cell["reverse"][0], cell
            assert cell["forward"][-1] in answers, cell
            assert cell["reverse"][-1] == cell["source"], cell
            assert cell["dropped_at"] is None, cell
            assert cell["rtt_ms"] > 0, cell
        else:
            drop = cell["dropped_at"]
            assert list(drop)[:3] == ["node", "direction", "reason"], cell
            assert drop["direction"] in ("forward", "reverse"), cell
            why = cause(DropType(drop["type"]), **drop["parameters"])
            assert drop["reason"] == why.sentence(drop["node"]), cell
            last = (cell[drop["direction"]] or [cell["target"]])[-1]
            # Nothing is sent to a client that has no address.
            absent = f"{cell['target']} is not connected" in drop["reason"]
            assert drop["node"] == (cell["target"] if absent else last), cell
            assert cell["rtt_ms"] is None, cell


def test_the_kernel_decides_as_the_effective_routes_say(scenario: str, report: Report) -> None:
    """In every step, for every NIC and every target that has an address: at least all but clients and the Internet."""
    nics = resolve(load(scenario).scenario).nics
    hosts = ENDPOINTS[scenario] - set(map(node_name, load(scenario).scenario.clients))
    hosts -= BEHIND_A_POOL.get(scenario, set())
    for step in report["steps"]:
        (said,) = [check["message"] for check in step["checks"] if check["name"] == "effective routes"]
        decisions, of = map(
            int, re.fullmatch(r"(\d+) decisions for (\d+) NICs, the kernel's are the same", said).groups()
        )
        assert of == len(nics)
        assert decisions >= len(nics) * len(hosts)


def crosses_a_tunnel(scenario: str, path: list[str]) -> bool:
    return any(frozenset(pair) in tunnels(scenario) for pair in pairwise(path))


@cache
def tunnels(scenario: str) -> frozenset[frozenset[str]]:
    """The nodes at the ends of every tunnel, whichever instance of a gateway is on duty."""
    loaded = load(scenario).scenario
    network = resolve(loaded)
    moments = (Topology(network), Topology(network, frozenset(loaded.vnets)))
    of_gateways = {frozenset(r.node for r in tunnel.routers) for moment in moments for tunnel in moment.tunnels}
    of_clients = {
        frozenset((node_name(name), instance_node(vnet, index)))
        for name, client in loaded.clients.items()
        for vnet in client.gateways
        for index in (0, 1)
    }
    return frozenset(of_gateways | of_clients)


def test_what_crosses_a_tunnel_is_encrypted(scenario: str, report: Report) -> None:
    for cell in all_cells(report):
        crossed = any(crosses_a_tunnel(scenario, cell[leg]) for leg in ("forward", "reverse"))
        assert cell["encrypted"] is (True if crossed else None), cell
    assert any(cell["encrypted"] for cell in all_cells(report)) == bool(tunnels(scenario))


@pytest.mark.parametrize("name", TABLE)
def test_the_table_routes(name: str) -> None:
    for client, routes in (("win", TABLE[name].win_routes), ("lin", TABLE[name].lin_routes)):
        (check,) = [c for c in report_of(name)["steps"][0]["checks"] if c["name"] == f"routes {client}"]
        assert check["status"] == "passed"
        assert set(check["message"].split(", ")) == {PREFIXES[route] for route in routes.split()}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_reach(name: str) -> None:
    row = TABLE[name]
    reaches(report_of(name)["steps"][0], "win", row.networks, row.win_reaches)
    reaches(report_of(name)["steps"][0], "lin", row.networks, row.lin_reaches)
    if row.win_reaches_by_hand:
        reaches(report_of(name)["steps"][1], "win", row.networks, row.win_reaches_by_hand)


@pytest.mark.parametrize("name", OPENVPN)
def test_openvpn_gives_every_client_the_row_of_linux(name: str) -> None:
    scenario, clients = OPENVPN[name]
    step, row = report_of(scenario)["steps"][0], TABLE[name]
    for client in clients:
        (check,) = [check for check in step["checks"] if check["name"] == f"routes {client}"]
        assert set(check["message"].split(", ")) == {PREFIXES[route] for route in row.lin_routes.split()}
        reaches(step, client, row.networks, row.lin_reaches)


def reaches(step: dict[str, Any], client: str, networks: str, reached: str) -> None:
    """A client reaches every machine of some networks, with every protocol, and none of the others."""
    for network in networks.split():
        found = [cell for cell in between(step, client, network) if cell["target"] not in UNANNOUNCED]
        assert {cell["protocol"] for cell in found} == {"icmp", "udp", "tcp"}
        wanted = "reachable" if network in reached.split() else "unreachable"
        assert {cell["observed"] for cell in found} == {wanted}, f"{client} to {network}"


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.win_reaches_by_hand])
def test_windows_needs_routes_by_hand(name: str) -> None:
    """The second step of these stories adds, for win, what the first lacks of lin's routes."""
    (check,) = [c for c in report_of(name)["steps"][1]["checks"] if c["name"] == "routes win"]
    assert set(check["message"].split(", ")) == {PREFIXES[route] for route in TABLE[name].lin_routes.split()}


def test_without_bgp_the_request_arrives_and_the_reply_dies_on_a_none_route() -> None:
    step = report_of("p2s-multi-vnet-s2s")["steps"][0]
    for cell in between(step, "lin", "VNet2"):
        assert cell["forward"] == ["lin", "vnet1-gw-0", "vnet2-gw-0", "vnet2", "vnet2-vm2"]
        assert cell["reverse"] == ["vnet2-vm2", "vnet2"]
        assert (cell["dropped_at"]["node"], cell["dropped_at"]["direction"]) == ("vnet2", "reverse")
        assert cell["dropped_at"]["reason"].startswith("None route: 192.168.0.")
        assert cell["encrypted"] is True


def test_with_the_pool_downstream_the_same_request_is_answered() -> None:
    reaches(report_of("p2s-multi-vnet-static-return")["steps"][0], "lin", "VNet1 VNet2 VNet3", "VNet1 VNet2")


def test_an_address_that_is_in_no_local_network_gateway_fails_both_ways() -> None:
    (step,) = report_of("s2s-static")["steps"]
    for source, target, direction in (
        ("vnet1-vm1", "site1-unlisted", "forward"),
        ("site1-unlisted", "vnet1-vm1", "reverse"),
    ):
        found = [c for c in step["cells"] if (c["source"], c["target"]) == (source, target)]
        assert len(found) == 3
        for cell in found:
            assert (cell["dropped_at"]["node"], cell["dropped_at"]["direction"]) == ("vnet1", direction)
            assert cell["dropped_at"]["reason"].startswith("None route: 10.102.0.10 ")
    (listed,) = {c["observed"] for c in step["cells"] if {c["source"], c["target"]} == {"vnet1-vm1", "site1-listed"}}
    assert listed == "reachable"


def test_a_default_route_over_bgp_has_the_answer_to_the_internet_come_from_the_sites_address() -> None:
    """R86: it crosses the tunnel and leaves the site under its address, whatever the protocol; nothing private does."""
    before, forced, *_ = report_of("forced-tunnelling-bgp")["steps"]
    site = str(resolve(load("forced-tunnelling-bgp").scenario).public.routers["site1"])
    for step, came, encrypted in ((before, "", None), (forced, site, True)):
        found = [c for c in step["cells"] if (c["source"], c["target"]) == ("internet", "vnet1-vm1")]
        assert {cell["protocol"] for cell in found} == {"icmp", "udp", "tcp"}
        reasons = {cell["dropped_at"]["reason"] for cell in found if cell["dropped_at"]}
        assert reasons == ({f"no answer: the answer comes from {came}, and 203.0.113.101 was asked"} if came else set())
        assert {cell["encrypted"] for cell in found} == {encrypted}


def test_who_is_refused_is_refused_for_the_reason_that_the_gateway_gives() -> None:
    steps = [report_of(name)["steps"][0] for name in COMPARED[0]]
    checks = {check["name"]: check["message"] for step in steps for check in step["checks"]}
    assert {
        client: checks[f"connection {client}"] for client in ("alice", "carol", "mallory", "guest", "c6", "c7")
    } == {
        "alice": "INSTALLED",
        "carol": "not connected: its certificate is revoked",
        "mallory": "not connected: the gateway does not trust the root that issued its certificate",
        "guest": "not connected: its password is wrong",
        "c6": "INSTALLED",
        "c7": "not connected: the gateway has no address left for it",
    }


def test_a_stale_profile_is_shown_as_stale_until_it_is_downloaded() -> None:
    steps = report_of("p2s-custom-routes")["steps"]
    messages = [check["message"] for step in steps for check in step["checks"] if check["name"] == "profile win"]
    assert [message.partition(":")[0] for message in messages] == ["current", "stale", "current", "stale", "current"]


def test_bfd_notices_at_once_what_the_hold_time_notices_late() -> None:
    """R98: the loss of a whole circuit, with another way left."""
    with_bfd, without = map(outage, COMPARED[1])
    assert with_bfd < without / 4


def outage(scenario: str) -> float:
    """How long the one flow of a story was interrupted, in Azure's seconds."""
    (flow,) = [step["flow"] for step in report_of(scenario)["steps"] if step["flow"] is not None]
    return float(flow["azure_seconds"])
