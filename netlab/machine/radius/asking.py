"""A question to a RADIUS server, over UDP, and its answer."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Iterable

from netlab.radius import packets
from netlab.radius.packets import Answer, Attribute
from netlab.radius.settings import TRIES, Settings

_LARGEST = 4096


def new_authenticator() -> bytes:
    """The Request Authenticator of a question (RFC 2865, section 3)."""
    return secrets.token_bytes(16)


def ask(settings: Settings, authenticator: bytes, attributes: Iterable[Attribute]) -> Answer | None:
    """The answer of the server; None where nobody answers in time who has the secret."""
    secret, identifier = settings.secret.encode(), secrets.randbelow(256)
    text = packets.request(identifier, authenticator, attributes, secret)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((settings.address, settings.port))
        for _ in range(TRIES):
            deadline = time.monotonic() + settings.seconds / TRIES
            # A machine without a server says so at once (ICMP); another question may be luckier.
            with contextlib.suppress(ConnectionRefusedError):
                asking.send(text)
            while (left := deadline - time.monotonic()) > 0:
                asking.settimeout(left)
                with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                    found = packets.answer(asking.recv(_LARGEST), identifier, authenticator, secret)
                    if found is not None:
                        return found
    return None
