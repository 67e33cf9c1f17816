"""How a daemon of SSTP is asked: a line on a UNIX socket, answered with JSON."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from typing import Any

SOCKET = "control"
_SECONDS = 10.0
_ANSWER_SECONDS = 1.0
_LINE = 4096


class Control:
    """The daemon's end."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)
        self._listener.bind(SOCKET)
        self._listener.listen()

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self._listener.fileno()

    def serve(self) -> None:
        """Answer one who asks; one who does not ask at once gets no answer."""
        with contextlib.suppress(OSError), self._listener.accept()[0] as asking:
            asking.settimeout(_ANSWER_SECONDS)
            line = asking.recv(_LINE).decode(errors="replace").strip()
            asking.sendall(json.dumps(self._answer(line)).encode())


def ask(directory: str, line: str) -> Any:
    """What the daemon of a directory answers; None where there is no daemon."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(f"{directory}/{SOCKET}")
            connection.sendall(f"{line}\n".encode())
            text = connection.makefile(errors="replace").read()
        except OSError:
            return None
    return json.loads(text) if text else None
