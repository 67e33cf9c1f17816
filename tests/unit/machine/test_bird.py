"""What BIRD's control socket answers, in the words of every BGP daemon: transcripts of BIRD 2.0.12."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from plans import planned

from netlab.errors import LabError
from netlab.machine import bird
from netlab.machine.speaking import BgpPeer, BgpRoute
from netlab.plan.model import BgpSpeaker

ANSWERS = Path(__file__).with_suffix("").with_name("bird")
PROTOCOLS = (ANSWERS / "protocols.txt").read_text()
ROUTES = (ANSWERS / "routes.txt").read_text()


@pytest.fixture
def speaker(tmp_path: Path) -> BgpSpeaker:
    """A site's speaker with three peers, of which one is of its own AS in other tests."""
    found = next(item for item in planned("s2s-bird").speakers if item.node == "site1")
    (one,) = found.neighbors
    peers = tuple(replace(one, address=f"10.1.255.{last}") for last in (4, 5, 6))
    return replace(found, directory=str(tmp_path), neighbors=peers)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Something in BIRD's place that gives one answer to every command."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "bird.ctl"))
        listening.listen()

        def serve(answer: str) -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"0001 BIRD 2.0.12 ready.\n")
                    connection.recv(1000)
                    # In two pieces, as a long answer comes.
                    connection.sendall(answer[: len(answer) // 2].encode())
                    connection.sendall(answer[len(answer) // 2 :].encode())

        yield lambda answer: threading.Thread(target=serve, args=(answer,), daemon=True).start()
        listening.shutdown(socket.SHUT_RDWR)


def test_peers_have_states_in_frrs_words(speaker: BgpSpeaker, answering: Callable[[str], None]) -> None:
    answering(PROTOCOLS)
    found = bird.peers(speaker)
    assert [replace(peer, up_milliseconds=0) for peer in found] == [
        BgpPeer("10.1.255.4", 65010, "Established", received=2),
        BgpPeer("10.1.255.5", 65010, "Active"),
        BgpPeer("10.1.255.6", 65010, "Idle (Admin)"),
    ]


def test_of_equal_paths_all_are_best_and_one_is_advertised(
    speaker: BgpSpeaker, answering: Callable[[str], None]
) -> None:
    answering(ROUTES)
    assert bird.routes(speaker) == (
        BgpRoute("10.101.0.0/16"),
        BgpRoute("10.1.0.0/16", "10.1.255.4", "10.1.255.4", "65010"),
        BgpRoute("10.1.0.0/16", "10.1.255.5", "10.1.255.5", "65010", first=False),
        BgpRoute("10.1.0.0/16", "10.1.255.6", "10.1.255.6", "65009 65010", best=False, first=False),
    )


@pytest.mark.parametrize(
    ("worse", "best"),
    [
        ("BGP.local_pref: 90", False),
        ("BGP.local_pref: 100\n \tBGP.med: 10", False),
        ("BGP.local_pref: 100", True),
    ],
)
def test_an_attribute_that_counts_makes_a_path_worse(
    worse: str, best: bool, speaker: BgpSpeaker, answering: Callable[[str], None]
) -> None:
    before, _, after = ROUTES.partition("10.1.255.5\n \tBGP.local_pref: 100")
    answering(f"{before}10.1.255.5\n \t{worse}{after}")
    (second,) = (route for route in bird.routes(speaker) if route.peer == "10.1.255.5")
    assert second.best == best


def test_a_route_of_a_peer_inside_is_not_used_with_one_from_outside(
    speaker: BgpSpeaker, answering: Callable[[str], None]
) -> None:
    one, two, three = speaker.neighbors
    answering(ROUTES)
    found = bird.routes(replace(speaker, neighbors=(one, replace(two, internal=True), three)))
    (second,) = (route for route in found if route.peer == "10.1.255.5")
    assert (second.inside, second.best) == (True, False)


@pytest.mark.parametrize("code", ["8001", "9001", "9999"])
def test_a_refused_command_is_an_error(code: str, speaker: BgpSpeaker, answering: Callable[[str], None]) -> None:
    answering(f"{code} syntax error\n")
    with pytest.raises(LabError, match="refused 'configure': syntax error"):
        bird.command(speaker.directory, "configure")
    assert not bird.ready(speaker.directory, "bird")


def test_one_that_closes_its_socket_does_not_answer(speaker: BgpSpeaker, answering: Callable[[str], None]) -> None:
    answering("1002-half an answer\n")
    with pytest.raises(LabError, match="closed its control socket"):
        bird.routes(speaker)


def test_one_that_is_not_there_is_not_ready(speaker: BgpSpeaker) -> None:
    assert not bird.ready(speaker.directory, "bird")


def test_bfd_sessions_are_up_or_down_by_the_peers_address(
    speaker: BgpSpeaker, answering: Callable[[str], None]
) -> None:
    answering(
        "1020-IP address                Interface  State      Since         Interval  Timeout\n"
        " 172.16.0.1                eth0       Up         16:14:26.297    0.100    0.300\n"
        " 172.16.0.5                ---        Down       16:14:26.297    0.100    0.300\n0000 \n"
    )
    assert bird.bfd_states(speaker) == {"172.16.0.1": "up", "172.16.0.5": "down"}
