"""Connections of the kernels' own: whether what follows the answer to a SYN arrives, too.

A raw SYN and its answer say nothing of TCP's third packet: the source, which has no socket, resets. So a socket of the
source connects and sends a text with the run's tag, which witnesses see pass.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack

from netlab.probe.packets import Tag
from netlab.probe.record import Record
from netlab.probe.sockets import Greeting, connecting
from netlab.probe.trace import Probe

AT_ONCE = 256


def greet(
    tag: Tag,
    record: Record,
    namespaces: Mapping[str, str],
    greetings: Mapping[int, tuple[Probe, Greeting]],
    serve: Callable[[float], object],
    patience: float,
) -> None:
    """Connect for each probe, and send its text; ends when each text has arrived, or nothing new for ``patience``
    seconds."""
    numbers = list(greetings)
    for at in range(0, len(numbers), AT_ONCE):
        some = {number: greetings[number] for number in numbers[at : at + AT_ONCE]}
        _some(tag, record, namespaces, some, serve, patience)


def _some(
    tag: Tag,
    record: Record,
    namespaces: Mapping[str, str],
    greetings: Mapping[int, tuple[Probe, Greeting]],
    serve: Callable[[float], object],
    patience: float,
) -> None:
    by_node: dict[str, list[Greeting]] = {}
    for probe, greeting in greetings.values():
        by_node.setdefault(probe.source, []).append(greeting)
    with ExitStack() as stack, selectors.DefaultSelector() as waiting:
        for number, end in connecting(namespaces, by_node).items():
            stack.enter_context(end)
            waiting.register(end, selectors.EVENT_WRITE, number)
        record.last_seen = time.monotonic()
        while time.monotonic() < record.last_seen + patience and not _arrived(record, greetings):
            for key, _ in waiting.select(0):
                # A connection that failed sends nothing: the text does not arrive.
                with contextlib.suppress(OSError):
                    key.fileobj.send(tag.question(key.data))  # type: ignore[union-attr]
                waiting.unregister(key.fileobj)
            serve(_STEP)


# So long witnesses are read before the connections are looked at again.
_STEP = 0.005


def _arrived(record: Record, greetings: Collection[int]) -> bool:
    """Whether the text of each has come to its target."""
    return all(record.greeted(number) for number in greetings)
