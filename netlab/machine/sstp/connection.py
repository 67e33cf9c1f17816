"""A call over TLS, without blocking: what comes goes into the call, what the call has to say goes out."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

from netlab.sstp.call import Call

# RFC 1661, section 4.6: the restart timer. [MS-SSTP], section 3.1.2: the negotiation timer.
RESTART_SECONDS = 3.0
NEGOTIATION_SECONDS = 60.0
# A record of TLS; a read takes one.
_RECORD = 16384
_BATCH = 32
# A call whose other end takes nothing any more loses packets, as any queue does.
_MOST_WAITING = 512 * 1024


@dataclass
class Counted:
    """Bytes and packets."""

    octets: int = 0
    packets: int = 0

    def count(self, packets: list[bytes]) -> None:
        """Count these too."""
        self.octets += sum(map(len, packets))
        self.packets += len(packets)


class Connection:
    """A TLS connection with a call in it. ``shaken``: TLS is up; ``gone``: nothing more comes or goes."""

    def __init__(self, tls: ssl.SSLSocket, call: Call) -> None:
        tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls.setblocking(False)
        self._tls = tls
        self.shaken = False
        self._wants_to_write = self._closing = False
        self.call = call
        self.received, self.sent = Counted(), Counted()
        self.gone = False
        self.begun = self._resent = self._heard = time.monotonic()

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self._tls.fileno()

    @property
    def events(self) -> int:
        """What it waits for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._wants_to_write else 0)

    def read(self) -> list[bytes]:
        """What came: IP packets."""
        self._heard = time.monotonic()
        packets: list[bytes] = []
        with self._careful():
            if not self.shaken:
                self._tls.do_handshake()
                self.shaken = True
            for _ in range(_BATCH):
                text = self._tls.recv(_RECORD)
                if not text:
                    self._lost("the other end closed the connection")
                    break
                packets += self.call.receive(text)
        self.received.count(packets)
        return packets

    def send(self, packets: list[bytes]) -> None:
        """Put packets into the call, as long as they leave."""
        if self.call.up and len(self.call.out) < _MOST_WAITING:
            self.sent.count(packets)
            self.call.send(packets)

    def flush(self) -> None:
        """Send what the call has to say. When it is over, that is the last: the other end then closes the connection,
        so that nothing of it is lost."""
        with self._careful():
            while self.shaken and self.call.out:
                sent = self._tls.send(self.call.out)
                del self.call.out[:sent]
            if self.call.ended and not self._closing:
                self._closing = True
                # The socket's own: TLS still reads.
                socket.socket.shutdown(self._tls, socket.SHUT_WR)

    def tick(self, hello: float, absence: str) -> None:
        """A second has passed: send again what is unanswered, ask one who has been silent so long; ``absence`` says
        why a call that does not come up is over."""
        now, call = time.monotonic(), self.call
        if not call.up and now - self.begun > NEGOTIATION_SECONDS:
            call.ended = absence
        elif not call.up and now - self._resent > RESTART_SECONDS:
            self._resent = now
            call.resend()
        elif call.up and now - self._heard > hello:
            self._heard = now
            call.ask()

    def close(self) -> None:
        """End the connection."""
        self.gone = True
        self._tls.close()

    @contextlib.contextmanager
    def _careful(self) -> Iterator[None]:
        self._wants_to_write = False
        try:
            yield
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            self._wants_to_write = True
        except OSError as error:
            self._lost(str(error))

    def _lost(self, why: str) -> None:
        self.call.ended = self.call.ended or why
        self.gone = True
