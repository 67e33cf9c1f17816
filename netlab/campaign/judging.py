"""The verdict on a lab, from what `netlab test -f json` printed. What says nothing is an error, never a pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netlab.campaign.tasks import Task
from netlab.errors import ExitCode
from netlab.results.campaign import Tried
from netlab.results.verification import Status

MOST_MESSAGES = 20
_LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command: its exit code (negative: the signal that ended it), what it printed, the seconds that
    it took, and the machine."""

    code: int
    output: str
    errors: str
    seconds: float
    worker: str


def judged(task: Task, ran: Ran) -> tuple[Tried, str]:
    """The verdict on a lab, and its report as JSON, empty where there is none."""
    report = _report(ran.output)
    if report is None:
        return unmeasured(task, _why(ran), ran.seconds, ran.worker), ""
    passed, failed, errors = (int(report["summary"][key]) for key in ("passed", "failed", "errors"))
    verdict, messages = _verdict(ran, report, failed, errors), tuple(_messages(report))
    if verdict == "error" and not errors:
        messages = (_why(ran), *messages)
    counts = (passed, failed, errors)
    return _tried(task, verdict, counts, messages[:MOST_MESSAGES], ran.seconds, ran.worker), json.dumps(report)


def unmeasured(task: Task, why: str, seconds: float = 0.0, worker: str = "") -> Tried:
    """A lab of which nothing was measured, and why."""
    return _tried(task, "error", (0, 0, 0), (why,), seconds, worker)


def _tried(
    task: Task, verdict: Status, counts: tuple[int, int, int], messages: tuple[str, ...], seconds: float, worker: str
) -> Tried:
    what = (task.id, task.scenario, task.file, task.data_plane, task.time_scale, task.sweep)
    return Tried(*what, verdict, *counts, messages, round(seconds, 2), worker)


def _verdict(ran: Ran, report: Mapping[str, Any], failed: int, errors: int) -> Status:
    """Exit code and report must say the same: a pass needs both."""
    if ran.code == ExitCode.OK and not failed and not errors and not report["stopped"]:
        return "passed"
    return "failed" if ran.code == ExitCode.FAILED and failed and not errors else "error"


def _report(output: str) -> dict[str, Any] | None:
    """The one report that was printed; None if there is anything else."""
    try:
        (found,) = json.loads(output)
        whole = found["steps"] and found["summary"].keys() >= {"passed", "failed", "errors"} and "stopped" in found
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return found if whole else None


def _why(ran: Ran) -> str:
    said = " / ".join(line.strip() for line in ran.errors.splitlines()[-_LAST_LINES:] if line.strip())
    ended = f"`netlab test` ended by signal {-ran.code}" if ran.code < 0 else f"`netlab test` ended with {ran.code}"
    return f"{ended}: {said}" if said else ended


def _messages(report: Mapping[str, Any]) -> Iterator[str]:
    """What is not as expected, step by step."""
    for step in report["steps"]:
        for cell in step["cells"]:
            if cell["status"] != "passed":
                said = cell["message"] or f"{cell['observed']}, not {cell['expected']}"
                yield f"{step['name']}: {cell['source']} to {cell['target']} ({cell['protocol']}): {said}"
        for check in step["checks"]:
            if check["status"] != "passed":
                yield f"{step['name']}: {check['name']}: {check['message']}"
