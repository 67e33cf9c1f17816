"""Faults by the verbs of `netlab fault`: the actions of a story that begin and end them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from netlab.api.scenarios import named
from netlab.azure.faults import KINDS, action_of, mending
from netlab.errors import UsageError
from netlab.scenario.models import Action, Scenario
from netlab.scenario.names import short, suggest
from netlab.scenario.rules.story import refused


def action(scenario: Scenario, verb: str, subject: Mapping[str, Any], *, mend: bool = False) -> Action:
    """The action that begins a fault or, to ``mend`` it, ends it; UsageError if the scenario has no such thing."""
    if verb not in (verbs := tuple(dict.fromkeys(kind.verb for kind in KINDS))):
        raise UsageError(f"there is no fault {short(verb)}", suggest(verb, verbs))
    given = {key: named(scenario, value) for key, value in subject.items()}
    try:
        found = Action.model_validate({action_of(verb, mend): given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{verb}: {_place(first['loc'])}{first['msg']}", "`netlab fault` has the same words") from None
    problem = refused(scenario, found)
    if problem:
        raise UsageError(f"{found.verb}: {problem}", "netlab graph LAB shows what there is")
    return found


def ending(begun: Action) -> Action:
    """The action that ends what another one begins."""
    end = mending(begun)
    assert end is not None, begun.verb
    return end


def _place(parts: tuple[int | str, ...]) -> str:
    """The last part of a place, where it is a key of the subject."""
    return f"{parts[-1]}: " if len(parts) > 1 else ""
