"""The board: the latest sheet for everyone, nothing twice, and an end."""

from __future__ import annotations

import asyncio

from netlab.ui.board import MOST_READERS, Board, Sheet


def test_a_reader_gets_what_is_newer_than_what_it_has_seen() -> None:
    async def read() -> None:
        board = Board()
        await board.put("one", "content")
        sheets = board.sheets(0)
        assert await anext(sheets) == Sheet("one", "content", 1, 1)
        coming = asyncio.ensure_future(anext(sheets))
        await board.put("two")
        assert await coming == Sheet("two", "content", 2, 1)
        await board.put("three")
        await board.put("four", "other")
        # What was in between is missed.
        assert await anext(sheets) == Sheet("four", "other", 4, 4)

    asyncio.run(read())


def test_what_is_the_same_is_no_news() -> None:
    async def read() -> None:
        board = Board()
        await board.put("one", "content")
        await board.put("one", "content")
        await board.put("one")
        assert board.sheet.version == 1

    asyncio.run(read())


def test_streams_end_with_the_board() -> None:
    async def read() -> None:
        board = Board()
        coming = [asyncio.ensure_future(_all(board)) for _ in range(3)]
        await asyncio.sleep(0)
        await board.put("one")
        await board.close()
        assert {sheets[-1].live for sheets in await asyncio.gather(*coming)} == {"one"}

    asyncio.run(read())


async def _all(board: Board) -> list[Sheet]:
    return [sheet async for sheet in board.sheets(0) if sheet is not None]


def test_there_is_room_for_so_many_readers() -> None:
    board = Board()
    readers = [board.reader() for _ in range(MOST_READERS)]
    for reader in readers:
        assert board.has_room
        reader.__enter__()
    assert not board.has_room
    readers[0].__exit__(None, None, None)
    assert board.has_room
