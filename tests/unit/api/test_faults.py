"""Faults by the verbs of the command line: the actions that begin and end them."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.api import faults
from netlab.errors import UsageError
from netlab.scenario.loader import load

ACTIVE = load("s2s-active-active").scenario


def written(verb: str, *, mend: bool = False, **subject: Any) -> dict[str, Any]:
    return faults.action(ACTIVE, verb, subject, mend=mend).model_dump(mode="json", exclude_unset=True)


@pytest.mark.parametrize(
    ("verb", "subject", "begins", "ends"),
    [
        ("gateway", {"vnet": "vnet1", "instance": 0}, "fail_gateway", "restore_gateway"),
        ("link", {"name": "SITE1"}, "cut_link", "mend_link"),
        ("tunnel", {"connection": "VNet1-site1", "instance": 1}, "fail_tunnel", "restore_tunnel"),
        ("internet", {}, "cut_internet", "mend_internet"),
    ],
)
def test_a_verb_stands_for_an_action(verb: str, subject: dict[str, Any], begins: str, ends: str) -> None:
    """Names in the letters of the scenario, whatever was typed."""
    (begun,) = written(verb, **subject).items()
    assert begun[0] == begins
    assert {str(value).lower() for value in begun[1].values()} == {str(value).lower() for value in subject.values()}
    assert {"VNet1", "Site1", "VNet1-Site1"} & {*begun[1].values()} or not subject
    assert written(verb, mend=True, **subject) == {ends: begun[1]}
    ending = faults.ending(faults.action(ACTIVE, verb, subject))
    assert ending.verb == ends


@pytest.mark.parametrize(
    ("verb", "subject", "message"),
    [
        ("gatway", {"vnet": "VNet1"}, "there is no fault `gatway`"),
        ("gateway", {"vnet": "VNet9", "instance": 0}, "fail_gateway: "),
        ("gateway", {"vnet": "VNet1"}, "write which `instance`: 0 or 1"),
        ("gateway", {"net": "VNet1"}, "gateway: "),
        ("gateway", {"vnet": "VNet1", "instance": 7}, "gateway: instance: "),
        ("link", {"name": "Site3"}, "there is no VPN gateway, site or client"),
    ],
)
def test_what_there_is_not_is_refused(verb: str, subject: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        written(verb, **subject)
    assert message in caught.value.message
    assert caught.value.hint
