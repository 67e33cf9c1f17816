"""Waiting: check first, then check again until a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from netlab.errors import ConvergeError

POLL = 0.005


def wait_until(met: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Return as soon as a condition is met; ConvergeError with what was seen last after the deadline.

    A third of the time at most goes into looking: a slow processor is left to those who are waited for.
    """
    deadline = (began := time.monotonic()) + seconds
    while not met():
        if (now := time.monotonic()) > deadline:
            raise ConvergeError(f"{otherwise()} (waited {seconds:g} s)")
        time.sleep(max(POLL, 2 * (now - began)))
        began = time.monotonic()


def until(moment: float) -> None:
    """Wait for a moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))
