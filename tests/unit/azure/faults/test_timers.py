"""An outage says what of it is Azure's: documented by a rule, recorded on running Azure, or known to nobody."""

from __future__ import annotations

import re

import pytest

from netlab.azure.faults import KINDS
from netlab.azure.faults.timers import TIMERS, timers
from netlab.results.timers import Timer
from netlab.scenario.models import Action
from netlab.scenario.rules.rulebook import entry

EVERY = tuple(dict.fromkeys(timer for known in TIMERS.values() for timer in known))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_fault_and_its_end_has_its_times(kind) -> None:
    assert TIMERS[kind.begins]
    assert TIMERS[kind.ends]


@pytest.mark.parametrize("timer", EVERY, ids=lambda timer: timer.what)
def test_what_is_documented_has_a_rule_with_that_number(timer: Timer) -> None:
    if timer.standing != "documented":
        assert timer.source == ""
        assert bool(timer.azure) == (timer.standing == "recorded")
        return
    said = entry(timer.source).says.replace(" to ", " ").replace("/", " ")
    first = re.search(r"\d+", timer.azure)
    assert first is not None
    assert re.search(rf"\b{first[0]}\b", said)


def of(verb: str, **subject: object) -> Action:
    return Action.model_validate({verb: subject})


def test_a_cut_link_is_given_up_by_dead_peer_detection_and_then_by_bgp() -> None:
    found = {timer.what: (timer.standing, timer.azure, timer.source) for timer in timers([of("cut_link", name="S")])}
    assert found["dead peer detection gives up a silent peer"] == (
        "documented",
        "45 s, unless dpd_timeout_seconds says otherwise",
        "R38",
    )
    assert found["BGP gives up a silent neighbor"] == ("documented", "180 s (hold time)", "B14")
    assert found["the routes of the NICs follow"] == ("not documented", "", "")


def test_several_actions_have_each_time_once_and_others_none() -> None:
    cut = [of("cut_link", name="S"), of("cut_link", name="T")]
    assert timers(cut) == timers(cut[:1]) != ()
    assert timers([of("connect", client="c")]) == ()


def test_what_was_recorded_of_a_bgp_daemon() -> None:
    recorded = [timer for timer in EVERY if timer.standing == "recorded"]
    assert [timer.azure for timer in recorded] == ["within 39 s", "within 24 s"]
    assert recorded[0] in TIMERS["stop_bgp_daemon"]
    assert recorded[1] in TIMERS["start_bgp_daemon"]
