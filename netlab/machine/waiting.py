"""Waiting: check first, then check again until a deadline."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import TypeVar

from netlab.errors import ConvergeError, UsageError

T = TypeVar("T")

POLL = 0.005
# How often one who waits asks whether there is still hope.
_DOUBT = 0.25
_PATIENCE = "NETLAB_PATIENCE"
_MOST_PATIENCE = 1000.0


def stretched(seconds: float) -> float:
    """How long something may take that takes so many seconds elsewhere: NETLAB_PATIENCE says so of emulators."""
    text = os.environ.get(_PATIENCE, "1")
    try:
        times = float(text)
    except ValueError:
        times = math.nan
    if not times <= _MOST_PATIENCE:
        raise UsageError(
            f"{_PATIENCE} is {text!r}",
            f"it is how often a deadline is stretched, a number as 10, at most {_MOST_PATIENCE:g}",
        )
    return seconds * max(1.0, times)


def wait_until(
    met: Callable[[], bool], seconds: float, otherwise: Callable[[], str], hopeless: Callable[[], str] = str
) -> None:
    """Return as soon as a condition is met; ConvergeError with what was seen last after the deadline.

    It ends at once where ``hopeless`` says why the condition will never be met. A third of the time at most goes into
    looking: a slow processor is left to those who are waited for.
    """
    seconds = stretched(seconds)
    deadline = (began := time.monotonic()) + seconds
    doubt = began + _DOUBT
    while not met():
        if (now := time.monotonic()) > deadline:
            raise ConvergeError(f"{otherwise()} (waited {seconds:g} s)")
        if now > doubt:
            if reason := hopeless():
                raise ConvergeError(reason)
            doubt = time.monotonic() + _DOUBT
        time.sleep(max(POLL, 2 * (now - began)))
        began = time.monotonic()


def await_daemon(
    what: str, serves: Callable[[], bool], seconds: float, said: Callable[[], str], alive: Callable[[], bool]
) -> None:
    """Wait until a daemon serves that was started; ConvergeError with what it said last if it does not or has ended."""
    wait_until(
        serves,
        seconds,
        lambda: f"{what} is not there; {said()}",
        lambda: "" if alive() else f"{what} has ended; {said()}",
    )


def settled(look: Callable[[], T], seconds: float) -> T:
    """What is found when nothing more is found, or after so many seconds: what is only on its way is no finding."""
    deadline = (began := time.monotonic()) + stretched(seconds)
    while (found := look()) and (now := time.monotonic()) < deadline:
        time.sleep(max(POLL, 2 * (now - began)))
        began = time.monotonic()
    return found


def until(moment: float) -> None:
    """Wait for a moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))
