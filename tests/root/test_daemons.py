"""Daemons that do not come up, die or leave something behind."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from netlab.api import controller
from netlab.errors import BuildError, ConvergeError, LabError
from netlab.lab.story import failover
from netlab.machine import (
    charon,
    daemons,
    flushing,
    frr,
    interfaces,
    namespaces,
    processes,
    routes,
    tunnels,
)
from netlab.machine.waiting import wait_until
from netlab.plan.model import Plan, Route, Tunnel
from netlab.plan.names import lab_directory
from netlab.plan.planner import plan
from netlab.render import text, vici
from netlab.scenario.loader import load


@pytest.mark.data_plane
def test_policies_are_flushed_in_one_namespace_and_where_a_lab_is_stopped(planned: Plan) -> None:
    """The native kernel takes policies, though no ESP; tests/vm/guest/test_crash.py flushes SAs too."""
    policy = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
    one, two, *_ = (node.netns for node in planned.nodes)

    def policies() -> list[bool]:
        return [bool(processes.run(netns, ["ip", "xfrm", "policy"], "")[1]) for netns in (one, two)]

    for netns in (one, two):
        assert processes.run(netns, ["ip", "xfrm", "policy", "add", *policy.split()], "") == (0, "")
    assert policies() == [True, True]
    flushing.flush_ipsec(one)
    flushing.flush_ipsec(one)
    assert policies() == [False, True]
    # A namespace that is only half made cannot be entered.
    half = Path("/run/netns", f"{one.rpartition('.')[0]}.half")
    half.touch()
    assert daemons.stop_all(planned.lab) == []
    assert policies() == [False, False]


@pytest.mark.data_plane
def test_where_a_tunnel_goes_and_its_charon_stays_the_others_policies_stay(prefix: str, lab: str) -> None:
    """Point-to-site goes from one instance to the other, and back, on the kernel data plane."""
    scenario = load("route-server-branch-to-branch").scenario
    both, one = (plan(scenario, lab, "kernel", lost=frozenset(lost)) for lost in ((), ("vnet1-gw-0",)))
    namespaces.create(node.netns for node in both.nodes)
    policy = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
    edges = [both.netns(f"vnet1-gw-{index}-edge") for index in (0, 1)]
    for old, new, stays in ((both, one, [False, True]), (one, both, [True, True])):
        for netns in edges:
            processes.run(netns, ["ip", "xfrm", "policy", "add", *policy.split()], "")
        gone = failover.added_to(new, old)
        assert "p2s" in {tunnel.connection for tunnel in gone.tunnels}
        tunnels.remove(gone)
        assert [bool(processes.run(netns, ["ip", "xfrm", "policy"], "")[1]) for netns in edges] == stays


FakeFrr = Callable[[str, str], None]


@pytest.fixture
def fake_frr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFrr:
    """Puts a shell script in the place of a daemon."""

    def put(daemon: str, script: str) -> None:
        (tmp_path / daemon).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / daemon).chmod(0o755)
        monkeypatch.setattr(frr, "PROGRAMS", tmp_path)

    return put


def test_a_charon_that_does_not_come_up_is_named(planned: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    written = text.strongswan_conf
    monkeypatch.setattr(
        text, "strongswan_conf", lambda *given: written(*given).replace("socket-default vici", "socket-default")
    )
    words = (
        rf"^charon of {planned.charons[0].node} is not there; charon\.log ends with: \d\d:\d\d:\d\d .+ \(waited 1 s\)$"
    )
    with pytest.raises(ConvergeError, match=words):
        daemons.start(planned)


def test_a_charon_that_dies_at_once_is_named(planned: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "strongswan_conf", lambda *_: "no { configuration")
    words = r"charon-systemd\.out ends with: .*syntax error"
    with pytest.raises(ConvergeError, match=f"^charon of {planned.charons[0].node} has ended; {words}"):
        daemons.start(planned)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("for i in 1 2 3 4; do echo w$i >&2; done; exit 1", "has ended; zebra.out ends with: w2 / w3 / w4"),
        ("exec sleep 1000", "is not there; nothing in zebra.log and zebra.out (waited"),
        ("echo why >zebra.log; echo what", "has ended; zebra.log ends with: why; zebra.out ends with: what"),
    ],
)
def test_a_zebra_that_does_not_come_up_is_named(
    planned_with_bgp: Plan, program: str, words: str, fake_frr: FakeFrr
) -> None:
    fake_frr("zebra", program)
    node = planned_with_bgp.speakers[0].node
    with pytest.raises(ConvergeError, match=re.escape(f"zebra of {node} {words}")):
        daemons.start(planned_with_bgp)


def test_a_bgpd_that_does_not_come_up_is_named(planned_with_bgp: Plan, fake_frr: FakeFrr) -> None:
    fake_frr("bgpd", "echo no memory")
    for speaker in planned_with_bgp.speakers:
        Path(speaker.directory).mkdir()
    words = f"bgpd of {planned_with_bgp.speakers[0].node} has ended; bgpd.out ends with: no memory"
    with pytest.raises(ConvergeError, match=re.escape(words)):
        daemons.start_bgp(planned_with_bgp)


def test_a_controller_that_does_not_come_up_is_named(planned: Plan) -> None:
    """The run directory of this lab has no scenario to read."""
    command = (sys.executable, "-m", controller.__name__, planned.lab)
    daemons.start_controller(planned.lab, command)
    printed = Path(lab_directory(planned.lab), daemons.CONTROLLER, processes.output(sys.executable))
    wait_until(lambda: "Error: " in printed.read_text(), 30, printed.read_text)
    with pytest.raises(ConvergeError, match=r"^the SDN controller has ended; python.*\.out ends with: .*Error: "):
        daemons.await_controller(planned.lab, command)


def test_what_frr_leaves_elsewhere_is_removed_though_it_has_just_begun(
    planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FRR makes /var/tmp/frr/zebra.<pid> before its pid file, and SIGKILL leaves it."""
    monkeypatch.setattr(processes, "_TERM_SECONDS", 0)
    directory = Path(lab_directory(planned.lab), "frr")
    directory.mkdir()
    started = frr.start_with(planned.nodes[0].netns, str(directory), "zebra", "")
    scratch = Path(f"/var/tmp/frr/zebra.{started.pid}")
    wait_until(scratch.exists, 5, lambda: "no scratch directory")
    os.kill(started.pid, signal.SIGSTOP)
    (directory / "zebra.pid").unlink(missing_ok=True)
    assert daemons.stop_all(planned.lab) == []
    assert not scratch.exists()


def test_an_frr_whose_namespace_is_gone_is_an_error(planned: Plan) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        frr.start_with("nl.no.such", lab_directory(planned.lab), "zebra", "")


def test_a_command_that_frr_refuses_is_an_error(planned: Plan) -> None:
    directory = Path(lab_directory(planned.lab), "frr")
    directory.mkdir()
    frr.start_with(planned.nodes[0].netns, str(directory), "zebra", "hostname z\n")
    wait_until(lambda: frr.ready(str(directory), "zebra"), 5, lambda: "not ready")
    with pytest.raises(LabError, match=r"zebra in .* refused 'show nonsense'"):
        frr.command(str(directory), "zebra", "show nonsense")


def test_the_socket_of_a_dead_daemon_is_not_a_daemon(planned: Plan) -> None:
    """The file outlives its process."""
    directory = Path(lab_directory(planned.lab), "charon")
    directory.mkdir()
    item = replace(planned.charons[0], directory=str(directory))
    configuration = text.strongswan_conf(item, planned.timers, planned.data_plane)
    process = charon.start(planned.netns(item.node), str(directory), configuration)
    wait_until(lambda: charon.ready(str(directory)), 5, lambda: "not ready")
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not process.alive(), 5, lambda: "not dead")
    assert (directory / "charon.vici").exists()
    assert not charon.ready(str(directory))


def test_a_tunnel_without_its_charon_names_both_ends(planned: Plan) -> None:
    tunnel: Tunnel = planned.tunnels[0]
    with pytest.raises(BuildError, match=f"^{tunnel.edge}: tunnel {tunnel.interface} for {tunnel.node}: "):
        tunnels.move_tun(tunnel, planned.netns(tunnel.edge), planned.netns(tunnel.node))


def test_changing_an_interface_that_is_gone_is_an_error(netns: str) -> None:
    with pytest.raises(BuildError, match=f"{netns}: add 10.2.0.0/16: there is no interface ipsec0"):
        routes.set_routes(netns, [Route("10.2.0.0/16", "ipsec0")], ())
    with pytest.raises(BuildError, match=f"{netns}: interface ipsec0: .*no interface ipsec0"):
        interfaces.set_mtu(netns, "ipsec0", 1400)


def test_a_connection_that_does_not_come_up_says_what_charon_said(planned: Plan) -> None:
    """Nobody is at the other end."""
    directory = Path(lab_directory(planned.lab), "charon")
    directory.mkdir()
    item = replace(planned.charons[0], directory=str(directory))
    configuration = text.strongswan_conf(item, planned.timers, planned.data_plane)
    charon.start(planned.netns(item.node), str(directory), configuration)
    wait_until(lambda: charon.ready(str(directory)), 5, lambda: "not ready")
    charon.load(str(directory), charon.Orders([vici.connection(c, planned.timers) for c in item.connections]))
    name = item.connections[0].name
    with pytest.raises(ConvergeError, match=rf"connection {name} did not come up: .*; charon said: .*\w"):
        charon.initiate(str(directory), name, 0.5)
    assert not charon.installed(charon.sas(str(directory)), name)
