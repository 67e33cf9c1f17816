"""A campaign over a scheduler and three workers, each in namespaces as a host of its own: one is killed, one is slow,
one has no strongSwan; the scheduler is restarted; everything is killed, and the campaign goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client

from netlab.machine import processes
from netlab.machine.processes import Process

HUB = "198.18.0.1"
PORT = 8786
SCHEDULER = f"tcp://{HUB}:{PORT}"
NETLAB = (sys.executable, "-c", "from netlab.cli import main; main()")
FILE = "{name: small, scenarios: [s2s-static, vpn-nat-bgp], data_planes: [userspace], time_scales: [20, 30]}"
LABS = 4
# A host has its own name, processes, /run, and nothing of the labs of others.
HOST = """
hostname "$0"
mount -t tmpfs tmpfs /run
while :; do
    "$@" || :
    [ ! -e /run/left ] || exit 0
done
"""
WITHOUT_STRONGSWAN = "mount -t tmpfs tmpfs /usr/lib/ipsec"
SPACES = ("unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child")
PATIENCE = 120.0


@dataclass
class Hosts:
    """Hosts on one Ethernet: that of the scheduler is the test's own."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_scheduler(self) -> None:
        command = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", HUB, "--port", str(PORT))
        self._start("scheduler", (*command, "--no-dashboard"))

    def start_worker(self, name: str, prelude: str = ":", *, again: bool = False) -> None:
        """A worker with one thread; with ``again`` it is started again when it ends, as systemd does it."""
        command = (sys.executable, "-m", "distributed.cli.dask_worker", SCHEDULER, "--nthreads", "1", "--no-nanny")
        lasting = HOST if again else HOST.replace('"$@" || :', 'exec "$@"')
        inside = ("bash", "-euc", f"{prelude}\n{lasting}", name, *command, "--no-dashboard", "--name", name)
        self._start(name, ("ip", "netns", "exec", name, *SPACES, *inside))

    def _start(self, name: str, command: tuple[str, ...]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self, name: str) -> None:
        """Kill a host with all of its processes."""
        process = self.running.pop(name)
        process.kill()
        process.wait()


@pytest.fixture
def hosts(tmp_path: Path, host_unchanged: None) -> Iterator[Hosts]:
    found, names = Hosts(tmp_path), ("one", "two", "three")
    with contextlib.ExitStack() as stack:
        _ip("link", "add", "hub", "type", "bridge")
        stack.callback(_ip, "link", "del", "hub")
        _ip("address", "add", f"{HUB}/24", "dev", "hub")
        _ip("link", "set", "hub", "up")
        for number, name in enumerate(names, 2):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            _ip("link", "add", f"to-{name}", "master", "hub", "type", "veth", "peer", "eth0", "netns", name)
            # A namespace goes some time after its name.
            stack.callback(_ip, "link", "del", f"to-{name}")
            _ip("link", "set", f"to-{name}", "up")
            _ip("-n", name, "address", "add", f"198.18.0.{number}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        stack.callback(lambda: [found.kill(name) for name in tuple(found.running)])
        yield found


def _ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True)


@contextlib.contextmanager
def campaign(folder: Path, *options: str, text: str = FILE) -> Iterator[subprocess.Popen[str]]:
    """A campaign that is at work; what it printed is in two files."""
    (folder / "small.yaml").write_text(text)
    command = (*NETLAB, "campaign", str(folder / "small.yaml"), "-f", "json", *options)
    with (folder / "output").open("w") as output, (folder / "errors").open("w") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended(folder: Path, process: subprocess.Popen[str], code: int) -> dict[str, Any]:
    """What a campaign found, when it has ended with this exit code."""
    assert process.wait(PATIENCE * 2) == code, (folder / "errors").read_text()
    found: dict[str, Any] = json.loads((folder / "output").read_text())
    return found


def await_(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


def at_work() -> list[str]:
    """The names of the workers that build a lab now."""
    with Client(SCHEDULER, timeout=PATIENCE, set_as_default=False) as client:
        names = {address: worker["name"] for address, worker in client.scheduler_info()["workers"].items()}
        return [names[address] for address, tasks in client.processing().items() if tasks and address in names]


def verdicts(found: dict[str, Any]) -> list[str]:
    return [lab["verdict"] for lab in found["labs"]]


def test_one_worker_is_killed_one_is_slow_and_one_has_no_strongswan(hosts: Hosts, tmp_path: Path) -> None:
    hosts.start_scheduler()
    hosts.start_worker("one")
    hosts.start_worker("three", WITHOUT_STRONGSWAN)
    with campaign(tmp_path, "--scheduler", SCHEDULER, "--page", str(tmp_path / "page.html")) as process:
        await_(lambda: "one" in at_work())
        hosts.kill("one")
        # Nobody is there for its lab, until this one was looked at.
        hosts.start_worker("two", "renice -n 15 $$")
        found = ended(tmp_path, process, 0)
    assert verdicts(found) == ["passed"] * LABS
    assert {lab["worker"] for lab in found["labs"]} <= {"one", "two"}
    errors = (tmp_path / "errors").read_text()
    assert "three leaves: package libcharon-extra-plugins: there is no" in errors
    assert hosts.running["three"].wait(PATIENCE) is not None
    assert "all passed" in (tmp_path / "page.html").read_text()


def test_a_lab_whose_workers_die_is_tried_elsewhere_twice_and_then_is_an_error(hosts: Hosts, tmp_path: Path) -> None:
    hosts.start_scheduler()
    for name in ("one", "two", "three"):
        hosts.start_worker(name)
    text = "{name: small, scenarios: [s2s-static], data_planes: [userspace]}"
    with campaign(tmp_path, "--scheduler", SCHEDULER, text=text) as process:
        for _ in range(3):
            (name,) = await_(lambda: [name for name in at_work() if name in hosts.running])
            hosts.kill(name)
        found = ended(tmp_path, process, 4)
    (lab,) = found["labs"]
    assert (lab["verdict"], lab["messages"]) == ("error", ["its worker died, on 3 workers in turn"])


def test_a_scheduler_that_restarts_costs_no_verdict(hosts: Hosts, tmp_path: Path) -> None:
    hosts.start_scheduler()
    for name in ("one", "two"):
        hosts.start_worker(name, again=True)
    with campaign(tmp_path, "--scheduler", SCHEDULER) as process:
        await_(lambda: "passed" in (tmp_path / "errors").read_text())
        hosts.kill("scheduler")
        hosts.start_scheduler()
        found = ended(tmp_path, process, 0)
    assert verdicts(found) == ["passed"] * LABS
    said = (tmp_path / "errors").read_text()
    assert said.count("passed ") == LABS


def test_after_everything_was_killed_a_campaign_goes_on_and_repeats_nothing(
    tmp_path: Path, host_unchanged: None
) -> None:
    with campaign(tmp_path, "--labs", "1") as process:
        await_(lambda: "passed" in (tmp_path / "errors").read_text())
        _kill_tree(process.pid)
    begun = (tmp_path / "errors").read_text().count("passed ")
    assert 1 <= begun < LABS
    with campaign(tmp_path, "--labs", "1") as process:
        found = ended(tmp_path, process, 0)
    assert verdicts(found) == ["passed"] * LABS
    assert (tmp_path / "errors").read_text().count("passed ") in (LABS - begun, LABS - begun - 1)
    with campaign(tmp_path) as process:
        assert ended(tmp_path, process, 0) == found
    assert (tmp_path / "errors").read_text() == ""


def test_an_interrupted_campaign_leaves_nothing(tmp_path: Path, host_unchanged: None) -> None:
    with campaign(tmp_path, "--labs", "1") as process:
        await_(lambda: any(below.name.startswith("charon") for below in _tree(process.pid)))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert "interrupted" in (tmp_path / "errors").read_text()


def _tree(pid: int) -> list[Process]:
    """A process that runs, and all below it."""
    found = (processes.find(below.pid) for below in psutil.Process(pid).children(recursive=True))
    return [process for process in (processes.find(pid), *found) if process is not None]


def _kill_tree(pid: int) -> None:
    tree = _tree(pid)
    for process in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await_(lambda: not any(process.alive() for process in tree[1:]))
