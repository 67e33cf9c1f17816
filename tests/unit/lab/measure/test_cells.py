"""Which probes are asked again: a few of very many, where the lab lost them and nothing is wrong."""

from __future__ import annotations

import errno

import pytest

from netlab.lab.measure.cells import MANY, asked_again
from netlab.lab.measure.checks import losses
from netlab.probe.trace import Observation, Probe, Trace


def probe(number: int) -> Probe:
    return Probe(f"n{number}", "b", "icmp")


def trace(number: int, *, answered: bool = True, unsent: int = 0) -> Trace:
    return Trace(probe(number), "10.0.0.1", "10.0.0.2", unsent, (), ("b",) if answered else (), answered, None)


def observed(count: int, lost: int, unsent: int = 0) -> Observation:
    """So many traces, the first ones without an answer."""
    return Observation(tuple(trace(n, answered=n >= lost, unsent=unsent if n < lost else 0) for n in range(count)), {})


ALL = tuple(map(probe, range(MANY)))


@pytest.mark.parametrize("lost", [1, 2, 10])
def test_a_few_of_very_many_are_asked_again(lost: int) -> None:
    assert asked_again(observed(MANY, lost), ALL) == tuple(map(probe, range(lost)))


@pytest.mark.parametrize(
    ("count", "lost"), [(2000, 0), (2000, 11), (2000, 2000), (1999, 1), (400, 1), (30, 1), (30, 30), (6000, 31)]
)
def test_more_of_them_and_those_of_small_networks_are_failures(count: int, lost: int) -> None:
    assert asked_again(observed(count, lost), ALL) == ()


def test_what_is_not_expected_to_be_answered_is_not_asked_again() -> None:
    assert asked_again(observed(MANY, 2), ALL[1:]) == (probe(1),)
    assert asked_again(observed(MANY, 2), ALL[2:]) == ()


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EPERM, errno.EHOSTUNREACH])
def test_what_its_source_refused_to_send_is_not_lost(number: int) -> None:
    assert asked_again(observed(MANY, 2, number), ALL) == ()


@pytest.mark.parametrize(("again", "said"), [(0, []), (1, ["1 of 29700 probes"]), (14, ["14 of 29700 probes"])])
def test_lost_probes_are_told(again: int, said: list[str]) -> None:
    assert [check.message[: check.message.index(" were")] for check in losses.check(29700, again)] == said
