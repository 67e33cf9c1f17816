"""`up` and `verify` killed and interrupted at every step: what is left can be removed, or nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess

import pytest
from labs import RUN, end, ended_well, names, netlab, progress, start, up

pytestmark = pytest.mark.usefixtures("host_unchanged")

# BGP, a site and clients: every step there is, but impaired links.
SCENARIO = "p2s-branch-bgp"
STEPS = (
    "network namespaces",
    "links, addresses and routes",
    "IKE and routing daemons",
    "tunnel interfaces",
    "keys and connections",
    "SDN controller",
    "security associations",
    "BGP daemons",
    "BGP sessions and routes",
    "VNet route tables",
    "point-to-site clients",
)
SEED = 20
# A lab is up after 1.5 to 3 seconds: some of these kill a netlab that has hardly begun, some a finished one.
DELAYS = [random.Random(SEED + number).uniform(0, 2.2) for number in range(20)]


def building(lab: str, steps: int) -> subprocess.Popen[str]:
    """An `up` that has begun this many steps."""
    process = start("up", SCENARIO, "--name", lab)
    lines = progress(process, steps)
    assert [line.split("  ")[-1].strip() for line in lines] == list(STEPS[:steps])
    return process


def remove(lab: str, verb: str) -> None:
    """Remove what a killed `up` left, with `down`, or with `gc`, which is to leave a finished lab alone."""
    if verb == "gc":
        netlab("gc")
        finished = lab in names() and (RUN / lab / "journal").read_text().endswith("\nup\n")
        if not finished:
            return
    netlab("down", lab)


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1), ids=lambda steps: STEPS[steps - 1])
def test_killed_at_a_step(steps: int) -> None:
    lab = "t-killed-step"
    process = building(lab, steps)
    process.kill()
    assert end(process).returncode == -signal.SIGKILL
    remove(lab, "down" if steps % 2 else "gc")
    assert lab not in names()


@pytest.mark.parametrize(("number", "delay"), enumerate(DELAYS), ids=lambda value: f"{value:.3f}")
def test_killed_at_any_time(number: int, delay: float) -> None:
    lab = "t-killed"
    process = start("up", SCENARIO, "--name", lab, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(delay)
    process.kill()
    assert process.wait() in (0, -signal.SIGKILL)
    remove(lab, ("down", "gc")[number % 2])
    assert lab not in names()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7, 9, 11], ids=lambda steps: STEPS[steps - 1])
def test_interrupted_at_a_step_nothing_is_left(steps: int, number: signal.Signals) -> None:
    """A terminal sends its signal to all that a command started; `kill` to the command alone."""
    lab = "t-interrupted"
    process = building(lab, steps)
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    done = end(process)
    ended_well(done, 130)
    assert done.stderr.splitlines()[-1] == "netlab: interrupted"
    assert lab not in names()


@pytest.mark.parametrize("steps", [3, 9, 11], ids=lambda steps: STEPS[steps - 1])
def test_interrupted_again_and_again(steps: int) -> None:
    """Further signals do not disturb the way back."""
    lab = "t-interrupted-twice"
    process = building(lab, steps)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        os.killpg(process.pid, number)
    ended_well(end(process), 130)
    assert lab not in names()


def test_a_killed_verify_is_put_back_by_the_next() -> None:
    with up(SCENARIO, "t-killed-verify") as lab:
        process = start("verify", lab.name, "-f", "json")
        progress(process, 4)
        process.kill()
        assert end(process).returncode == -signal.SIGKILL
        changed = json.loads((lab.directory / "story.json").read_text())
        assert [next(iter(action)) for action in changed[:2]] == ["add_route", "withdraw"]
        assert lab.verify()["summary"]["failed"] == 0
        assert json.loads((lab.directory / "story.json").read_text()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_verify_puts_its_story_back(number: signal.Signals) -> None:
    with up(SCENARIO, "t-interrupted-verify") as lab:
        before = lab.ip("win", "route")
        process = start("verify", lab.name)
        progress(process, 3)
        process.send_signal(number)
        ended_well(end(process), 130)
        assert json.loads((lab.directory / "story.json").read_text()) == []
        assert lab.ip("win", "route") == before
        assert lab.verify()["summary"]["failed"] == 0


def test_an_interrupted_test_removes_its_lab() -> None:
    process = start("test", SCENARIO)
    while "as connected" not in (line := progress(process, 1)[0]):
        assert line
    process.send_signal(signal.SIGTERM)
    ended_well(end(process), 130)
    assert SCENARIO not in names()
