"""Connections of the kernels' own: whether what follows the answer to a SYN arrives, too.

A raw SYN and its answer say nothing of TCP's third packet: the source, which has no socket, resets. So a socket of the
source connects and sends a text with the run's tag, which witnesses see pass.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from netlab.probe.record import Record
from netlab.probe.sockets import Greeting, connecting

AT_ONCE = 256
# So long witnesses are read before the connections are looked at again.
_STEP = 0.005
# Those of IP and TCP, with a timestamp.
TCP_HEADERS = 52


def greet(
    record: Record,
    namespaces: Mapping[str, str],
    greetings: Sequence[Greeting],
    serve: Callable[[float], object],
    size: int,
    patience: float,
) -> None:
    """Connect for each probe, and send its text, which fills a packet of ``size`` bytes; ends when each text has come
    to its target, or nothing new for ``patience`` seconds."""
    for at in range(0, len(greetings), AT_ONCE):
        _some(record, namespaces, greetings[at : at + AT_ONCE], serve, size, patience)


def _some(
    record: Record,
    namespaces: Mapping[str, str],
    greetings: Sequence[Greeting],
    serve: Callable[[float], object],
    size: int,
    patience: float,
) -> None:
    by_node: dict[str, list[Greeting]] = {}
    for greeting in greetings:
        by_node.setdefault(record.probes[greeting.number].source, []).append(greeting)
    with ExitStack() as stack, selectors.DefaultSelector() as waiting:
        for number, end in connecting(namespaces, by_node).items():
            stack.enter_context(end)
            waiting.register(end, selectors.EVENT_WRITE, number)
        left = [greeting.number for greeting in greetings]
        record.last_seen = time.monotonic()
        while left and time.monotonic() < record.last_seen + patience:
            for key, _ in waiting.select(0):
                # A connection that failed sends nothing: the text does not arrive.
                with contextlib.suppress(OSError):
                    text = record.tag.question(key.data).ljust(size - TCP_HEADERS, b".")
                    key.fileobj.send(text)  # type: ignore[union-attr]
                waiting.unregister(key.fileobj)
            serve(_STEP)
            left = [number for number in left if not record.greeted(number)]
