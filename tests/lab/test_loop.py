"""The loop of change and look again: a story up to a step, the lab that stays there, on from there, and back."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, Running, cold, netlab, up

from netlab.machine.waiting import wait_until

STORY = """
name: loop
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1]}
story:
  - name: as built
    expect: {reach: {vm1: {h1: reachable}}}
  - name: without the tunnel
    do: [{fail_tunnel: {connection: VNet1-Site1}}]
  - name: with it
    do: [{restore_tunnel: {connection: VNet1-Site1}}]
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file: Path = tmp_path_factory.mktemp("loop") / "loop.yaml"
    file.write_text(STORY)
    with up(file, "t-loop") as found:
        yield found


def told(*arguments: str, code: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(netlab(*arguments, "-f", "json", code=code).stdout)
    return found


def steps(report: dict[str, Any]) -> list[str]:
    return [step["name"] for step in report["steps"]]


def test_a_lab_stays_at_a_step_and_goes_on_from_it(lab: Lab) -> None:
    """What step 1 expects holds on, so that step 2 fails, and says since when it is expected."""
    report = told("verify", "t-loop", "--fail-fast", "--keep", code=1)
    assert (steps(report), report["stopped"]) == (["as built", "without the tunnel"], "failed")
    wrong = [cell["message"] for cell in report["steps"][1]["cells"] if cell["status"] == "failed"]
    assert wrong
    assert all("the scenario (since step 1) stands alone" in message for message in wrong)
    assert "fail_tunnel: VNet1-Site1" in lab.status(1)["changed"]
    assert "was played already" in netlab("continue", "t-loop", "--until", "as built", code=2).stderr
    report = told("continue", "-l", "t-loop", code=0)
    assert (steps(report), report["stopped"]) == (["with it"], "")
    assert lab.status() == {}
    assert "stays at no step" in netlab("continue", "t-loop", code=2).stderr


def test_the_story_is_put_back(lab: Lab) -> None:
    report = told("verify", "t-loop", "--until", "without the tunnel", "--keep", code=1)
    assert report["stopped"] == "until"
    assert "1 action put back" in netlab("reset", "story", "-l", "t-loop").stderr
    assert lab.status() == {}
    assert "did you mean `with it`?" in netlab("verify", "t-loop", "--until", "with", code=2).stderr


def test_an_interrupted_verify_reports_what_it_has_measured(lab: Lab) -> None:
    running = Running("verify", "t-loop", "-f", "json")
    assert running.progress(2)[1] == "without the tunnel"
    running.signal(signal.SIGINT)
    report = json.loads(running.end(130).stdout)
    assert (steps(report), report["stopped"]) == (["as built"], "interrupted")
    assert lab.status() == {}


def test_an_impaired_link_is_a_change(lab: Lab) -> None:
    netlab("impair", "Site1", "--rate", "50mbit", "-l", "t-loop")
    assert "link Site1 is impaired" in lab.status(1)["changed"]
    netlab("impair", "Site1", "--reset", "-l", "t-loop")
    assert lab.status() == {}


def test_a_status_is_watched_until_a_signal(lab: Lab) -> None:
    running = Running("status", lab.name, "--watch", "-f", "json")
    wait_until(lambda: running.printed().count('"healthy": true') >= 2, 60, lambda: "nothing was printed twice")
    running.signal(signal.SIGINT)
    running.end(130)


def test_it_asks_before_each_step_and_q_ends_with_what_was_measured(lab: Lab) -> None:
    assert "no terminal" in cold("verify", lab.name, "--step", code=2, stdin=subprocess.DEVNULL).stderr
    person, terminal = pty.openpty()
    try:
        os.write(person, b"\nq\n")
        done = cold("verify", lab.name, "--step", "-f", "json", code=130, stdin=terminal)
    finally:
        os.close(person)
        os.close(terminal)
    report = json.loads(done.stdout)
    assert (steps(report), report["stopped"]) == (["as built"], "interrupted")
    assert "next, step 1 of 3: as built\n  no action, measures only\n" in done.stderr
    assert "next, step 2 of 3: without the tunnel\n  fail_tunnel: VNet1-Site1\n" in done.stderr
    assert lab.status() == {}
