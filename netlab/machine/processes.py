"""A lab's processes: found by namespace, or by working directory and mark, stopped by pid and start time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netlab.machine import namespaces
from netlab.machine.waiting import POLL, wait_until

# In the environment of what netlab starts, and of its children: a user's shell may stand in a run directory, too.
MARK = "NETLAB_STARTED_IN"
_START_SECONDS = 60.0
_TERM_SECONDS = 1.0
_KILL_SECONDS = 5.0
_LAST_LINES = 3
_LINE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Process:
    """A process: a pid is only the same process with the same start time (clock ticks since boot).

    It may change its ``name``. ``stopped`` is one that a signal has stopped, as it was seen.
    """

    pid: int
    start_time: int
    name: str = field(compare=False)
    stopped: bool = field(default=False, compare=False)
    parent: int = field(default=0, compare=False)

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return find(self.pid) == self


def find(pid: int) -> Process | None:
    """The process of a pid; None if there is none, or only a zombie, which is waited for if it is a child."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # proc(5): the name stands in parentheses and may itself hold some.
    name, fields = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        with contextlib.suppress(OSError):
            os.waitpid(pid, os.WNOHANG)
        return None
    return Process(pid, int(fields[19]), name, fields[0] in "Tt", int(fields[1]))


def output(program: str) -> str:
    """The file in a daemon's directory that has what it prints."""
    return f"{Path(program).name}.out"


def start(argv: Sequence[str], directory: str, netns: str = "", environment: Mapping[str, str] = os.environ) -> Process:
    """Start a daemon, in a namespace if one is named; it is found again by its working directory and its mark."""
    log = Path(directory, output(argv[0]))

    def spawn() -> subprocess.Popen[bytes]:
        with log.open("ab") as out, _unblocked():
            return subprocess.Popen(
                argv,
                cwd=directory,
                env={**environment, MARK: directory},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    # A child is born in the namespace of the thread that forks it. At first it has no environment: the kernel closes
    # what Popen waits for (fs/exec.c, begin_new_exec) before it copies that (create_elf_tables).
    pid = (namespaces.run_in(netns, spawn) if netns else spawn()).pid
    wait_until(lambda: find(pid) is None or _is_marked(pid), _START_SECONDS, lambda: f"{argv[0]} does not begin")
    return find(pid) or Process(pid, -1, Path(argv[0]).name)


@contextlib.contextmanager
def _unblocked() -> Iterator[None]:
    """Without the signals that this thread blocks, as its starter may have had it: a child inherits them (signal(7)),
    and a daemon that waits for SIGHUP would wait for ever."""
    before = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def peer(connection: socket.socket) -> Process | None:
    """The process at the other end of a UNIX socket, which is the one that began to listen; None if it is gone."""
    pid, _, _ = struct.unpack("=iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return find(pid)


def under(directory: str) -> list[tuple[str, Process]]:
    """What netlab started that works under a directory, and its children; each with its working directory."""
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            cwd = os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
            there = cwd == directory or cwd.startswith(f"{directory}/")
            process = find(pid) if there and _is_marked(pid) else None
            if process is not None:
                found.append((cwd, process))
    return found


def working_in(directory: str) -> list[Process]:
    """What netlab started that works in a directory itself."""
    return [process for cwd, process in under(directory) if cwd == directory]


def _is_marked(pid: int) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return any(variable.startswith(f"{MARK}=".encode()) for variable in environment.split(b"\0"))


def last_words(directory: str, *logs: str) -> str:
    """How the logs of a daemon end, on one line."""
    ends = []
    for log in logs:
        with contextlib.suppress(OSError):
            lines = [
                line.strip()[:_LINE_LENGTH] for line in Path(directory, log).read_text(errors="replace").split("\n")
            ]
            if said := [line for line in lines if line][-_LAST_LINES:]:
                ends.append(f"{log} ends with: {' / '.join(said)}")
    return "; ".join(ends) or f"nothing in {' and '.join(logs)}"


def inside(netns: Iterable[str]) -> list[Process]:
    """The processes in any of these namespaces, started by netlab or not."""
    inodes = {namespaces.inode(name) for name in netns} - {0}
    found = []
    for pid in _pids() if inodes else ():
        with contextlib.suppress(OSError):
            process = find(pid) if os.stat(f"/proc/{pid}/ns/net").st_ino in inodes else None
            if process is not None:
                found.append(process)
    return found


def _signal(processes: Iterable[Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            if process.alive():
                os.kill(process.pid, number)


def _gone(processes: Sequence[Process], seconds: float) -> list[Process]:
    deadline = time.monotonic() + seconds
    left = list(processes)
    while left := [process for process in left if process.alive()]:
        if time.monotonic() > deadline:
            break
        time.sleep(POLL)
    return left


def stop(processes: Sequence[Process]) -> list[Process]:
    """Stop processes: SIGTERM, then SIGKILL after a deadline. Returns those that would not go."""
    _signal(processes, signal.SIGTERM)
    left = _gone(processes, _TERM_SECONDS)
    _signal(left, signal.SIGKILL)
    return _gone(left, _KILL_SECONDS)


def kill(processes: Sequence[Process]) -> list[Process]:
    """Kill processes at once. Returns those that would not go."""
    _signal(processes, signal.SIGKILL)
    return _gone(processes, _KILL_SECONDS)


def hang_up(processes: Iterable[Process]) -> None:
    """Send SIGHUP."""
    _signal(processes, signal.SIGHUP)


def run(netns: str, argv: Sequence[str], text: str) -> tuple[int, str]:
    """Run a short command in a namespace with text on its standard input; its exit code and what it printed."""
    done = namespaces.run_in(
        netns,
        lambda: subprocess.run(
            argv, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        ),
    )
    return done.returncode, done.stdout.decode(errors="replace")
