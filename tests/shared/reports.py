"""Reports without a lab: what packets would have done, had they done as predicted; and one in which much is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.prediction import Predicted, predict
from netlab.results.drops import Drop
from netlab.results.verification import Cell, Check, Report, StepReport
from netlab.scenario.models import Scenario
from netlab.scenario.outline import definition

PROTOCOLS = ("icmp", "udp", "tcp")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too' {{ 7 * 7 }}"


def as_predicted(scenario: Scenario) -> Report:
    """A report in which all is as the model says."""
    steps = (
        StepReport(step.name, tuple(_cells(step.cells)), (Check("daemons", "passed", "9 run"),))
        for step in predict(scenario)
    )
    when = "2026-11-21T01:02:03+00:00"
    return Report(f"{scenario.name}-lab", scenario.name, "userspace", 20, tuple(steps), when, definition(scenario))


def _cells(cells: tuple[Predicted, ...]) -> Iterator[Cell]:
    for item in cells:
        drop = Drop(item.death[1].dropped_at, item.death[0], item.death[1].reason) if item.death else None
        for protocol in PROTOCOLS:
            yield Cell(
                source=item.source,
                target=item.target,
                protocol=protocol,
                expected=item.outcome,
                predicted=item.outcome,
                observed=item.outcome,
                status="passed",
                forward=item.forward[0].nodes,
                reverse=item.reverse[0].nodes if item.reverse and len(item.reverse[0].nodes) > 1 else (),
                dropped_at=drop,
                predicted_drop=drop,
                rtt_ms=None if drop else 1.25,
                encrypted=True,
            )


def gone_wrong(scenario: Scenario) -> Report:
    """The same, but udp of the first pair died on the way, the second pair was not measured, and a check failed.

    What the report quotes is hostile.
    """
    found = as_predicted(replace_description(scenario))
    first = found.steps[0]
    died = replace(
        first.cells[1],
        observed="unreachable",
        status="failed",
        forward=first.cells[1].forward[:2],
        reverse=(),
        dropped_at=Drop(first.cells[1].forward[1], "forward", HOSTILE),
        rtt_ms=None,
        documented=HOSTILE,
        message=HOSTILE,
    )
    unmeasured = (
        replace(cell, observed=None, status="error", forward=(), reverse=(), rtt_ms=None, dropped_at=None)
        for cell in first.cells[3:6]
    )
    cells = (first.cells[0], died, first.cells[2], *unmeasured, *first.cells[6:])
    wrong = replace(first, cells=cells, checks=(*first.checks, Check(HOSTILE, "failed", HOSTILE)))
    return replace(found, steps=(wrong, *found.steps[1:]))


def replace_description(scenario: Scenario) -> Scenario:
    """The scenario with a hostile description and note."""
    return scenario.model_copy(update={"description": HOSTILE, "notes": (HOSTILE,)})
