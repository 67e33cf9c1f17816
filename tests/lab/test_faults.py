"""A fault in a lab, or a wrong expectation in its file, turns the verdict red and is named: no check cannot fail."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import vici
from labs import SCENARIOS, Cell, Lab, Report, cells, failed_checks, up
from ruamel.yaml import YAML

from netlab.cli.output import display
from netlab.report import story
from netlab.report.encoding import read
from netlab.scenario.loader import parse
from netlab.scenario.names import resolve

Pair = tuple[str, str]


@dataclass(frozen=True)
class Fault:
    """What is broken in a lab, and what `verify` must then say of it.

    Either a pair that fails, with the protocols, the drop (node, direction and the beginning of the reason; none where
    the fault is that it arrives) and what the message says; or only checks, by the beginning of their message.
    """

    scenario: str
    name: str
    inject: Callable[[Lab], object]
    pair: Pair = ("", "")
    drop: tuple[str, str, str] | None = None
    message: str = "the lab stands alone"
    protocols: str = "icmp udp tcp"
    checks: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.scenario}: {self.name}"


def forget_the_key(lab: Lab) -> None:
    """Take the PSK from one end of VNet2-VNet3 and end its SA; the other end asks again, in vain."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(lab.directory / "vnet2-gw-0-edge-vnet2-vnet3/charon.vici"))
        session = vici.Session(connection)
        session.clear_creds()
        list(session.terminate({"ike": "VNet2-VNet3"}))


def bypass(lab: Lab) -> None:
    """Lead what vm1 sends to the branch over the underlay, in clear."""
    lab.ip("vnet1", "route add default via 169.254.0.1 dev wan onlink table 2000")
    lab.ip("vnet1", "rule add iif v-vm1 to 10.101.0.0/16 lookup 2000 pref 900")
    lab.ip("internet", "route add 10.101.0.0/16 via 169.254.0.2 dev site1-edge onlink")


def leak(lab: Lab) -> None:
    """Send a copy of what vm1 sends to the branch over the underlay; the packet itself goes its proper way."""
    lab.ip("vnet1", "neighbor add 10.101.0.10 lladdr ff:ff:ff:ff:ff:ff dev wan nud permanent")
    lab.nft("vnet1", "forward", 'iifname "v-vm1" ip daddr 10.101.0.10 dup to 169.254.0.1 device "wan"')


FAULTS = (
    Fault(
        "p2s-isolated-vnet",
        "UDP to one machine is dropped",
        lambda lab: lab.nft("vnet1", "forward", "ip daddr 10.1.1.4 meta l4proto udp drop"),
        ("win", "vnet1-vm2"),
        ("vnet1", "forward", "no answer"),
        protocols="udp",
    ),
    Fault(
        "p2s-isolated-vnet",
        "the SDN controller is killed",
        lambda lab: lab.kill("netlab-sdn", "netlab-sdn"),
        checks=(("daemons", "netlab-sdn of the lab is dead"),),
    ),
    Fault(
        "p2s-peered-vnets",
        "a peering's route is a black hole",
        lambda lab: lab.ip("vnet1", f"route replace blackhole 10.2.0.0/16 table {lab.table('vnet1', 'gw-0')}"),
        ("win", "vnet2-vm2"),
        ("vnet1", "forward", "no route: vnet1 has no route to 10.2.0.4"),
        checks=(("convergence", "VNet route tables or P2S selectors are not in step"),),
    ),
    Fault(
        "p2s-peered-vnets",
        "somebody else has the machine's address",
        lambda lab: lab.ip("vnet1-gw-0", "address add 10.2.0.4/32 dev lo"),
        ("win", "vnet2-vm2"),
        ("vnet1-gw-0", "forward", "no answer"),
    ),
    Fault(
        "p2s-multi-vnet-s2s",
        "a tunnel interface is down",
        lambda lab: lab.ip("vnet1-gw-0", "link set t-vnet1-vnet2 down"),
        ("vnet1-vm1", "vnet2-vm2"),
        ("vnet1", "forward", "None route: 10.2.0.4"),
    ),
    Fault(
        "p2s-multi-vnet-s2s-bgp",
        "a gateway throws away what BGP would lead on",
        lambda lab: lab.ip("vnet2-gw-0", "rule add to 192.168.0.0/24 blackhole pref 100"),
        ("vnet3-vm3", "lin"),
        ("vnet2-gw-0", "forward", "no answer: vnet2-gw-0 has the route 192.168.0.0/24 and does not forward"),
    ),
    Fault(
        "p2s-multi-vnet-s2s-bgp",
        "zebra is killed",
        lambda lab: lab.kill("vnet2-gw-0", "zebra"),
        checks=(("daemons", "zebra of vnet2-gw-0 is dead"),),
    ),
    Fault(
        "p2s-branch",
        "a way around the tunnel",
        bypass,
        ("site1-host1", "vnet1-vm1"),
        message="crossed a tunnel without being encrypted",
        checks=(
            ("encryption", "probes in clear at backbone, internet"),
            ("effective routes", "vnet1-vm1 to 10.101.0.10: shown 10.1.255.4, done Internet"),
        ),
    ),
    Fault(
        "p2s-branch",
        "a copy in clear",
        leak,
        ("vnet1-vm1", "site1-host1"),
        message="crossed a tunnel without being encrypted",
        checks=(("encryption", "probes in clear at backbone"),),
    ),
    Fault(
        "p2s-branch",
        "a client's charon is killed",
        lambda lab: lab.kill("lin", "charon-systemd"),
        checks=(("daemons", "charon-systemd of lin is dead"), ("connection lin", "no tunnel")),
    ),
    Fault(
        "p2s-branch-bgp",
        "a route by hand was left",
        lambda lab: lab.ip("win", "route add 10.101.0.0/16 dev ipsec0"),
        ("win", "site1-host1"),
        checks=(("routes win", "the lab stands alone: expected and predicted 10.1.0.0/16, 192.168.0.0/24, observed"),),
    ),
    Fault(
        "p2s-branch-bgp",
        "the site's bgpd is killed",
        lambda lab: lab.kill("site1", "bgpd"),
        ("vnet1-vm1", "site1-host1"),
        ("vnet1", "forward", "None route: 10.101.0.10"),
        checks=(
            ("daemons", "bgpd of site1 is dead"),
            ("BGP site1 to 10.1.255.30", "the BGP daemon does not answer"),
            ("action withdraw", "[Errno 111]"),
        ),
    ),
    Fault(
        "p2s-multi-vnet-branch",
        "an end forgot the key",
        forget_the_key,
        ("vnet2-vm2", "vnet3-vm3"),
        ("vnet2-gw-0", "forward", "no tunnel: VNet2-VNet3 has no INSTALLED CHILD SA"),
        checks=(("connection VNet2-VNet3", "no INSTALLED CHILD SA"),),
    ),
    Fault(
        "p2s-multi-vnet-branch",
        "a charon between VNets is killed",
        lambda lab: lab.kill("vnet2-gw-0-edge-vnet2-vnet3", "charon-systemd"),
        ("vnet3-vm3", "vnet2-vm2"),
        ("vnet3-gw-0", "forward", "no tunnel"),
        checks=(
            ("daemons", "charon-systemd of vnet2-gw-0-edge-vnet2-vnet3 is dead"),
            ("connection VNet2-VNet3", "no INSTALLED CHILD SA"),
        ),
    ),
    Fault(
        "p2s-multi-vnet-branch-bgp",
        "bgpd in the middle is killed",
        lambda lab: lab.kill("vnet2-gw-0", "bgpd"),
        ("lin", "site1-host1"),
        ("vnet1", "forward", "None route: 10.101.0.10"),
        checks=(
            ("daemons", "bgpd of vnet2-gw-0 is dead"),
            ("BGP vnet2-gw-0 to 10.1.255.30", "the BGP daemon does not answer"),
        ),
    ),
    Fault(
        "p2s-openvpn-multi-vnet",
        "what OpenVPN pushed is gone",
        lambda lab: lab.ip("wtls", "route del 10.3.0.0/16"),
        ("wtls", "vnet3-vm3"),
        ("wtls", "forward", "no route: wtls has no route to 10.3.0.4"),
        checks=(("routes wtls", "the lab stands alone: expected and predicted 10.1.0.0/16"),),
    ),
    Fault(
        "p2s-multi-vnet-static-return",
        "the way back is gone",
        lambda lab: lab.ip("vnet2-gw-0", "route del 192.168.0.0/24"),
        ("lin", "vnet2-vm2"),
        ("vnet2", "reverse", "None route: 192.168.0."),
    ),
    Fault(
        "s2s-static",
        "a gateway has a route that it should not have",
        lambda lab: lab.ip("vnet1-gw-0", "route add 10.102.0.0/16 dev t-vnet1-site1"),
        ("vnet1-vm1", "site1-unlisted"),
    ),
    Fault(
        "s2s-static",
        "an answer is lost on its way",
        lambda lab: lab.nft("site1", "forward", "ip saddr 10.101.0.10 tcp flags & ack == ack drop"),
        ("vnet1-vm1", "site1-listed"),
        ("site1", "reverse", "no answer"),
        protocols="tcp",
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_named(fault: Fault) -> None:
    unmeasured = fault.name == "a client's charon is killed"
    with up(fault.scenario, f"t-fault-{FAULTS.index(fault)}") as lab:
        fault.inject(lab)
        dead = lab.status(code=1).get("daemons") if is_dead(fault) else None
        report = lab.verify(code=4 if unmeasured else 1)
        said = failed_checks(report)
        assert said.get("daemons") == dead
        assert set(said) >= {name for name, _ in fault.checks}
        for name, beginning in fault.checks:
            assert said[name].startswith(beginning)
        if fault.pair != ("", ""):
            named(report["steps"][0], fault)
        elif unmeasured:
            assert {frozenset((c["source"], c["target"])) for c in cells(report["steps"][0], "error")} == {
                frozenset(("lin", other)) for other in ("win", "wtls", "ltls", "vnet1-vm1", "site1-host1")
            }
        else:
            assert report["summary"]["failed"] == len(report["steps"])


def is_dead(fault: Fault) -> bool:
    return "daemons" in dict(fault.checks)


def named(step: dict[str, Any], fault: Fault) -> None:
    """The cells of a fault failed, no other protocol's did, and each says what, how far and where."""
    found = [cell for cell in cells(step, "failed") if (cell["source"], cell["target"]) == fault.pair]
    assert {cell["protocol"] for cell in found} == set(fault.protocols.split())
    for cell in found:
        assert cell["message"].startswith(fault.message), cell
        assert cell["forward"][0] == fault.pair[0], cell
        if fault.drop is None:
            assert cell["observed"] == "reachable", cell
            assert cell["dropped_at"] is None, cell
            assert cell["forward"][-1] == fault.pair[1], cell
        else:
            node, direction, reason = fault.drop
            assert cell["observed"] == "unreachable", cell
            assert (cell["dropped_at"]["node"], cell["dropped_at"]["direction"]) == (node, direction), cell
            assert cell["dropped_at"]["reason"].startswith(reason), cell


FAULTED = sorted({fault.scenario for fault in FAULTS})


def test_every_scenario_of_the_routing_document_has_a_fault() -> None:
    """But where a peering is added and taken: that story breaks it itself."""
    of_the_document = {name for name, path in SCENARIOS.items() if "seed 002, " in path.read_text()}
    assert set(FAULTED) >= of_the_document - {"p2s-peering-added-later"}


# --- a wrong expectation --------------------------------------------------------------------------------------------


@dataclass
class Flips:
    """A copy of a scenario in which one expectation of each kind is wrong, and the pairs that it is wrong about."""

    path: Path
    to_unreachable: set[Pair]
    to_reachable: set[Pair]
    elsewhere: set[Pair]
    client: str


def flipped(name: str, folder: Path) -> Flips:
    """The first reachable expectation, the first two drops and a list of routes of a story's first step, changed."""
    raw = YAML(typ="safe").load(SCENARIOS[name])
    expect = raw["story"][0]["expect"]
    entries = [(row, target) for row in expect["reach"].values() for target in row]
    sources = [source for source, row in expect["reach"].items() for _ in row]
    scenario = parse(SCENARIOS[name].read_text(), name).scenario

    def change(number: int, value: object) -> set[Pair]:
        row, target = entries[number]
        row[target] = value
        nodes = resolve(scenario, sources[number]), resolve(scenario, target)
        return {(one, other) for one in nodes[0] for other in nodes[1] if one != other}

    reachable = [number for number, (row, target) in enumerate(entries) if row[target] == "reachable"]
    drops = [number for number, (row, target) in enumerate(entries) if row[target] != "reachable"]
    flips = Flips(folder / f"{name}.yaml", change(reachable[0], "unreachable"), set(), set(), "")
    if drops:
        flips.to_reachable = change(drops[0], "reachable")
        flips.elsewhere = change(drops[1], {"unreachable": "somewhere else", "dropped_at": "internet"})
    if "routes" in expect:
        flips.client = list(expect["routes"])[-1]
        expect["routes"][flips.client] = expect["routes"][flips.client][1:]
    # YAML is a superset of JSON.
    flips.path.write_text(json.dumps(raw))
    return flips


# A site, a client that reaches less than all, and BGP between VNets: what is compared does not depend on the rest.
@pytest.mark.parametrize("name", ["s2s-static", "p2s-branch", "p2s-multi-vnet-s2s-bgp"])
def test_a_changed_expectation_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly what was changed fails, nothing beside it."""
    flips = flipped(name, tmp_path)
    with up(flips.path, f"t-flip-{name}") as lab:
        report = lab.verify(code=1)
    display(story.verification(read(json.dumps(report), "what verify printed"), None))
    printed = capsys.readouterr().out
    wrong = cells(report["steps"][0], "failed")
    pairs = flips.to_unreachable | flips.to_reachable | flips.elsewhere
    assert {(c["source"], c["target"]) for c in wrong} == pairs
    assert len(wrong) == 3 * len(pairs)
    for cell in wrong:
        assert_alone(cell, flips)
        assert f"FAILED  {cell['source']} to {cell['target']} (icmp, udp, tcp): {cell['message']}" in printed
        assert f"forward: {' > '.join(cell['forward'])}" in printed
        assert (
            not cell["dropped_at"]
            or f"dropped at {cell['dropped_at']['node']}: {cell['dropped_at']['reason']}" in printed
        )
    assert_routes_alone(report, flips.client)


def assert_alone(cell: Cell, flips: Flips) -> None:
    """The scenario stands alone, against model and lab; the cell says what happened, how far and where."""
    pair = (cell["source"], cell["target"])
    assert cell["message"].startswith("the scenario stands alone: expected "), cell
    assert cell["forward"][0] == pair[0], cell
    if pair in flips.to_unreachable:
        assert (cell["expected"], cell["observed"], cell["dropped_at"]) == ("unreachable", "reachable", None), cell
        assert (cell["forward"][-1], cell["reverse"][-1]) == (pair[1], pair[0]), cell
        return
    assert cell["expected"] == ("reachable" if pair in flips.to_reachable else "unreachable"), cell
    assert cell["observed"] == "unreachable", cell
    assert cell["dropped_at"] == {**cell["predicted_drop"], "reason": cell["dropped_at"]["reason"]}, cell
    assert pair in flips.to_reachable or "expected dropped at internet" in cell["message"], cell


def assert_routes_alone(report: Report, client: str) -> None:
    wrong = {c["name"]: c["message"] for c in report["steps"][0]["checks"] if c["status"] != "passed"}
    assert list(wrong) == ([f"routes {client}"] if client else [])
    assert all(message.startswith("the scenario stands alone: expected ") for message in wrong.values())
