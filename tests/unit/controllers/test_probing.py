"""Health probes: when members go down and come up, and whom flows go to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from netlab.controllers.probing import Found, Probing, found_now, targets
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load, parse

POOL = "Hub/lb/fe/nvas"
NVA1, NVA2 = "hub-nva1", "hub-nva2"
ADDRESSES = {"10.0.0.4": NVA1, "10.0.0.5": NVA2}


def built(probe: str = "port: 22") -> Plan:
    text = load("nva-load-balancer").text.replace("port: 22", probe)
    return plan(parse(text, "lb.yaml").scenario, "lab", time_scale=60)


class Members:
    """Members of a pool, of which some answer; ``asked`` says when any has been asked."""

    def __init__(self, *up: str) -> None:
        self.up = set(up)
        self.listening: set[str] = set()
        self.changed = threading.Event()

    @contextlib.contextmanager
    def answering(self, netns: str, address: str, port: int) -> Iterator[Callable[[], None]]:
        assert (netns, port) == (f"nl.lab.{ADDRESSES[address]}", 22)
        self.listening.add(address)
        yield lambda: None
        self.listening.remove(address)

    def answers(self, netns: str, address: str, port: int, seconds: float) -> bool:
        assert (netns, port) == ("nl.lab.hub", 22)
        return ADDRESSES[address] in self.up


@pytest.mark.parametrize(
    ("threshold", "answers", "up"),
    [
        (1, "-", False),
        (1, "-+", True),
        (2, "-", True),
        (2, "--", False),
        (2, "-+-", True),
        (3, "--+---", False),
        (2, "--+", False),
        (2, "--++", True),
    ],
)
def test_so_many_equal_answers_in_a_row_turn_a_member_over(threshold: int, answers: str, up: bool) -> None:
    """L10."""
    found = Found(up=True)
    for answer in answers:
        found = found.after(answer == "+", threshold)
    assert found.up is up


@pytest.mark.parametrize("up", [(NVA1, NVA2), (NVA1,), ()])
def test_flows_go_to_the_members_that_answer(up: tuple[str, ...]) -> None:
    assert found_now(built(), Members(*up)) == {POOL: frozenset(up)}


def test_with_none_up_all_count_as_up_if_the_probe_says_so() -> None:
    """L12."""
    behavior = "port: 22, no_healthy_backends_behavior: AllProbedUp"
    assert found_now(built(behavior), Members()) == {POOL: {NVA1, NVA2}}
    assert found_now(built(behavior), Members(NVA2)) == {POOL: {NVA2}}


def test_without_a_probe_nobody_is_asked_and_all_are_up() -> None:
    text = load("nva-load-balancer").text.replace("            probe: ssh\n", "")
    found = plan(parse(text, "lb.yaml").scenario, "lab")
    assert not tuple(targets(found))
    assert found_now(found, Members()) == {POOL: {NVA1, NVA2}}


def test_probing_asks_until_it_is_closed_and_reports_what_turned_over() -> None:
    members = Members(NVA1, NVA2)
    probing = Probing(built(), members, members.changed.set)
    try:
        assert members.listening == set(ADDRESSES)
        assert probing.healthy == {POOL: {NVA1, NVA2}}
        members.up.remove(NVA1)
        assert members.changed.wait(10)
        assert probing.healthy == {POOL: {NVA2}}
    finally:
        probing.close()
    assert not members.listening
