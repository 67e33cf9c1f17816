"""What is on the page now, and who is waiting for what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# A browser holds one for each tab; more than this is no person.
MOST_READERS = 32
# Seconds after which a silent stream says that it is there: a reader that went away is noticed then.
_BREATH = 15.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """The two parts of the page as HTML; each has the number of the version that brought it."""

    live: str = ""
    content: str = ""
    version: int = 0
    content_since: int = 0


class Board:
    """Holds the latest sheet. A reader that is slow misses what was in between, and nothing queues up for it."""

    def __init__(self) -> None:
        self.sheet = Sheet()
        self.readers = 0
        self.closed = False
        self._changed = asyncio.Condition()

    async def put(self, live: str, content: str | None = None) -> None:
        """Show another text, and another content unless it is None; what is the same already changes nothing."""
        now = self.sheet
        fresh = content is not None and content != now.content
        if live == now.live and not fresh:
            return
        version = now.version + 1
        kept = (content or "", version) if fresh else (now.content, now.content_since)
        self.sheet = Sheet(live, kept[0], version, kept[1])
        await self._wake()

    async def close(self) -> None:
        """End every stream: nothing will come any more."""
        self.closed = True
        await self._wake()

    @property
    def has_room(self) -> bool:
        """Whether one more may read."""
        return self.readers < MOST_READERS

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Count one who reads."""
        self.readers += 1
        try:
            yield
        finally:
            self.readers -= 1

    async def sheets(self, seen: int) -> AsyncIterator[Sheet | None]:
        """Every sheet that is newer than the one seen last, as it comes; None where nothing came for a while."""
        while not self.closed:
            if self.sheet.version != seen:
                seen = self.sheet.version
                yield self.sheet
                continue
            yield None if not await self._waited(seen) else self.sheet
            seen = self.sheet.version

    async def _waited(self, seen: int) -> bool:
        """Whether something newer came in time."""
        async with self._changed:
            try:
                ready = self._changed.wait_for(lambda: self.closed or self.sheet.version != seen)
                await asyncio.wait_for(ready, _BREATH)
            except TimeoutError:
                return False
        return True

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
