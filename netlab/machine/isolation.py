"""A command in namespaces of its own, as `scripts/isolated` runs one: it sees no labs but its own.

Its processes end with it, and with the thread that started it (PR_SET_PDEATHSIG, prctl(2)). What it left in /run and
/var/tmp is gone then, and so are its network namespaces: the machine is as it was, whatever was killed.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netlab.errors import HostError

# The parent may have died before its death would have been a signal: then nothing begins.
_BOUND = ("setpriv", "--pdeathsig", "KILL", "bash", "-c", '[ "$PPID" = "$0" ] && exec "$@"')
_SPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--propagation", "private", "--kill-child")
# Standard input becomes a file there: of a worker that is killed nothing is left in /tmp.
_INSIDE = """
while umount --lazy --recursive /run/netns 2>/dev/null; do :; done
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/tmp
ip link set lo up
cat >"$0"
exec "$@" </dev/null
"""
_CLAIM = "/run/netlab-campaign.lock"
FILE = "/run/isolated.yaml"
_POLL = 0.2


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a command: its exit code (negative: a signal), what it printed, and the seconds that it took."""

    code: int
    output: str
    errors: str
    seconds: float


def run(argv: Sequence[str], text: str, wanted: Callable[[], bool]) -> Ended | None:
    """Run a command that finds a text in ``FILE``; None if it was killed because it was ``wanted`` no more."""
    began = time.monotonic()
    command = (*_BOUND, str(os.getpid()), *_SPACES, "bash", "-euc", _INSIDE, FILE, *argv)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, text=True, errors="replace"
    ) as process:
        try:
            rest: str | None = text
            while wanted():
                try:
                    output, errors = process.communicate(rest, timeout=_POLL)
                except subprocess.TimeoutExpired:
                    rest = None
                    continue
                return Ended(process.returncode, output, errors, time.monotonic() - began)
            return None
        finally:
            process.kill()


def claim() -> int:
    """Claim the machine for this process, until `release` or its death; HostError if another process has it."""
    descriptor = -1
    try:
        descriptor = os.open(_CLAIM, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between both lines its owner may have removed it: then another process makes a new one.
        if os.fstat(descriptor).st_nlink == 0:
            os.close(descriptor)
            return claim()
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
            raise HostError("another worker of this machine builds its labs", "one worker has room for all") from None
        raise HostError(f"{_CLAIM}: {error.strerror}", "a worker runs as root") from None
    return descriptor


def release(descriptor: int) -> None:
    """Give back what `claim` returned. The file of a worker that was killed stays, and hinders nobody."""
    os.unlink(_CLAIM)
    os.close(descriptor)
