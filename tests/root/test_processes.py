"""Processes: found, asked to end, killed, and those of others left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from netlab.machine import (
    daemons,
    namespaces,
    processes,
)
from netlab.machine.waiting import wait_until
from netlab.plan.model import Plan
from netlab.plan.names import lab_directory

READY = "import sys; print('ready', flush=True); sys.stdin.read()"
POLITE = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(open('asked', 'x').close())); " + READY
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY


Children = list[subprocess.Popen[bytes]]


@pytest.fixture
def children() -> Iterator[Children]:
    """Children of the test, which all end with it."""
    found: Children = []
    yield found
    for child in found:
        child.kill()
        child.communicate()


def child(children: Children, program: str, cwd: Path) -> processes.Process:
    """A Python that waits, once it does, marked as what netlab starts."""
    popen = waiting(children, program, cwd, {**os.environ, processes.MARK: str(cwd)})
    (found,) = (process for _, process in processes.under(str(cwd)) if process.pid == popen.pid)
    return found


def waiting(children: Children, program: str, cwd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A Python that waits, once it does, in a session of its own."""
    popen = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    children.append(popen)
    assert popen.stdout is not None
    assert popen.stdout.readline() == b"ready\n"
    return popen


def test_a_process_is_asked_to_end(children: Children, tmp_path: Path) -> None:
    found = child(children, POLITE, tmp_path)
    assert found.alive()
    assert processes.stop([found]) == []
    assert not found.alive()
    assert (tmp_path / "asked").exists()


def test_a_process_that_will_not_end_is_killed(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_TERM_SECONDS", 0.05)
    found = child(children, STUBBORN, tmp_path)
    assert processes.stop([found]) == []
    assert not found.alive()


def test_a_process_that_got_the_pid_of_another_is_left_alone(children: Children, tmp_path: Path) -> None:
    """A pid is only the same process with the same start time."""
    found = child(children, READY, tmp_path)
    gone = replace(found, start_time=found.start_time - 1)
    assert not gone.alive()
    assert processes.stop([gone]) == []
    assert found.alive()


def test_a_process_that_is_gone_is_stopped(tmp_path: Path) -> None:
    gone = processes.start(["true"], str(tmp_path))
    assert processes.stop([gone]) == []


def test_processes_are_found_by_their_directory(children: Children, tmp_path: Path) -> None:
    places = [tmp_path / "lab", tmp_path / "lab" / "node", tmp_path / "lab-2"]
    for place in places:
        place.mkdir()
    found = {place: child(children, READY, place) for place in places}
    lab = str(places[0])
    assert sorted(processes.under(lab), key=lambda pair: pair[0]) == [
        (str(place), found[place]) for place in places[:2]
    ]
    (places[1]).rmdir()
    assert (str(places[1]), found[places[1]]) in processes.under(lab), "the directory is gone, its process is not"


def test_a_process_is_found_as_soon_as_it_is_started(tmp_path: Path) -> None:
    """Else `up` that is interrupted then would leave it behind."""
    for _ in range(50):
        started = processes.start(["sleep", "1000"], str(tmp_path))
        assert [process.pid for _, process in processes.under(str(tmp_path))] == [started.pid]
        assert processes.stop([started]) == []


def test_what_a_user_started_in_a_run_directory_is_left_alone(children: Children, planned: Plan) -> None:
    """As a shell whose user reads the logs. It is like a daemon in all but the mark: it leads a session, too."""
    node = planned.nodes[0]
    directory = Path(lab_directory(planned.lab), "daemon")
    directory.mkdir()
    shell = waiting(children, READY, directory, dict(os.environ))
    # In the host's namespace, as the controller is, and with a child of its own.
    outside = processes.start(["sh", "-c", "sleep 1000 & wait"], str(directory))
    inside = processes.start(["sleep", "1000"], str(directory), node.netns)

    def names() -> list[str]:
        return sorted(process.name for _, process in processes.under(str(directory)))

    wait_until(lambda: names() == ["sh", "sleep", "sleep"], 5, lambda: f"found {names()}")
    assert daemons.stop_all(planned.lab) == []
    assert shell.poll() is None
    assert not outside.alive()
    assert not inside.alive()
    assert names() == []


def test_a_child_that_has_not_begun_its_own_program_is_no_second_daemon(planned: Plan) -> None:
    directory = Path(lab_directory(planned.lab), "vnet1-gw-0")
    directory.mkdir(parents=True)
    started = processes.start([sys.executable, "-c", "import os, time; os.fork(); time.sleep(1000)"], str(directory))
    try:
        wait_until(lambda: len(processes.under(str(directory))) == 2, 10, lambda: "no child")
        assert daemons.running(planned.lab) == (("vnet1-gw-0", started.name),)
    finally:
        processes.kill([process for _, process in processes.under(str(directory))])


def test_processes_are_found_by_their_namespace(netns: str, prefix: str, tmp_path: Path) -> None:
    namespaces.create([f"{prefix}other"])
    started = processes.start(["sleep", "1000"], str(tmp_path), netns)
    try:
        assert processes.inside([netns]) == [started]
        assert processes.inside([f"{prefix}other", f"{prefix}nothing"]) == []
        assert processes.inside([]) == []
    finally:
        assert processes.stop([started]) == []
    assert processes.inside([netns]) == []


def test_a_daemon_is_not_in_the_terminals_session_and_writes_to_its_directory(tmp_path: Path) -> None:
    started = processes.start(["sh", "-c", "echo said; echo wrong >&2; exec sleep 1000"], str(tmp_path))
    try:
        assert os.getsid(started.pid) == started.pid
        wait_until(lambda: (tmp_path / "sh.out").read_text() == "said\nwrong\n", 5, lambda: "nothing was said")
    finally:
        assert processes.stop([started]) == []


def test_a_daemon_blocks_no_signal_that_its_starter_blocks(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    try:
        found = processes.start(["sleep", "60"], str(tmp_path))
        mine = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    status = Path(f"/proc/{found.pid}/status").read_text().splitlines()
    processes.kill([found])
    (blocked,) = (int(line.split()[1], 16) for line in status if line.startswith("SigBlk"))
    assert blocked == 0
    assert signal.SIGHUP in mine


def test_a_program_that_is_not_there_is_an_error(netns: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        processes.start(["/no/such/program"], str(tmp_path), netns)
