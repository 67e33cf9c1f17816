"""What the sightings of a probe say of its way and of its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.probe.trace import Leg, Probe, Sighting, all_pairs, judge, last, looping, packets, path


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


def _way(start: int, packet: int, *nodes: str, leg: Leg = "reverse", arrives: bool = True) -> list[Sighting]:
    """A packet that leaves its first node, passes the others, and comes into the last one."""
    sightings = []
    for hop, node in enumerate(nodes):
        times = start + 10 * hop, start + 10 * hop + 1
        incoming = hop > 0 and (arrives or hop < len(nodes) - 1)
        outgoing = hop < len(nodes) - 1
        sightings += [Sighting(times[0], node, "in", False, leg, 64 - hop, packet=packet)] if incoming else []
        sightings += [Sighting(times[1], node, "out", True, leg, 63 - hop, packet=packet)] if outgoing else []
    return sightings


FORTH = _way(0, 7, "a", "r1", "b", leg="forward")
SECOND = 1_000_000_000

# Each: what of the answer was seen, its path, and the node where it was seen last.
RETRANSMITTED = {
    "over the other way": ([*_way(100, 1, "b", "r1", "a"), *_way(SECOND, 2, "b", "r2", "a")], ("b", "r1", "a"), "a"),
    "over the same way": ([*_way(100, 1, "b", "r1", "a"), *_way(SECOND, 2, "b", "r1", "a")], ("b", "r1", "a"), "a"),
    "while the first is under way": (
        [*_way(100, 1, "b", "r1", "s", "a"), *_way(105, 2, "b", "r2", "a")], ("b", "r1", "s", "a"), "a"
    ),
    "after the first was lost": ([*_way(100, 1, "b", "r1"), *_way(SECOND, 2, "b", "r2", "a")], ("b", "r2", "a"), "a"),
    "both lost": ([*_way(100, 1, "b", "r1"), *_way(SECOND, 2, "b", "r2", "s")], ("b", "r1"), "r1"),
    "three times": (
        [*_way(100, 1, "b", "r2"), *_way(SECOND, 2, "b", "r1", "a"), *_way(3 * SECOND, 3, "b", "r2", "a")],
        ("b", "r1", "a"),
        "a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RETRANSMITTED)
def test_a_path_is_that_of_one_packet(case: str) -> None:
    """A SYN-ACK that is sent again may take another of several equal paths: the ways do not mix, and are no loop."""
    seen, way, where = RETRANSMITTED[case]
    trace = judge(Probe("a", "b", "tcp"), "", "", 0, [*seen, *FORTH])
    assert path(trace, "forward") == ("a", "r1", "b")
    assert path(trace, "reverse") == way
    found = last(trace, "reverse")
    assert found is not None
    assert found.node == where
    assert looping(trace, "reverse") is None
    assert trace.answered_by == ("b",)
    assert trace.answered == (way[-1] == "a")
    assert len(packets(trace, "reverse")) == len({sighting.packet for sighting in seen})


def test_all_pairs() -> None:
    assert all_pairs(["a", "b"], ["icmp"]) == (Probe("a", "b", "icmp"), Probe("b", "a", "icmp"))
    assert len(all_pairs("abcd")) == 4 * 3 * 3


HANDSHAKE = tuple(replace(seen, time_ns=seen.time_ns + 5_000_000, handshake=True) for seen in ANSWERED)
THIRD = (_seen(9_000_000, "a", True, "third"), _seen(9_100_000, "b", False, "third"))
CLEAR = _seen(500_000, "r", False, "encapsulated")


@pytest.mark.parametrize(
    ("of_connection", "told"),
    [
        ((), ANSWERED),
        ((*HANDSHAKE, *THIRD), (*ANSWERED, *THIRD)),
        (HANDSHAKE[:1], HANDSHAKE[:1]),
        (HANDSHAKE[:3], HANDSHAKE[:3]),
        (HANDSHAKE, HANDSHAKE),
    ],
)
def test_a_connection_that_did_not_come_about_is_told_of_in_place_of_its_probe(
    of_connection: tuple[Sighting, ...], told: tuple[Sighting, ...]
) -> None:
    trace = judge(Probe("a", "b", "tcp"), "", "", 0, [*ANSWERED, *of_connection, CLEAR], greeted=True)

    assert trace.sightings == (CLEAR, *told)
    assert trace.answered is (told[-1] is THIRD[-1])


SEVERAL = Probe("a", "f", "tcp", answering=("b", "c"))


def test_one_of_several_answers_in_the_place_of_a_target() -> None:
    assert judge(SEVERAL, "", "", 0, ANSWERED).answered
    assert judge(SEVERAL, "", "", 0, ANSWERED).answered_by == ("b",)
    assert not judge(replace(SEVERAL, answering=("c",)), "", "", 0, ANSWERED).answered


def test_a_source_is_not_where_its_own_probe_arrives() -> None:
    assert replace(SEVERAL, answering=("a", "b")).receivers == ("b",)
    assert UDP_PROBE.receivers == ("b",)
    assert replace(SEVERAL, answering=()).receivers == ()


def test_a_connection_may_end_at_another_one_of_several() -> None:
    greeting = [_seen(2_000_000, "a", True, "third"), _seen(2_100_000, "c", False, "third")]
    assert judge(SEVERAL, "", "", 0, [*ANSWERED, *greeting], greeted=True).answered
    assert not judge(SEVERAL, "", "", 0, [*ANSWERED, greeting[0]], greeted=True).answered
