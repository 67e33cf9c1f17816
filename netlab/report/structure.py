"""A report as plain values for JSON; other programs rely on its shape."""

from __future__ import annotations

from typing import Any

from netlab.probe.verdict import Cell, Drop, Report, StepReport


def report(found: Report) -> dict[str, Any]:
    """The whole report."""
    return {
        "lab": found.lab,
        "scenario": found.scenario,
        "data_plane": found.data_plane,
        "time_scale": found.time_scale,
        "steps": [_step(step) for step in found.steps],
        "summary": {
            "passed": found.count("passed"),
            "failed": found.count("failed"),
            "errors": found.count("error"),
        },
    }


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "name": step.name,
        "cells": [_cell(cell) for cell in step.cells],
        "checks": [{"name": c.name, "status": c.status, "message": c.message} for c in step.checks],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "source": cell.source,
        "target": cell.target,
        "protocol": cell.protocol,
        "expected": cell.expected,
        "observed": cell.observed,
        "status": cell.status,
        "forward": list(cell.forward),
        "reverse": list(cell.reverse),
        "dropped_at": _drop(cell.dropped_at),
        "rtt_ms": cell.rtt_ms,
        "encrypted": cell.encrypted,
        "predicted": cell.predicted,
        "predicted_drop": _drop(cell.predicted_drop),
        "documented": cell.documented,
        "message": cell.message,
    }


def _drop(drop: Drop | None) -> dict[str, str] | None:
    return {"node": drop.node, "direction": drop.direction, "reason": drop.reason} if drop is not None else None
