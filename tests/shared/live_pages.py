"""A live page's server as a process of its own, and what a browser would ask it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60.0


@dataclass
class Served:
    """A server that runs: its process, its address with the token, and what it has said."""

    process: subprocess.Popen[str]
    address: str
    streams: list[HTTPConnection]

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def token(self) -> str:
        return urlsplit(self.address).query.removeprefix("token=")

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """One request; the token is added to its address. Names of headers have _ for -."""
        answer = self._begin(path, method, headers)
        return answer.status, answer.read().decode()

    def page(self) -> str:
        status, text = self.ask("/")
        assert status == 200
        return text

    def events(self, since: int = 0) -> Stream:
        """The stream that keeps a page up to date."""
        return self.stream(f"/events?since={since}")

    def stream(self, path: str) -> Stream:
        """A stream of events."""
        return Stream(self._begin(path, "GET", {}))

    def hang_up(self) -> None:
        """Close every connection."""
        for connection in self.streams:
            connection.close()

    def _begin(self, path: str, method: str, headers: dict[str, str]) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.streams.append(connection)
        mark = "&" if "?" in path else "?"
        connection.request(
            method, f"{path}{mark}token={self.token}", headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return connection.getresponse()


@dataclass
class Stream:
    """Server-sent events."""

    answer: HTTPResponse

    def __next__(self) -> dict[str, Any]:
        """The next event; what only says that the stream lives is passed over."""
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line[6:])
                return found
        raise StopIteration

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event of a kind."""
        while not wanted(found := next(self)):
            pass
        return found


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """`netlab ui` with these arguments, until the end of the block; then Ctrl-C, which must end it."""
    argv = [sys.executable, "-c", "from netlab.cli import main; main()", "ui", *arguments]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env={**os.environ, "NETLAB_DEBUG": "1"}) as process:
        streams: list[HTTPConnection] = []
        try:
            assert process.stderr is not None
            assert select.select([process.stderr], [], [], PATIENCE)[0], "netlab ui says nothing"
            first = process.stderr.readline()
            assert first.startswith("open http://127.0.0.1:"), first + process.stderr.read()
            yield Served(process, first.split()[1], streams)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
            # No traceback, whatever happened.
            said = process.stderr.read()
            assert said == "it ends with Ctrl-C\nnetlab: interrupted\n"
        finally:
            process.kill()
            for connection in streams:
                connection.close()
