"""Changes of a scenario by its story: merged into what the file says, as RFC 7396 has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from pydantic import SecretStr, ValidationError

from netlab.scenario.models import Action, Change, Reconfiguration, Scenario, Step

Raw = dict[str, Any]
# The key of a peering that is not in sync.
_HELD = "remote_address_space"


def merged(scenario: Scenario, change: Reconfiguration) -> Scenario:
    """A scenario after a change. Raises pydantic's ValidationError where the result is none.

    A peering goes on with the address space from before where that of its remote VNet changes, until it is in sync
    again (R111); not where the change itself says what it uses.
    """
    raw = _merged(scenario.model_dump(exclude_unset=True), change.parts)
    now = Scenario.model_validate(raw)
    said = change.parts.get("peerings", {})
    held = {
        name: {_HELD: list(space)}
        for name, space in _held(scenario, now)
        if not (isinstance(said.get(name), Mapping) and _HELD in said[name])
    }
    return Scenario.model_validate(_merged(raw, {"peerings": held})) if held else now


def _held(before: Scenario, now: Scenario) -> Iterator[tuple[str, tuple[IPv4Network, ...]]]:
    """The peerings that are connected before and after a change of the remote VNet's address space, each with the
    address space that it goes on with."""
    for name, peering in now.peerings.items():
        vnet, remote = peering.vnet, peering.remote_vnet
        was = before.peerings.get(name)
        if (
            was is None
            or (was.vnet, was.remote_vnet) != (vnet, remote)
            or remote not in before.vnets.keys() & now.vnets
        ):
            continue
        space = was.remote_address_space or before.vnets[remote].address_space
        connected = all(each.peering(remote, vnet) is not None for each in (before, now))
        if connected and set(space) != set(now.vnets[remote].address_space):
            yield name, space


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
    for name, peering in wanted.peerings.items():
        both = (each.vnets.get(peering.remote_vnet) for each in (found, wanted))
        if len({frozenset(vnet.address_space) for vnet in both if vnet is not None}) > 1:
            parts["peerings"].setdefault(name, {}).setdefault(_HELD, other["peerings"][name].get(_HELD))
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
    if not isinstance(action.subject, Reconfiguration):
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
