"""Building with a way back: whatever fails or interrupts, at whatever step, nothing is left."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from machine import (
    ALIVE,
    BGPD,
    CLIENTS,
    CONTROLLER,
    DAEMONS,
    KEY,
    LAB,
    LINKS,
    NAMESPACES,
    SAS,
    TITLES,
    Fake,
    gone,
    journal,
    loaded,
    planned,
    up,
)

from netlab.azure.moments import initial
from netlab.errors import BuildError, ConvergeError, HostError, LabError, NetlabError, UsageError
from netlab.lab.build import engine, keys, records
from netlab.lab.build import journal as journals
from netlab.lab.build.settling import await_bgp
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Scenario

# What is made last is unmade first.
STOPS = (BGPD, CONTROLLER, DAEMONS)


def requests() -> list[str]:
    """What an `up` that succeeds asks of the machine, in order."""
    machine = Fake()
    up(machine)
    engine.down(LAB, Fake().ports)
    return machine.asked


# --- up that succeeds -----------------------------------------------------------------------------------------------


def test_up_takes_every_step_in_order_and_says_so(root: Path) -> None:
    machine, said = Fake(), []
    up(machine, said)
    assert tuple(said) == TITLES
    assert tuple(dict.fromkeys(machine.asked)) == TITLES
    assert machine.labs.namespaces == {node.netns for node in planned().nodes}
    assert journals.is_up(LAB)
    assert records.read(LAB).plan == planned()


def test_bgp_has_settled_only_with_the_right_as_paths() -> None:
    """Which a kernel route does not tell."""
    machine, state = Fake(), initial(loaded().scenario)
    up(machine)
    await_bgp(planned(), state, machine.ports)
    machine.bgp.deaf = True
    with pytest.raises(ConvergeError, match=r"vnet1-gw-0: the AS path to 10\.101\.0\.0/16 is none, not 65101"):
        await_bgp(planned(), state, machine.ports, seconds=0.05)


def test_bgp_has_settled_only_when_a_router_that_stopped_has_lost_what_it_learned() -> None:
    """Its own hold time ends later than that of its peers."""
    machine = Fake()
    up(machine)
    # Another state than the one that everybody asks.
    state = replace(initial(loaded().scenario))
    # As of a virtual machine that is stopped: it is no speaker.
    paths = {node: paths for node, paths in state.bgp.paths.items() if node != "site1"}
    vars(state)["bgp"] = replace(state.bgp, paths=paths)
    with pytest.raises(ConvergeError, match=r"site1: is stopped and still has a BGP route to 10\.1\.0\.0/16"):
        await_bgp(planned(), state, machine.ports, seconds=0.05)


def test_a_lab_without_impaired_links_has_no_such_step() -> None:
    scenario = load("p2s-branch-bgp").scenario
    found = engine.steps(plan(scenario, LAB), scenario, {}, Fake().ports)
    assert tuple(step.title for step in found) == tuple(title for title in TITLES if title != LINKS)


def test_each_step_is_in_the_journal_before_it_is_taken() -> None:
    machine = Fake()
    up(machine)
    for asked, written in zip(machine.asked, machine.log.journal, strict=True):
        assert written == list(TITLES[: TITLES.index(asked) + 1])
    assert journal() == [*TITLES, "up"]


def test_keys_are_roots_alone_and_in_no_other_file(root: Path) -> None:
    machine = Fake()
    up(machine)
    directory = root / LAB
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("secrets.json", "scenario.yaml"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    written = json.loads((directory / "secrets.json").read_text())
    assert written == machine.ike.secrets
    assert set(written) == set(planned().secrets)
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in ("secrets.json", "scenario.yaml"):
            assert not any(key in path.read_text() for key in written.values()), path
    assert json.loads((directory / "lab.json").read_text()) == {
        "lab": LAB,
        "scenario": "p2s-branch-bgp",
        "data_plane": "userspace",
        "time_scale": 20,
    }


def test_a_key_that_the_file_gives_is_taken_and_the_others_are_new_and_distinct() -> None:
    """R30, R31."""
    one, other = (keys.pre_shared_keys(loaded().scenario, planned().secrets) for _ in range(2))
    ends = ("ipsec:VNet1-Site1:VNet1", "ipsec:VNet1-Site1:Site1")
    assert {found[end] for found in (one, other) for end in ends} == {KEY}
    made = [key for found in (one, other) for name, key in found.items() if name not in ends]
    assert len(made) == len(set(made)) == 4
    assert all(len(key) >= 32 and key.isalnum() for key in made)


@pytest.mark.parametrize(("other_end", "same"), [(None, True), ({"shared_key": "wrong"}, False)])
def test_both_ends_have_the_generated_key_unless_one_is_given_another(other_end: object, same: bool) -> None:
    data = loaded().scenario.model_dump(exclude_unset=True)
    data["connections"]["VNet1-Site1"] |= {"shared_key": None, "other_end": other_end}
    made = keys.pre_shared_keys(Scenario.model_validate(data), planned().secrets)
    assert (made["ipsec:VNet1-Site1:VNet1"] == made["ipsec:VNet1-Site1:Site1"]) is same


# --- up that fails --------------------------------------------------------------------------------------------------


def expected_way_back(asked: str) -> list[str]:
    """What undoes an `up` that came as far as a request, last things first."""
    taken = TITLES[: TITLES.index(asked) + 1]
    return ["stop" for title in STOPS if title in taken] + ["remove namespaces"]


def at_every_request(error: Callable[[], BaseException], root: Path) -> Iterator[tuple[str, Any]]:
    """An `up` that fails at each request in turn: the request, and what was raised in the end."""
    for number, asked in enumerate(requests(), 1):
        machine = Fake(number, error())
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            up(machine)
        gone(machine, root)
        assert machine.asked[number:] == expected_way_back(asked), asked
        yield asked, raised.value


def test_there_are_requests_at_every_step() -> None:
    assert set(requests()) == set(TITLES)


def test_a_failure_is_undone_in_reverse_and_named_with_its_step(root: Path) -> None:
    for asked, raised in at_every_request(lambda: BuildError("no such thing", "do this"), root):
        assert type(raised) is BuildError
        assert (str(raised), raised.hint) == (f"{asked}: no such thing", "do this")


@pytest.mark.parametrize("kind", [ConvergeError, HostError])
def test_a_failure_keeps_its_kind(kind: type[NetlabError]) -> None:
    """Exit code 3 and 4 are told apart by it."""
    with pytest.raises(kind, match=f"{NAMESPACES}: no such thing"):
        up(Fake(1, kind("no such thing")))


def test_a_failure_of_the_system_is_undone_and_named_with_its_step(root: Path) -> None:
    for asked, raised in at_every_request(lambda: OSError(28, "No space left on device"), root):
        assert type(raised) is BuildError
        assert str(raised) == f"{asked}: [Errno 28] No space left on device"


def test_an_interruption_is_undone_and_passed_on(root: Path) -> None:
    for _, raised in at_every_request(KeyboardInterrupt, root):
        assert type(raised) is KeyboardInterrupt


def test_a_mistake_of_ours_is_undone_and_passed_on(root: Path) -> None:
    machine = Fake(requests().index(CLIENTS) + 1, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        up(machine)
    gone(machine, root)


@pytest.mark.parametrize("first", [ConvergeError("no answer"), KeyboardInterrupt()])
def test_what_failed_first_is_raised_though_a_process_would_not_go(first: BaseException, root: Path) -> None:
    machine = Fake(requests().index(SAS) + 1, first)
    machine.daemons.stubborn = ["charon (1)"]
    said: list[str] = []
    with pytest.raises(type(first)):
        up(machine, said)
    assert said[-1] == "these processes of lab lab do not end: charon (1)"
    assert machine.labs.namespaces == set()
    assert not root.exists()


@pytest.mark.parametrize(
    ("directory", "daemon", "words"),
    [
        ("netlab-sdn", "netlab-sdn", "netlab-sdn of the lab is dead"),
        ("vnet1-gw-0", "bgpd", "bgpd of vnet1-gw-0 is dead"),
        ("site1-edge-vnet1-site1", "charon-systemd", "charon-systemd of site1-edge-vnet1-site1 is dead"),
    ],
)
def test_a_daemon_that_died_when_all_was_built_fails_up(directory: str, daemon: str, words: str, root: Path) -> None:
    machine = Fake()
    machine.daemons.dying = {(directory, daemon)}
    with pytest.raises(BuildError, match=f"{ALIVE}: {words}"):
        up(machine)
    gone(machine, root)


def test_after_a_failure_the_same_lab_can_be_built(root: Path) -> None:
    with pytest.raises(BuildError):
        up(Fake(3, BuildError("once")))
    up(Fake())
    assert journals.is_up(LAB)


# --- up that is refused ---------------------------------------------------------------------------------------------


def test_a_lab_of_that_name_is_refused_and_left_alone(root: Path) -> None:
    machine = Fake()
    up(machine)
    before = {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()}
    namespaces, asked = set(machine.labs.namespaces), list(machine.asked)
    with pytest.raises(UsageError, match="a lab called lab exists already"):
        up(machine)
    assert {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()} == before
    assert (machine.labs.namespaces, machine.asked) == (namespaces, asked)
    assert journals.is_up(LAB)


def test_namespaces_that_nobody_owns_are_refused_and_left_alone(root: Path) -> None:
    machine = Fake()
    machine.labs.namespaces = {"nl.lab.vnet1"}
    with pytest.raises(BuildError, match=r"nl\.lab\.vnet1 exists already"):
        up(machine)
    assert machine.labs.namespaces == {"nl.lab.vnet1"}
    assert machine.asked == []
    assert not root.exists()


def test_a_run_directory_that_cannot_be_made_is_refused(root: Path) -> None:
    root.write_text("a file in the way")
    machine = Fake()
    with pytest.raises(HostError, match="cannot make the run directory"):
        up(machine)
    assert machine.asked == []


# --- down -----------------------------------------------------------------------------------------------------------


def test_down_removes_everything_and_works_twice(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.asked.clear()
    assert engine.down(LAB, machine.ports)
    assert machine.asked == ["stop", "remove namespaces"]
    gone(machine, root)
    assert not engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_leaves_other_labs_alone(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.labs.namespaces.add("nl.lab-2.vnet1")
    (root / "lab-2").mkdir()
    engine.down(LAB, machine.ports)
    assert machine.labs.namespaces == {"nl.lab-2.vnet1"}
    assert [path.name for path in root.iterdir()] == ["lab-2"]


@pytest.mark.parametrize("damage", ["", "{", "\x00", None])
def test_down_needs_no_state(damage: str | None, root: Path) -> None:
    machine = Fake()
    up(machine)
    for name in ("lab.json", "scenario.yaml", "journal", "secrets.json"):
        (root / LAB / name).unlink()
        if damage is not None:
            (root / LAB / name).write_text(damage)
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_finds_namespaces_without_a_run_directory(root: Path) -> None:
    machine = Fake()
    machine.labs.namespaces = {"nl.lab.vnet1"}
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_says_which_processes_do_not_end_and_keeps_the_rest_for_another_try(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.daemons.stubborn = ["charon (1)"]
    with pytest.raises(BuildError, match=r"do not end: charon \(1\)"):
        engine.down(LAB, machine.ports)
    assert (root / LAB).is_dir()
    machine.daemons.stubborn = []
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_waits_for_nobody_who_is_at_work_on_the_lab(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.asked.clear()
    with records.locked(LAB), pytest.raises(LabError, match="another netlab is at work"):
        engine.down(LAB, machine.ports)
    assert machine.asked == []
