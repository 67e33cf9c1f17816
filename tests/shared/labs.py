"""The command line as a user calls it, and labs that it built, to look into and to break."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import warm

CHECKOUT = Path(__file__).resolve().parents[2]
NETLAB = Path(sys.executable).with_name("netlab")
SCENARIOS = {path.stem: path for path in sorted((CHECKOUT / "scenarios").glob("*.yaml"))}
RUN = Path("/run/netlab")

Cell = dict[str, Any]
Report = dict[str, Any]
Done = subprocess.CompletedProcess[str]


def netlab(*arguments: object, code: int = 0, codes: tuple[int, ...] = ()) -> Done:
    """Run netlab somewhere else than in its checkout; it must end with this code, or one of these, and never with a
    traceback."""
    done = warm.run([str(NETLAB), *map(str, arguments)], "/", os.environ, 300)
    ended_well(done, *(codes or (code,)))
    return done


def cold(*arguments: object, code: int = 0, **options: Any) -> Done:
    """As ``netlab``, by the program that a user starts, with options of ``subprocess.run``."""
    command = [str(NETLAB), *map(str, arguments)]
    # Python's view of the environment: GNU readline, which pytest loads, sets COLUMNS behind it, as if there were a
    # terminal.
    usual = {"cwd": "/", "capture_output": True, "text": True, "timeout": 300, "env": dict(os.environ)}
    done = subprocess.run(command, **{**usual, **options})
    ended_well(done, code)
    return done


def ended_well(done: Done, *codes: int) -> None:
    said = done.stderr or ""
    assert "Traceback" not in said, said
    assert "internal error" not in said, said
    assert done.returncode in codes, f"exit code {done.returncode}\n{done.stderr}\n{done.stdout}"


class Running:
    """A netlab in a session of its own, to read its progress line by line and to interrupt it."""

    def __init__(self, *arguments: object) -> None:
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [NETLAB, *map(str, arguments)],
            cwd="/",
            stdout=self._out,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self._progress = self.process.stderr

    def progress(self, steps: int = 1) -> list[str]:
        """The titles of its next steps: when they are here, the last of them has begun."""
        lines = [self._progress.readline() for _ in range(steps)]
        assert all(lines), lines
        return [line.partition(" s  ")[2].strip() or line.strip() for line in lines]

    def printed(self) -> str:
        """What it has printed so far."""
        return os.pread(self._out.fileno(), 1 << 20, 0).decode()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to netlab alone, as `kill` does."""
        self.process.send_signal(number)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to netlab and all that it started, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, *codes: int) -> Done:
        """Wait for its end; it must have one of these exit codes."""
        err = self._progress.read()
        self.process.wait(120)
        self._out.seek(0)
        done = subprocess.CompletedProcess(self.process.args, self.process.returncode, self._out.read(), err)
        self._out.close()
        ended_well(done, *codes)
        return done


def names() -> set[str]:
    """The labs of which anything is left: a run directory or a namespace."""
    directories = {path.name for path in RUN.iterdir()} if RUN.is_dir() else set()
    namespaces = {path.name.split(".")[1] for path in Path("/run/netns").glob("nl.*")}
    return directories | namespaces


class Lab:
    """A lab that is up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.directory = RUN / name

    def verify(self, code: int = 0) -> Report:
        return json.loads(netlab("verify", self.name, "-f", "json", code=code).stdout)

    def status(self, code: int = 0) -> dict[str, str]:
        """What `status` finds wrong, by name."""
        (found,) = json.loads(netlab("status", self.name, "-f", "json", code=code).stdout)
        assert found["healthy"] == (code == 0)
        return {check["name"]: check["message"] for check in found["checks"] if check["status"] != "passed"}

    def run(self, node: str, *command: str, stdin: str = "") -> str:
        """Run a command in a node's namespace."""
        argv = ["ip", "netns", "exec", f"nl.{self.name}.{node}", *command]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
        return done.stdout

    def ip(self, node: str, command: str) -> str:
        return self.run(node, "ip", *command.split())

    def table(self, node: str, interface: str) -> str:
        """The routing table for what comes in by an interface."""
        rule = next(line.split() for line in self.ip(node, "rule").splitlines() if f"iif {interface} " in line)
        return rule[-1]

    def nft(self, node: str, hook: str, rule: str) -> None:
        chain = f"type filter hook {hook} priority 0; {rule};"
        self.run(node, "nft", "-f", "-", stdin=f"table ip fault {{ chain c {{ {chain} }}; }}")

    def pids(self, directory: str, program: str) -> list[int]:
        """The lab's processes of a name that work in a directory of its run directory."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                works_there = (path / "cwd").readlink() == self.directory / directory
                if works_there and (path / "comm").read_text().strip() == program:
                    found.append(int(path.name))
        return found

    def kill(self, directory: str, program: str) -> None:
        """Kill a daemon without a word; return when it is gone."""
        (pid,) = self.pids(directory, program)
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            # Readable once the process is gone.
            select.select([descriptor], [], [], 10)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def up(reference: object, name: str, *options: object) -> Iterator[Lab]:
    """A lab for the length of a block."""
    netlab("up", reference, "--name", name, *options)
    try:
        yield Lab(name)
    finally:
        netlab("down", name)
    assert name not in names()


def cells(step: dict[str, Any], status: str) -> list[Cell]:
    return [cell for cell in step["cells"] if cell["status"] == status]


def failed_checks(report: Report) -> dict[str, str]:
    """The checks of any step that did not pass, with what they say."""
    steps = report["steps"]
    return {check["name"]: check["message"] for s in steps for check in s["checks"] if check["status"] != "passed"}
