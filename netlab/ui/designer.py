"""The designer's view: a scenario file that is looked at again whenever it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import NoReturn

from netlab import files
from netlab.api import designing
from netlab.report import live
from netlab.report.page import content
from netlab.ui.app import Subject
from netlab.ui.board import Board

# Seconds between two looks whether a file was saved.
_GLANCE = 0.05


def subject(file: Path) -> Subject:
    """What the page of a scenario file is about."""

    async def explain(asked: Mapping[str, str]) -> str:
        return live.explained(await asyncio.to_thread(designing.explanation, file, asked))

    return Subject(file.name, "design", f" --predicted {quote(str(file))}", {"explain": explain})


async def watch(file: Path, board: Board) -> NoReturn:
    """Look at a file now, and again whenever it is saved, replaced or removed."""
    shown: object = board
    before = files.stamp(file)
    while True:
        found = files.stamp(file)
        # An editor may empty a file before it writes it: what still changes is not looked at yet.
        if found == before != shown:
            shown = found
            await board.put(*await asyncio.to_thread(_sheet, file))
        before = found
        await asyncio.sleep(_GLANCE)


def _sheet(file: Path) -> tuple[str, str | None]:
    """A file as the two parts of the page; what is not valid leaves the last valid content where it is."""
    found = designing.design(file)
    return live.design(found), content(found.report, found.drawing) if found.report is not None else None
