"""`up` and `verify` killed and interrupted at every step: what is left can be removed, or nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from labs import CHECKOUT, NETLAB, RUN, Lab, Running, names, netlab, up

from netlab.machine.waiting import wait_until

pytestmark = pytest.mark.usefixtures("host_unchanged")


@pytest.fixture
def lab(host_unchanged: None) -> Iterator[str]:
    """The name of a lab, of which a failing test leaves nothing to the next one."""
    yield "t-crash"
    if "t-crash" in names():
        netlab("down", "t-crash")


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
    "daemons at work",
)
SEED = 20
# A lab is up after 1.5 to 3 seconds: some of these kill a netlab that has hardly begun, some a finished one.
DELAYS = [random.Random(SEED + number).uniform(0, 2.2) for number in range(8)]


def building(lab: str, steps: int) -> Running:
    """An `up` that has begun this many steps."""
    running = Running("up", SCENARIO, "--name", lab)
    assert running.progress(steps) == list(STEPS[:steps])
    return running


def remove(lab: str, verb: str) -> None:
    """Remove what a killed `up` left, with `down`, or with `gc`, which is to leave a finished lab alone."""
    if verb == "gc":
        netlab("gc")
        finished = lab in names() and (RUN / lab / "journal").read_text().endswith("\nup\n")
        if not finished:
            return
    netlab("down", lab)


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1), ids=lambda steps: STEPS[steps - 1])
def test_killed_at_a_step(lab: str, steps: int) -> None:
    running = building(lab, steps)
    running.signal(signal.SIGKILL)
    running.end(-signal.SIGKILL)
    remove(lab, "down" if steps % 2 else "gc")
    assert lab not in names()


@pytest.mark.parametrize(("number", "delay"), list(enumerate(DELAYS)), ids=lambda value: f"{value:.3f}")
def test_killed_at_any_time(lab: str, number: int, delay: float) -> None:
    command = [NETLAB, "up", SCENARIO, "--name", lab]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(delay)
    process.kill()
    assert process.wait() in (0, -signal.SIGKILL)
    remove(lab, ("down", "gc")[number % 2])
    assert lab not in names()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7, 9, 11], ids=lambda steps: STEPS[steps - 1])
def test_interrupted_at_a_step_nothing_is_left(lab: str, steps: int, number: signal.Signals) -> None:
    running = building(lab, steps)
    if number is signal.SIGINT:
        running.signal_all(number)
    else:
        running.signal(number)
    assert running.end(130).stderr.splitlines()[-1] == "netlab: interrupted"
    assert lab not in names()


@pytest.mark.parametrize(("number", "delay"), list(enumerate(DELAYS[:10])), ids=lambda value: f"{value:.3f}")
def test_interrupted_at_any_time_nothing_is_left(lab: str, number: int, delay: float) -> None:
    """At any time after its beginning: what a step does may be interrupted everywhere."""
    running = building(lab, 1)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(delay / 2)
    if running.process.poll() is None:
        running.signal_all((signal.SIGINT, signal.SIGTERM)[number % 2])
    if running.end(130, 0).returncode == 0:
        netlab("down", lab)  # it was faster
    assert lab not in names()


@pytest.mark.parametrize("steps", [3, 9, 11], ids=lambda steps: STEPS[steps - 1])
def test_interrupted_again_and_again(lab: str, steps: int) -> None:
    """Further signals do not disturb the way back."""
    running = building(lab, steps)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        running.signal_all(number)
    running.end(130)
    assert lab not in names()


def test_a_killed_verify_is_put_back_by_the_next() -> None:
    with up(SCENARIO, "t-killed-verify") as lab:
        running = Running("verify", lab.name, "-f", "json")
        running.progress(4)
        running.signal(signal.SIGKILL)
        running.end(-signal.SIGKILL)
        changed = json.loads((lab.directory / "story.json").read_text())
        assert [next(iter(action)) for action in changed[:2]] == ["add_route", "withdraw"]
        assert lab.verify()["summary"]["failed"] == 0
        assert json.loads((lab.directory / "story.json").read_text()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_verify_puts_its_story_back(number: signal.Signals) -> None:
    with up(SCENARIO, "t-interrupted-verify") as lab:
        before = lab.ip("win", "route")
        running = Running("verify", lab.name)
        running.progress(3)
        running.signal(number)
        running.end(130)
        assert json.loads((lab.directory / "story.json").read_text()) == []
        assert lab.ip("win", "route") == before
        assert lab.verify()["summary"]["failed"] == 0


@pytest.mark.parametrize(("failovers", "delay"), [(1, 0.3), (2, 1.0)])
def test_a_failover_that_is_killed_half_way_is_finished_by_the_next_verify(failovers: int, delay: float) -> None:
    """With one failover the lab is to go back, with two it is back and yet only half of it is."""
    # A busy machine took a second for what takes a tenth, and the story leaves it five of Azure's.
    with up("gateway-active-standby-failover", "t-killed-failover", "--time-scale", "3") as lab:
        running = Running("verify", lab.name)
        story = lab.directory / "story.json"
        wait_until(lambda: story.exists() and story.read_text().count("fail_gateway") == failovers, 60, lambda: "no")
        time.sleep(delay)
        running.signal(signal.SIGKILL)
        running.end(-signal.SIGKILL)
        assert lab.verify()["summary"]["failed"] == 0


@pytest.mark.parametrize(
    ("steps", "directory", "program", "words"),
    [
        (4, "vnet1-gw-0", "zebra", "zebra of vnet1-gw-0 (is dead|has ended)"),
        (9, "vnet1-gw-0", "zebra", "zebra of vnet1-gw-0 is dead"),
        (9, "vnet1-gw-0", "bgpd", "bgpd of vnet1-gw-0 (is dead|has ended)"),
        (9, "netlab-sdn", "netlab-sdn", "(the SDN controller has ended|netlab-sdn of the lab is dead)"),
    ],
)
def test_a_daemon_that_dies_fails_up_at_once(lab: str, steps: int, directory: str, program: str, words: str) -> None:
    """Long before the two minutes that a daemon may take, and by its name; `up` itself stands still while it dies."""
    running = building(lab, steps)
    began = time.monotonic()
    running.signal(signal.SIGSTOP)
    for pid in wait_for(lambda: Lab(lab).pids(directory, program)):
        os.kill(pid, signal.SIGKILL)
    running.signal(signal.SIGCONT)
    assert re.search(words, running.end(4).stderr)
    assert time.monotonic() - began < 30
    assert lab not in names()


def wait_for(look: Callable[[], list[int]]) -> list[int]:
    """What there is, as soon as there is something."""
    wait_until(lambda: bool(look()), 60, lambda: "nothing came")
    return look()


def test_an_interrupted_test_removes_its_lab() -> None:
    running = Running("test", SCENARIO)
    while running.progress() != ["as connected"]:
        pass
    running.signal(signal.SIGTERM)
    running.end(130)
    assert SCENARIO not in names()


def test_a_test_interrupted_while_it_removes_its_lab_goes_on_with_that() -> None:
    running = Running("test", "s2s-static")
    while running.progress() != ["removing s2s-static"]:
        pass
    running.signal_all(signal.SIGINT)
    running.end(130)
    assert "s2s-static" not in names()


def test_killed_in_any_verb_nothing_is_left() -> None:
    """Each verb of a lab once; `make reliability` kills hundreds."""
    command = [CHECKOUT / "scripts/reliability", "kills", "--count", "23", "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["kills"]
    assert (found["kills"], found["left"]) == (23, [])
    assert all(row["kills"] == 1 for row in found["verbs"].values())


def test_a_soak_says_what_became_of_a_lab() -> None:
    """For a moment; `make reliability` takes half an hour for each of two large ones."""
    command = [CHECKOUT / "scripts/reliability", "soak", "hubsites", "1", "--minutes", "0.05"]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["soaks"]
    assert (found["flaps"], found["unhealthy"]) == (0, [])
