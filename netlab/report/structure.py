"""A report as plain values for JSON; other programs rely on its shape."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from netlab.azure.prediction import story_of
from netlab.errors import UsageError
from netlab.results.drops import Drop
from netlab.results.verification import Cell, Report, StepReport
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario


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
        "measured_at": found.measured_at,
        "definition": dict(found.definition),
    }


def read(text: str, where: str) -> Report:
    """The report that a JSON text holds; ``where`` is the file's name for messages."""
    try:
        value = json.loads(text)
        found = TypeAdapter(Report).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise _not_a_report(where, f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
    except ValueError as error:
        raise _not_a_report(where, f"not JSON: {error}") from None
    if [step.name for step in found.steps] != [step.name for step in story_of(scenario(found, where))]:
        raise _not_a_report(where, "its steps are not those of the story in its definition")
    return found


def scenario(found: Report, where: str) -> Scenario:
    """The scenario of a report; YAML holds JSON, and the loader says what in the definition breaks which rule."""
    return parse(json.dumps(found.definition), where).scenario


def _not_a_report(where: str, why: str) -> UsageError:
    return UsageError(f"{where} is not a report of `netlab verify -f json`: {why}", "write it anew")


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "name": step.name,
        "cells": [_cell(cell) for cell in step.cells],
        "checks": [{"name": c.name, "status": c.status, "message": c.message} for c in step.checks],
        "flow": asdict(step.flow) if step.flow is not None else None,
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
