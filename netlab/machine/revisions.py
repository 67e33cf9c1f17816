"""Files of git's revisions."""

from __future__ import annotations

import os
import subprocess

from netlab.errors import HostError, UsageError

# Neither asks for a password, nor fetches what is not here.
_LOCAL = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def content(reference: str, most: int) -> bytes:
    """The content of `REVISION:PATH` in the repository of the working directory: so many bytes, and one more."""
    if reference.startswith("-"):
        raise UsageError(f"{reference[:60]!r} names no revision", "write REVISION:PATH, as main:net.yaml")
    arguments = ["git", "cat-file", "blob", reference]
    try:
        with subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_LOCAL},
        ) as process:
            assert process.stdout is not None
            found = process.stdout.read(most + 1)
            process.stdout.close()
            assert process.stderr is not None
            said = process.stderr.read(4096).decode(errors="replace").strip()
    except FileNotFoundError:
        raise HostError("git is not installed, and a revision is asked for", "install git, or name a file") from None
    except ValueError:
        raise UsageError(f"{reference[:60]!r} names no revision", "write REVISION:PATH, as main:net.yaml") from None
    if process.returncode != 0 and len(found) <= most:
        why = said.splitlines()[-1].removeprefix("fatal: ")[:200] if said else "git has no such file"
        raise UsageError(f"there is no {reference[:60]!r}: {why}", "write REVISION:PATH, as main:net.yaml")
    return found
