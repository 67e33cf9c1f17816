"""swanctl.conf says what the vici messages say; tests/root/test_swanctl.py has a charon load both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from plans import planned

from netlab.plan.model import Charon
from netlab.plan.timers import timers
from netlab.render import vici
from netlab.render.swanctl import swanctl_conf

AZURE = timers(1)


def charon(name: str, node: str) -> Charon:
    return next(each for each in planned(name, "kernel").charons if each.node == f"{node}-edge")


def written(found: Charon, keys: dict[str, str] | None = None) -> dict[str, Any]:
    """The sections and settings of a charon's swanctl.conf."""
    return read(iter(swanctl_conf(found, AZURE, keys or {s.name: "secret" for s in found.secrets}).splitlines()))


def read(lines: Iterator[str]) -> dict[str, Any]:
    """Sections and settings of strongSwan's format, as far as it is used here."""
    found: dict[str, Any] = {}
    for line in lines:
        if line.strip() == "}":
            break
        if line.endswith(" {"):
            found[line.strip(" {")] = read(lines)
        else:
            key, _, value = line.strip().partition(" = ")
            found[key] = value
    return found


def flat(message: Any) -> Any:
    """A vici message with its lists as swanctl.conf has them, and without what starts a CHILD SA."""
    if isinstance(message, dict):
        return {key: flat(value) for key, value in message.items() if key != "start_action"}
    return ", ".join(message) if isinstance(message, list) else message


SITES = [
    *(("s2s-bird", "site1"), ("s2s-ikev1", "site1"), ("s2s-ikev1", "site3"), ("s2s-policy-based", "site1")),
    *(("s2s-custom-ipsec-policy", f"site{number}") for number in range(1, 6)),
    ("s2s-bgp-transit", "site1-fw2"),
]


@pytest.mark.parametrize(("name", "node"), SITES)
def test_every_setting_is_that_of_the_message(name: str, node: str) -> None:
    found = charon(name, node)
    wanted = {key: value for c in found.connections for key, value in vici.connection(c, AZURE).items()}
    assert flat(written(found)["connections"]) == flat(wanted)


@pytest.mark.parametrize(
    ("initiator", "on_demand", "action"),
    [(True, False, "start"), (False, False, "none"), (True, True, "trap"), (False, True, "trap")],
)
def test_the_end_that_initiates_starts(initiator: bool, on_demand: bool, action: str) -> None:
    found = charon("s2s-bird", "site1")
    (one,) = found.connections
    changed = replace(found, connections=(replace(one, initiator=initiator, on_demand=on_demand),))
    assert written(changed)["connections"]["VNet1-Site1"]["children"]["VNet1-Site1"]["start_action"] == action


@pytest.mark.parametrize(
    ("key", "text"), [("abc", '"abc"'), ('a"b', r'"a\"b"'), ("a\\b", r'"a\\b"'), ("a # b {}", '"a # b {}"')]
)
def test_a_key_is_quoted_and_has_both_ends_as_owners(key: str, text: str) -> None:
    found = charon("s2s-bird", "site1")
    (secret,) = found.secrets
    section = written(found, {secret.name: key})["secrets"]["ike-1"]
    assert section == {"id-1": secret.identities[0], "id-2": secret.identities[1], "secret": text}
    assert re.fullmatch(r"[0-9.]+", secret.identities[0])
