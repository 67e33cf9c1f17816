"""Printing: what was found on standard output or into a file, everything else on standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab import files
from netlab.characters import visible
from netlab.cli.options import Format
from netlab.errors import LabError, NetlabError, UsageError

if TYPE_CHECKING:
    from rich.text import Text

# A report of the largest network has some ten MiB.
MOST_READ = 64 << 20


def log(text: str) -> None:
    """Say what is no result."""
    print(visible(text), file=sys.stderr, flush=True)


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


def display(what: str | Iterable[Text]) -> None:
    """A text, or lines with styles, as a result; no line is ever cut."""
    with _whoever_reads():
        if isinstance(what, str):
            print(visible(what))
            return
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True, markup=False)
        for line in what:
            console.print(line if line.plain == visible(line.plain) else visible(line.plain))


def width() -> int | None:
    """The columns of the terminal or of COLUMNS; None where neither is there: a pipe gets whole lines."""
    return shutil.get_terminal_size((0, 0)).columns or None


def print_json(value: Any, *, sparse: bool = False) -> None:
    """A result as JSON; a ``sparse`` one leaves out keys without a value, as `az` does."""
    from netlab.report.encoding import encoded

    with _whoever_reads():
        print(visible(encoded(value, sparse=sparse)))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows with the same keys as a table or, where that is too wide, as records."""
    from netlab.report import layout

    display(layout.rows(rows, width()))


def print_summed(rows: Sequence[Mapping[str, Any]], lines: Iterable[str]) -> None:
    """Rows as a table, then lines that sum them up."""
    print_table(rows)
    display("")
    for line in lines:
        display(line)


def print_rows(found: Sequence[Any], output: Format) -> None:
    """Results of one type as a table, a row each, or as JSON."""
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report.tables import row

        print_table([row(item) for item in found])


@contextlib.contextmanager
def _whoever_reads() -> Iterator[None]:
    """A reader that went away, as head does, is no error: what was found decides on the exit code."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes a SystemExit of it
        _fall_silent()
    except OSError as error:
        _fall_silent()
        raise LabError(f"cannot write to standard output: {error.strerror}", "make room there") from None


def _fall_silent() -> None:
    """What is left to print, by Python at its end too, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_text(path: Path, text: str) -> None:
    """A text into a file that the command line names."""
    with files.named(path):
        files.write(path, text.encode(errors="backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """A picture into a file that the command line names."""
    with files.named(path):
        files.write(path, content)


def require_writable(path: Path) -> None:
    """UsageError if a file that the command line names could not be written."""
    with files.named(path):
        files.require_writable(path)


def read_text(path: Path) -> str:
    """The text of a file that the command line names."""
    try:
        content = files.read(path, MOST_READ)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"cannot read {path}: {why}", "name a readable file") from None
    if len(content) > MOST_READ:
        raise UsageError(f"cannot read {path}: it has more than {MOST_READ >> 20} MiB", "name another file")
    return text


def put(path: Path | None, text: str) -> None:
    """A text into a file or, without one, to standard output."""
    if path is None:
        with _whoever_reads():
            print(visible(text), end="")
    else:
        write_text(path, text)
