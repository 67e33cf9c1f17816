"""A command in namespaces of its own: it finds its text, sees no labs, and leaves nothing, whatever is killed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from netlab.errors import HostError
from netlab.machine import isolation
from netlab.machine.waiting import wait_until

CHECKOUT = Path(__file__).parents[2]
# A lab's namespace with a process in it, as of a lab that is up.
LAB = "mkdir /run/netlab; ip netns add nl.x.a; ip netns exec nl.x.a sleep 4711 & ip netns list; cat /run/isolated.yaml"


def test_a_command_has_its_text_and_leaves_neither_namespace_nor_process(host_unchanged: None) -> None:
    ended = isolation.run(("bash", "-c", LAB), "name: x\n", lambda: True)
    assert ended is not None
    assert (ended.code, ended.output, ended.errors) == (0, "nl.x.a\nname: x\n", "")
    assert not _sleeping()


def test_its_exit_code_is_told() -> None:
    ended = isolation.run(("bash", "-c", "echo why >&2; exit 4"), "", lambda: True)
    assert ended is not None
    assert (ended.code, ended.errors) == (4, "why\n")


def test_what_is_wanted_no_more_is_killed(host_unchanged: None) -> None:
    looks = iter((True, True, True))
    assert isolation.run(("sleep", "4711"), "", lambda: next(looks, False)) is None
    _await_none()


def test_it_ends_with_the_process_that_started_it(host_unchanged: None) -> None:
    code = "from netlab.machine import isolation; isolation.run(('sleep', '4711'), '', lambda: True)"
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen((sys.executable, "-c", code), env=environment) as process:
        wait_until(lambda: bool(_sleeping()), 20, lambda: "it does not begin")
        process.kill()
    _await_none()


def test_a_machine_is_claimed_once_and_nothing_of_it_is_left() -> None:
    held = isolation.claim()
    with pytest.raises(HostError, match="another worker"):
        isolation.claim()
    isolation.release(held)
    isolation.release(isolation.claim())
    assert not Path("/run/netlab-campaign.lock").exists()


def test_the_claim_of_a_killed_worker_hinders_nobody() -> None:
    os.close(isolation.claim())
    assert Path("/run/netlab-campaign.lock").exists()
    isolation.release(isolation.claim())


def test_a_claim_on_a_file_that_its_owner_removes_meanwhile_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a third process would have the machine, too: it makes a new file."""
    first, locked = isolation.claim(), []

    def lock(descriptor: int, operation: int) -> None:
        if not locked:
            isolation.release(first)
        locked.append(descriptor)
        fcntl.flock(descriptor, operation)

    monkeypatch.setattr("netlab.machine.isolation.fcntl", SimpleNamespace(**{**vars(fcntl), "flock": lock}))
    second = isolation.claim()
    assert os.fstat(second).st_ino == Path("/run/netlab-campaign.lock").stat().st_ino
    isolation.release(second)


def _sleeping() -> list[Path]:
    return [p for p in Path("/proc").glob("[0-9]*/cmdline") if _bytes(p) == b"sleep\x004711\x00"]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _await_none() -> None:
    wait_until(lambda: not _sleeping(), 20, lambda: "it still runs")
