"""A process that says that it is at work: it answers once its loop has gone round since it was asked."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Condition, Thread

from netlab.machine import processes

_SOCKET = "answers"
_DONE = b"done"


class Answering:
    """Answers at a socket in a directory, as soon as a round of the loop has ended that began after the question.

    ``poke`` wakes the loop. What waits to answer ends with the process.
    """

    def __init__(self, directory: str, poke: Callable[[], None]) -> None:
        self._poke = poke
        self._begun = self._ended = 0
        self._changed = Condition()
        path = Path(directory, _SOCKET)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        Thread(target=self._accept, daemon=True).start()

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        """A round of the loop, whatever becomes of it."""
        with self._changed:
            self._begun += 1
        try:
            yield
        finally:
            with self._changed:
                self._ended = self._begun
                self._changed.notify_all()

    def _accept(self) -> None:
        while True:
            asking, _ = self._listener.accept()
            Thread(target=self._answer, args=(asking,), daemon=True).start()

    def _answer(self, asking: socket.socket) -> None:
        with asking, contextlib.suppress(OSError):
            with self._changed:
                asked = self._begun
                self._poke()
                self._changed.wait_for(lambda: self._ended > asked)
            asking.sendall(_DONE)


def answers(directory: str, seconds: float) -> bool:
    """Whether a process answers in time."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(seconds)
        try:
            asking.connect(os.path.join(directory, _SOCKET))
            other = processes.peer(asking)
            if other is None or other.stopped:
                return False
            return asking.recv(len(_DONE)) == _DONE
        except OSError:
            return False
