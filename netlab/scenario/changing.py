"""Changes of a scenario by its story: merged into what the file says, as RFC 7396 has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from netlab.scenario.models import Action, Change, Scenario, Step

Raw = dict[str, Any]


def merged(scenario: Scenario, change: Change) -> Scenario:
    """A scenario after a change. Raises pydantic's ValidationError where the result is none."""
    return Scenario.model_validate(_merged(scenario.model_dump(exclude_unset=True), change.parts))


def _merged(found: Any, patch: Any) -> Any:
    """RFC 7396: a mapping is merged key by key, null removes, everything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(found) if isinstance(found, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def way_back(found: Scenario, wanted: Scenario) -> Action:
    """The change by which a scenario becomes another one again."""
    one, other = ({k: _plain(v) for k, v in each.model_dump(exclude_unset=True).items()} for each in (found, wanted))
    parts = {kind: _patch(one.get(kind, {}), other.get(kind, {})) for kind in Change.model_fields}
    return Action(change=Change.model_validate(parts))


def _patch(found: Raw, wanted: Raw) -> Raw:
    gone = dict.fromkeys(key for key in found if key not in wanted)
    return gone | {
        key: _patch(found[key], value) if isinstance(value, dict) and isinstance(found.get(key), dict) else value
        for key, value in wanted.items()
        if key not in found or found[key] != value
    }


def _plain(value: Any) -> Any:
    """A value as a file writes it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, bool | int | float | str | None) else str(value)


# --- what the scenario is at each step ------------------------------------------------------------------------------


def after(scenario: Scenario, action: Action) -> Scenario:
    """The scenario after an action; as it was where the change does not fit it, which a rule says."""
    if not isinstance(action.subject, Change):
        return scenario
    try:
        return merged(scenario, action.subject)
    except ValidationError:
        return scenario


def steps(scenario: Scenario) -> Iterator[tuple[int, Step, tuple[Scenario, ...]]]:
    """The steps of a story with their numbers, and the scenario before each of its actions and after the last one."""
    now = scenario
    for index, step in enumerate(scenario.story):
        found = [now]
        for action in step.do:
            found.append(after(found[-1], action))
        now = found[-1]
        yield index, step, tuple(found)
