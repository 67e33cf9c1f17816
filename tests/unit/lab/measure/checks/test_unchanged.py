"""What was changed of a lab since it was built: by actions that are not put back, and on links."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from netlab.azure.moments import after, initial
from netlab.lab.measure.checks import unchanged
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Action

SCENARIO = load("p2s-branch-bgp").scenario
LINKS = plan(SCENARIO, "x", "userspace", None).uplinks


def found(*actions: dict[str, Any]) -> list[str]:
    opening = initial(SCENARIO)
    now = reduce(after, map(Action.model_validate, actions), opening)
    return [check.message for check in unchanged.check(initial(SCENARIO), now, LINKS, LINKS)]


CUT, MEND = {"cut_link": {"name": "Site1"}}, {"mend_link": {"name": "Site1"}}
ADD, REMOVE = ({f"{verb}_route": {"client": "win", "prefix": "10.101.0.0/16"}} for verb in ("add", "remove"))


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ((CUT,), "cut_link: Site1"),
        ((ADD,), "add_route: win, 10.101.0.0/16"),
        ((CUT, ADD), "cut_link: Site1; add_route: win, 10.101.0.0/16"),
        (({"withdraw": {"site": "Site1", "prefix": "10.101.0.0/16"}},), "withdraw: Site1, 10.101.0.0/16"),
        (({"disconnect": {"client": "lin"}},), "disconnect: lin"),
    ],
)
def test_what_lasts_is_named(actions: tuple[dict[str, Any], ...], said: str) -> None:
    (message,) = found(*actions)
    assert message.startswith(f"since `up`: {said}. ")


@pytest.mark.parametrize(
    "actions",
    [(), (CUT, MEND), (ADD, REMOVE), ({"disconnect": {"client": "lin"}}, {"connect": {"client": "lin"}})],
)
def test_what_was_undone_is_no_change(actions: tuple[dict[str, Any], ...]) -> None:
    assert found(*actions) == []


ENDS = {
    ("tunnel-down", "vnet1-gw-0"),
    ("tunnel-down", "site1"),
    ("session-down", "vnet1-gw-0"),
    ("session-down", "site1"),
}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (CUT, ENDS),
        ({"fail_tunnel": {"connection": "VNet1-Site1"}}, ENDS),
        ({"disconnect": {"client": "lin"}}, {("tunnel-down", "lin"), ("tunnel-down", "vnet1-gw-0")}),
        ({"stop_vm": {"vm": "vm1"}}, {("node-stopped", "vnet1-vm1")}),
        (ADD, set()),
    ],
)
def test_what_is_down_by_it_is_found_at_each_of_its_ends(
    action: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    opening = initial(SCENARIO)
    (check,) = unchanged.check(opening, after(opening, Action.model_validate(action)), LINKS, LINKS)
    assert {(finding.type, finding.node) for finding in check.findings} == expected


def test_a_link_is_named() -> None:
    links = (replace(LINKS[0], delay=5.0), *LINKS[1:])
    state = initial(SCENARIO)
    (check,) = unchanged.check(state, state, LINKS, links)
    assert (check.status, f"link {LINKS[0].name} is impaired" in check.message) == ("failed", True)
