"""The pre-shared keys and passwords of a lab, in files that only root may read."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from netlab.azure.state import given_keys
from netlab.machine.secrets import write_secret
from netlab.plan.devices import shared_key_name
from netlab.plan.names import secrets_path
from netlab.scenario.models import Scenario


def pre_shared_keys(scenario: Scenario, names_of_keys: tuple[str, ...]) -> dict[str, str]:
    """A PSK for both ends of every connection: those that the scenario gives, else a new one (R30, R31)."""
    given, shared = given_keys(scenario), {}
    for name, item in scenario.connections.items():
        generated = SecretStr(secrets.token_hex(32))
        for end in item.between:
            shared[shared_key_name(name, end)] = given.get((name, end), generated).get_secret_value()
    return {name: shared.get(name) or secrets.token_hex(32) for name in names_of_keys}


def carried_over(
    old: Scenario, new: Scenario, names_of_keys: tuple[str, ...], held: Mapping[str, str]
) -> dict[str, str]:
    """The keys of a lab whose scenario becomes another one: those that it holds, unless the file gives other ones or a
    connection has another end."""
    before, after = given_keys(old), given_keys(new)
    found = pre_shared_keys(new, names_of_keys)
    kept = set(names_of_keys) & held.keys()
    for name, item in new.connections.items():
        places = [(name, end) for end in item.between]
        names = {shared_key_name(*place) for place in places}
        if not names <= held.keys() or any(before.get(place) != after.get(place) for place in places):
            kept -= names
    return found | {name: held[name] for name in kept}


def read(lab: str) -> dict[str, str]:
    """The keys of a lab, by the names that its plan gives them; OSError or ValueError if its file is damaged."""
    found: dict[str, str] = json.loads(path(lab).read_text())
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found.values()):
        raise ValueError(f"{path(lab).name} holds no keys")
    return found


def write(lab: str, keys: Mapping[str, str]) -> None:
    """Write down the keys of a lab: all of them or, where interrupted, those before."""
    beside = path(lab).with_suffix(".new")
    write_secret(beside, json.dumps(keys))
    beside.replace(path(lab))


def path(lab: str) -> Path:
    """The file that holds the keys of a lab."""
    return Path(secrets_path(lab))
