"""The verdict on a lab: a pass needs exit code 0 and a whole report without a failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlab.campaign.judging import MOST_MESSAGES, Ran, judged
from netlab.campaign.tasks import Task

TASK = Task("small", "small.yaml", "name: small", "auto", None, sweep=False, megabytes=200)
CELL = {"source": "a", "target": "b", "protocol": "icmp", "status": "failed", "message": "", "observed": "reached"}
FAILED = {**CELL, "expected": "blocked"}


def report(passed: int = 3, failed: int = 0, errors: int = 0, stopped: str = "", cells: Any = ()) -> dict[str, Any]:
    step = {"name": "as built", "cells": list(cells), "checks": []}
    summary = {"passed": passed, "failed": failed, "errors": errors, "inferred": 0}
    return {"summary": summary, "steps": [step], "stopped": stopped}


def ran(code: int, *reports: dict[str, Any], errors: str = "") -> Ran:
    return Ran(code, json.dumps(list(reports)), errors, 1.234, "host1")


def test_a_pass() -> None:
    tried, kept = judged(TASK, ran(0, report()))
    assert (tried.verdict, tried.passed, tried.messages) == ("passed", 3, ())
    assert (tried.seconds, tried.worker, tried.id) == (1.23, "host1", TASK.id)
    assert json.loads(kept) == report()


def test_a_failure_says_which_cell() -> None:
    tried, _ = judged(TASK, ran(1, report(failed=1, cells=[FAILED])))
    assert (tried.verdict, tried.failed) == ("failed", 1)
    assert tried.messages == ("as built: a to b (icmp): reached, not blocked",)


def test_messages_are_bounded() -> None:
    tried, _ = judged(TASK, ran(1, report(failed=99, cells=[FAILED] * 99)))
    assert len(tried.messages) == MOST_MESSAGES


@pytest.mark.parametrize(
    "found",
    [
        ran(0),
        ran(0, report(), report()),
        ran(0, {}),
        ran(0, {**report(), "steps": []}),
        ran(0, report(failed=1)),
        ran(0, report(errors=1)),
        ran(0, report(stopped="interrupted")),
        ran(1, report()),
        ran(1, report(failed=1, errors=1)),
        ran(4, report()),
        ran(-9, report()),
        Ran(0, "", "", 1, "host1"),
        Ran(0, "{", "", 1, "host1"),
        Ran(0, "7", "", 1, "host1"),
    ],
)
def test_what_does_not_fit_together_is_an_error_and_never_a_pass(found: Ran) -> None:
    tried, _ = judged(TASK, found)
    assert tried.verdict == "error"


def test_an_error_says_how_the_command_ended_and_its_last_words() -> None:
    tried, kept = judged(TASK, ran(4, errors="netlab: no room\n  next: make room\n"))
    assert tried.messages == ("`netlab test` ended with 4: netlab: no room / next: make room",)
    assert kept == ""
    assert judged(TASK, ran(-9))[0].messages == ("`netlab test` ended by signal 9",)
