"""Results as JSON, and a report back from it; other programs rely on the shape, which the types of results are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from netlab.errors import UsageError
from netlab.results.drops import Drop
from netlab.results.verification import Report


def encoded(found: object, *, sparse: bool = False) -> str:
    """A result as JSON; a ``sparse`` one leaves out keys without a value."""
    plain = to_jsonable_python(found)
    return json.dumps(_without_empty(plain) if sparse else plain, indent=2)


def _without_empty(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: _without_empty(value) for key, value in plain.items() if value is not None}
    return [_without_empty(value) for value in plain] if isinstance(plain, list) else plain


def read(text: str, where: str) -> Report:
    """The report that a JSON text holds; ``where`` is the file's name for messages."""
    try:
        found = TypeAdapter(Report).validate_python(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise _not_a_report(where, f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
    except ValueError as error:
        raise _not_a_report(where, f"not JSON: {error}") from None
    except RecursionError:
        raise _not_a_report(where, "it is nested too deeply") from None
    known = {machine.node for machine in found.machines}
    unknown = {node for step in found.steps for cell in step.cells for node in (cell.source, cell.target)} - known
    if not found.steps or unknown:
        raise _not_a_report(where, f"{min(unknown)} is none of its machines" if unknown else "it has no steps")
    incomplete = next((drop for drop in _drops(found) if drop.cause is not None and not drop.cause.is_complete), None)
    if incomplete is not None:
        raise _not_a_report(where, f"a drop of type {incomplete.type} lacks a parameter")
    return found


def _drops(found: Report) -> Iterator[Drop]:
    """Every drop that was observed or predicted."""
    cells = (cell for step in found.steps for cell in step.cells)
    return (drop for cell in cells for drop in (cell.dropped_at, cell.predicted_drop) if drop is not None)


def _not_a_report(where: str, why: str) -> UsageError:
    return UsageError(f"{where} is not a report of `netlab verify -f json`: {why}", "write it anew")
