"""Printing: what was found on standard output or into a file, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab.cli.options import Format
from netlab.errors import NetlabError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType


def log(text: str) -> None:
    """Say what is no result."""
    print(text, file=sys.stderr, flush=True)


def stepper() -> Callable[[str], None]:
    """Progress: each step as it begins, with the seconds since the first one."""
    began = time.monotonic()

    def step(title: str) -> None:
        log(f"{time.monotonic() - began:7.2f} s  {title}")

    return step


def complain(error: NetlabError) -> None:
    """Say what went wrong, where, and the next step."""
    log(f"netlab: {error.message}")
    for finding in getattr(error, "findings", ()):
        log(f"  {finding}")
    if error.hint:
        log(f"  next: {error.hint}")


def display(what: RenderableType) -> None:
    """A text or a table, as a result."""
    from rich.console import Console

    # A pipe or a file gets whole lines, whatever width rich would guess for it.
    width = None if sys.stdout.isatty() else 250
    with _whoever_reads():
        Console(highlight=False, soft_wrap=isinstance(what, str), markup=False, width=width).print(what)


def print_json(value: Any) -> None:
    """Plain values as JSON, as a result."""
    with _whoever_reads():
        print(json.dumps(value, indent=2, default=str))


def print_rows(found: list[dict[str, Any]], output: Format) -> None:
    """Rows with the same keys as a table or as JSON, as a result."""
    if output is Format.json:
        print_json(found)
    elif found:
        from netlab.report import table

        cells = (tuple(", ".join(v) if isinstance(v, list) else str(v) for v in row.values()) for row in found)
        display(table.rows(tuple(found[0]), cells))


@contextlib.contextmanager
def _whoever_reads() -> Iterator[None]:
    """A reader that went away, as head does, is no error: what was found decides on the exit code."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes a SystemExit of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_text(path: Path, text: str) -> None:
    """A text into a file that the command line names."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "choose another file") from None


def read_text(path: Path) -> str:
    """The text of a file that the command line names."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"cannot read {path}: {why}", "name a readable file") from None


def put(path: Path | None, text: str) -> None:
    """A text into a file or, without one, to standard output."""
    if path is None:
        print(text, end="")
    else:
        write_text(path, text)
