"""A call over TLS on a real TCP connection: packets pass in order, a full queue drops, an end is noticed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pems import Root

from netlab.machine.sstp import connection
from netlab.machine.sstp.connection import Connection
from netlab.sstp.call import Call
from netlab.sstp.frames import data
from netlab.sstp.link import IP_HEADER

SERVERS = Root("servers")


class Raw(Call):
    """A call that is up at once."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]

    @property
    def up(self) -> bool:
        return not self.ended

    def receive(self, text: bytes) -> list[bytes]:
        self._coming += text
        size = len(data(IP_HEADER + bytes(20)))
        packets = [bytes(self._coming[at + 8 : at + size]) for at in range(0, len(self._coming) // size * size, size)]
        del self._coming[: len(packets) * size]
        return packets


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Connection, Connection]]:
    certificate, key = SERVERS.issue("gateway")
    (tmp_path / "c.pem").write_bytes(certificate)
    (tmp_path / "k.pem").write_bytes(key)
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    here.check_hostname, here.verify_mode = False, ssl.CERT_NONE
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
    pair = (
        Connection(here.wrap_socket(one, do_handshake_on_connect=False), Raw()),
        Connection(there.wrap_socket(other, server_side=True, do_handshake_on_connect=False), Raw()),
    )
    while not (pair[0].shaken and pair[1].shaken):
        assert pair[0].read() + pair[1].read() == []
    yield pair
    for end in pair:
        end.close()


def packets(first: int, count: int) -> list[bytes]:
    return [number.to_bytes(20, "big") for number in range(first, first + count)]


def test_packets_pass_in_order_and_are_counted(ends: tuple[Connection, Connection]) -> None:
    here, there = ends
    wanted, found = packets(0, 3000), []
    for start in range(0, 3000, 100):
        here.send(wanted[start : start + 100])
        here.flush()
        found += there.read()
    while len(found) < 3000:
        here.flush()
        found += there.read()
    assert found == wanted
    assert (here.sent.octets, here.sent.packets) == (60000, 3000)
    assert (there.received.octets, there.received.packets) == (60000, 3000)


def test_who_takes_nothing_loses_packets_and_fills_no_memory(
    ends: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = ends
    monkeypatch.setattr(connection, "_MOST_WAITING", 10_000)
    for start in range(0, 2_000_000, 1000):
        here.send(packets(start, 1000))
        here.flush()
        if here.sent.packets < start:
            break
    assert here.sent.packets < start
    assert len(here.call.out) < 10_000 + 1000 * len(data(IP_HEADER + bytes(20)))
    assert here.events & 2  # it waits until it may write


def test_what_is_said_last_still_arrives(ends: tuple[Connection, Connection]) -> None:
    here, there = ends
    here.send(packets(0, 5))
    here.call.ended = "enough"
    here.flush()
    assert not here.gone
    assert there.read() == packets(0, 5)
    while not there.gone:
        there.read()
    there.close()
    while not here.gone:
        here.read()
    assert there.call.ended == "the other end closed the connection"
    assert here.call.ended == "enough"


def test_a_connection_that_breaks_is_gone(ends: tuple[Connection, Connection]) -> None:
    here, there = ends
    there.close()
    while not here.gone:
        here.read()
    assert here.call.ended
