"""What the sightings of a probe say of its way and of its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.probe.trace import Leg, Probe, Sighting, all_pairs, judge, last, looping, path


def _seen(time_ns: int, node: str, outgoing: bool, leg: Leg, answerer: str = "", ttl: int = 64) -> Sighting:
    return Sighting(time_ns, node, "eth0", outgoing, leg, ttl, answerer)


ANSWERED = (
    _seen(1_000_000, "a", True, "forward"),
    _seen(1_100_000, "b", False, "forward"),
    _seen(1_200_000, "b", True, "reverse", "b"),
    _seen(1_500_000, "a", False, "reverse", "b"),
)
UDP_PROBE = Probe("a", "b", "udp")


def test_an_answered_probe() -> None:
    answered = [*ANSWERED[:3], replace(ANSWERED[3], source="10.0.0.2")]
    trace = judge(UDP_PROBE, "10.0.0.1", "10.0.0.2", 0, reversed(answered))

    assert trace.answered
    assert trace.answered_by == ("b",)
    assert trace.rtt_ms == 0.5
    assert trace.sightings == tuple(answered)


def test_an_answer_from_another_address_does_not_count() -> None:
    seen = [*ANSWERED[:3], replace(ANSWERED[3], source="198.51.100.1")]

    assert not judge(UDP_PROBE, "10.0.0.1", "10.0.0.2", 0, seen).answered


@pytest.mark.parametrize("missing", range(4))
def test_every_witness_is_needed(missing: int) -> None:
    seen = ANSWERED[:missing] + ANSWERED[missing + 1 :]

    assert not judge(UDP_PROBE, "", "", 0, seen).answered


def test_an_answer_in_another_name_does_not_count() -> None:
    seen = [*ANSWERED[:3], replace(ANSWERED[3], answerer="x")]

    assert not judge(UDP_PROBE, "", "", 0, seen).answered


def test_a_second_answerer_is_seen() -> None:
    trace = judge(UDP_PROBE, "", "", 0, [*ANSWERED, _seen(1_300_000, "x", True, "reverse", "x")])

    assert not trace.answered
    assert trace.answered_by == ("b", "x")


def test_at_the_same_time_the_packet_goes_on() -> None:
    """A coarse clock gives several sightings one time."""
    seen = [
        _seen(1, "b", False, "forward", ttl=63),
        _seen(1, "r", True, "forward", ttl=63),
        _seen(1, "r", False, "forward", ttl=64),
        _seen(1, "a", True, "forward", ttl=64),
    ]

    assert path(judge(UDP_PROBE, "", "", 0, seen), "forward") == ("a", "r", "b")


def test_a_loop_is_a_place_seen_twice() -> None:
    seen = [_seen(time, node, True, "forward", ttl=64 - time) for time, node in enumerate("arsrs")]
    trace = judge(UDP_PROBE, "", "", 0, seen)

    assert looping(trace, "forward") == seen[3]
    assert last(trace, "forward") == seen[4]
    assert looping(trace, "reverse") is None


def test_all_pairs() -> None:
    assert all_pairs(["a", "b"], ["icmp"]) == (Probe("a", "b", "icmp"), Probe("b", "a", "icmp"))
    assert len(all_pairs("abcd")) == 4 * 3 * 3
