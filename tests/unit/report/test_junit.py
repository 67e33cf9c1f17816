"""JUnit: warnings, and what the scenario states nothing about, are in the output of suites."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from reports import as_predicted, hub

from netlab.report.junit import junit
from netlab.results.verification import Remark, Report, Stopped, Unstated

REMARK = Remark("connection C", "NotConnected & not expected: authentication failed")
SILENT, NOTHING = Unstated(2, 6, ("C", "D"), 3), Unstated(0, 6, (), 3)
SILENCE = "the scenario states nothing about 2 of 6 pairs and 2 of 3 connections (C, D); compared with the model only"
WARNING = "warning: connection C: NotConnected & not expected: authentication failed"


def report(warnings: tuple[Remark, ...], found: Unstated, steps: int = 1) -> Report:
    [step] = as_predicted(hub()).steps
    quiet = replace(step, warnings=())
    return replace(
        as_predicted(hub()), steps=(*[quiet] * (steps - 1), replace(step, warnings=warnings)), unstated=found
    )


@pytest.mark.parametrize(
    ("warnings", "found", "lines"),
    [
        ((), NOTHING, None),
        ((REMARK,), NOTHING, WARNING),
        ((), SILENT, SILENCE),
        ((REMARK, REMARK), SILENT, f"{WARNING}\n{WARNING}\n{SILENCE}"),
    ],
    ids=["nothing", "warning", "silence", "both"],
)
def test_the_output_of_a_suite(warnings: tuple[Remark, ...], found: Unstated, lines: str | None) -> None:
    root = ElementTree.fromstring(junit([report(warnings, found)], {}))
    assert [suite.findtext("system-out") for suite in root.findall("testsuite")] == [lines]


def test_silence_is_said_once_for_a_report() -> None:
    root = ElementTree.fromstring(junit([report((), SILENT, steps=3), report((), NOTHING)], {}))
    assert [suite.findtext("system-out") for suite in root.findall("testsuite")] == [None, None, SILENCE, None]


def test_warnings_are_no_failures() -> None:
    [suite] = ElementTree.fromstring(junit([report((REMARK,), SILENT)], {})).findall("testsuite")
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


@pytest.mark.parametrize(
    ("stopped", "more"), [("", []), ("until", []), ("failed", []), ("interrupted", ["hub: not played"])]
)
def test_what_a_signal_kept_from_being_measured_is_an_error(stopped: Stopped, more: list[str]) -> None:
    """The steps that were measured keep their verdicts."""
    suites = ElementTree.fromstring(junit([replace(report((), NOTHING), stopped=stopped)], {})).findall("testsuite")
    assert [suite.get("name") for suite in suites[1:]] == more
    assert all(suite.get("errors") == "1" for suite in suites[1:])
    assert suites[0].get("errors") == "0"
