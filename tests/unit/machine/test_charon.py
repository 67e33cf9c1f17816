"""Talks with charon that end before their time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from vici.protocol import Packet

from netlab.errors import LabError
from netlab.machine import charon


def _serve(listener: socket.socket) -> None:
    """Confirm an event, answer with the first item of a list, and end it: as charon does with two SAs."""
    connection, _ = listener.accept()
    with connection:
        for answers in ((Packet.EVENT_CONFIRM,), (Packet.EVENT, Packet.CMD_RESPONSE), ()):
            length = int.from_bytes(connection.recv(4), "big")
            connection.recv(length)
            for kind in answers:
                name = b"\x07list-sa" if kind == Packet.EVENT else b""
                connection.sendall((1 + len(name)).to_bytes(4, "big") + bytes([kind]) + name)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "charon.vici"))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener,), daemon=True)
        thread.start()
        yield str(tmp_path)
        thread.join(10)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, TimeoutError])
def test_what_interrupts_a_list_is_what_is_raised(directory: str, interruption: type[BaseException]) -> None:
    with pytest.raises(interruption):
        _interrupted(directory, interruption())


def _interrupted(directory: str, interruption: BaseException) -> None:
    with charon._session(directory) as session:
        items = session.list_sas()
        next(items)
        items.throw(interruption)


def test_an_error_names_the_daemon_that_takes_no_keys_and_what_to_do_next(tmp_path: Path) -> None:
    (tmp_path / "vnet1-gw-0").mkdir()
    with pytest.raises(LabError, match="charon of vnet1-gw-0 does not take its keys and connections: ") as raised:
        charon.load(str(tmp_path / "vnet1-gw-0"), charon.Orders())
    assert "NETLAB_PATIENCE" in raised.value.hint
