"""The view of a lab: looked at every other second for as long as somebody reads, and asked by packets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NoReturn, TypeVar

from netlab.api import designing, labs, living, measure
from netlab.errors import NetlabError, UsageError
from netlab.report import live
from netlab.report.page import content
from netlab.ui.app import Subject
from netlab.ui.board import Board

T = TypeVar("T")
# Seconds between two looks at a lab, and between two words about a flow.
_GLANCE, _WORD = 2.0, 0.5
# So many flows at once, each for so many seconds: a forgotten page ends.
_MOST_FLOWS, _LONGEST = 4, 600.0


class LabView:
    """A lab by its name. One thread looks and asks, one thing after another: two would find each other's lock."""

    def __init__(self, name: str) -> None:
        self._name, self._command = name, f" -l {name}"
        self._thread = ThreadPoolExecutor(1, "lab")
        self._moment = ""
        self._flows = 0

    @property
    def subject(self) -> Subject:
        """What the page of the lab is about."""
        answers = {"trace": self._trace, "routes": self._routes}
        return Subject(self._name, "lab", self._command, answers, {"flow": self._flow})

    async def watch(self, board: Board) -> NoReturn:
        """Look at the lab now, and again as long as somebody reads."""
        while True:
            try:
                await board.put(*await self._do(self._sheet))
            except NetlabError as error:
                self._moment = ""
                await board.put(live.gone(error))
            await asyncio.sleep(_GLANCE)
            while not board.readers:
                await asyncio.sleep(_WORD)

    def _sheet(self) -> tuple[str, str | None]:
        """The lab as the two parts of the page; the prediction only where something has changed for the model."""
        found = living.standing(self._name)
        above = live.standing(found, self._command, living.changes(self._name))
        if found.moment == self._moment:
            return above, None
        inside = content(*living.foreseen(self._name), judged=False)
        self._moment = found.moment
        return above, inside

    async def _trace(self, asked: Mapping[str, str]) -> str:
        source, target, protocol = asked.get("source", ""), asked.get("target", ""), designing.protocol(asked)
        return live.followed(await self._do(lambda: measure.follow(labs.read(self._name), source, target, protocol)))

    async def _routes(self, asked: Mapping[str, str]) -> str:
        node = asked.get("node", "")
        return live.routes(await self._do(lambda: labs.routes(labs.read(self._name), node)))

    async def _flow(self, asked: Mapping[str, str]) -> AsyncGenerator[object, None]:
        if self._flows >= _MOST_FLOWS:
            raise UsageError(f"{_MOST_FLOWS} pairs are being watched already", "stop one of them")
        self._flows += 1
        # Both in the one thread, and so in this order: a reader may go while the flow is about to begin.
        with_flow = ExitStack()
        try:
            flow = living.flow(self._name, asked.get("source", ""), asked.get("target", ""))
            loss = await self._do(lambda: with_flow.enter_context(flow))
            for _ in range(int(_LONGEST / _WORD)):
                await asyncio.sleep(_WORD)
                yield {"says": live.loss(loss())}
        finally:
            self._flows -= 1
            await asyncio.shield(self._do(with_flow.close))

    async def _do(self, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, what)
