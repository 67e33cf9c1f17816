"""What SSTP's daemons say of sessions and refusals, over the control socket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from netlab.machine.admission import Connected, Refusal
from netlab.machine.p2s import sstp
from netlab.machine.sstp.control import Control
from netlab.plan.model import Credentials, SstpServer

STATUS = {
    "clients": [
        {
            "identifier": "0011223344556677",
            "user": "alice",
            "public": "192.0.2.130:41714",
            "address": "192.168.0.129",
            "seconds": 7,
            "received": [840, 10],
            "sent": [84, 1],
        }
    ],
    "refused": {
        "carol": "REVOKED",
        "mallory": "UNTRUSTED",
        "bob": "NO_ADDRESS",
        "dave": "WRONG_PASSWORD",
        "x": "NO_METHOD",
    },
}


def server(directory: Path) -> SstpServer:
    return SstpServer(
        tunnel_type="SSTP",
        vnet="VNet1",
        node="vnet1-gw-0",
        netns="",
        interface="p2s-sstp",
        edge="",
        directory=str(directory),
        address="203.0.113.1",
        static=(),
        edge_netns="",
        own="10.1.255.4",
        first="192.168.0.128",
        last="192.168.0.254",
        mtu=1400,
        credentials=Credentials(),
        users=(),
    )


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[object, int], SstpServer]:
    """A daemon that answers so many times."""

    def make(answer: object, times: int) -> SstpServer:
        monkeypatch.chdir(tmp_path)
        control = Control(lambda line: answer if line == "status" else None)
        Thread(target=lambda: [control.serve() for _ in range(times)]).start()
        return server(tmp_path)

    return make


def test_sessions_are_listed(answering: Callable[[object, int], SstpServer]) -> None:
    assert sstp.connected(answering(STATUS, 1)) == (
        Connected("SSTP_0011223344556677", "alice", "192.0.2.130:41714", "192.168.0.129", 7, (840, 10), (84, 1)),
    )


def test_what_passes_is_for_the_clients_addresses(answering: Callable[[object, int], SstpServer]) -> None:
    (child,) = sstp.carried_to_clients(answering(STATUS, 1))
    assert child.remote_ts.prefixes == ("192.168.0.129/32",)


def test_refusals_are_translated(answering: Callable[[object, int], SstpServer]) -> None:
    assert sstp.refusals(answering(STATUS, 1)) == {
        "carol": Refusal.REVOKED,
        "mallory": Refusal.UNTRUSTED,
        "bob": Refusal.NO_ADDRESS,
        "dave": Refusal.WRONG_PASSWORD,
    }


def test_a_dead_daemon_says_nothing(tmp_path: Path) -> None:
    assert sstp.connected(server(tmp_path)) is None
    assert sstp.refusals(server(tmp_path)) == {}
    assert sstp.carried_to_clients(server(tmp_path)) == ()
