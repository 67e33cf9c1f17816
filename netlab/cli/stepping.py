"""Asking on the terminal before each step of a story."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab.cli.exits import interrupt
from netlab.cli.output import log
from netlab.errors import UsageError

if TYPE_CHECKING:
    from netlab.api.measure import Ahead, Pause


def asking(wanted: bool) -> Pause | None:
    """What asks before each step, if that is wanted; UsageError where nobody can answer."""
    if not wanted:
        return None
    if not sys.stdin.isatty():
        raise UsageError(
            "--step waits for Enter before each step, and standard input is no terminal",
            "leave --step out, or stay at a step: netlab verify --until STEP --keep",
        )
    return ask


def ask(ahead: Ahead) -> None:
    """Say what was measured and what the next step does; go on after Enter, end after q or Ctrl-D as after Ctrl-C."""
    if ahead.before is not None:
        passed, failed, errors = (ahead.before.count(status) for status in ("passed", "failed", "error"))
        log(f"{ahead.before.name}: {passed} passed, {failed} failed, {errors} errors")
    log(f"next, step {ahead.number} of {ahead.steps}: {ahead.name}")
    for action in ahead.actions or ("no action, measures only",):
        log(f"  {action}")
    while True:
        print("Enter goes on, q ends: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if answer.strip().lower() == "q" or not answer:
            interrupt()
        if not answer.strip():
            return
