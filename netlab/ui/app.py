"""The application: a page, the stream that keeps it up to date, and what a reader asks of a pair."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from netlab.errors import NetlabError
from netlab.report.page import Live, live_page
from netlab.ui.board import Board, Sheet

# What is answered to a question, as HTML, by the parameters of its address.
Answer = Callable[[Mapping[str, str]], Awaitable[str]]
# What a stream brings, a value a line, by the same.
Stream = Callable[[Mapping[str, str]], AsyncGenerator[object, None]]


@dataclass(frozen=True)
class Subject:
    """What a page is about: its title, the end of every command about it, and what it can be asked."""

    title: str
    kind: str
    command: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)


def application(board: Board, subject: Subject) -> Starlette:
    """The application of a subject, whose state is on a board. Nothing in it changes anything."""

    async def page(_: Request) -> Response:
        sheet = board.sheet
        live = Live(sheet.live, sheet.version, subject.kind, subject.command)
        return HTMLResponse(live_page(subject.title, sheet.content, live))

    async def events(request: Request) -> Response:
        seen = _number(request.headers.get("last-event-id") or request.query_params.get("since", ""))
        return _stream(board, _sheets(board, seen))

    routes = [Route("/", page), Route("/events", events)]
    routes += [Route(f"/{name}", _answering(answer), methods=["POST"]) for name, answer in subject.answers.items()]
    routes += [Route(f"/{name}", _streaming(board, stream)) for name, stream in subject.streams.items()]
    return Starlette(routes=routes)


def _answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return JSONResponse({"html": await answer(request.query_params)})
        except NetlabError as error:
            return JSONResponse({"error": f"{error.message}{f'; next: {error.hint}' if error.hint else ''}"}, 409)

    return answered


def _streaming(board: Board, stream: Stream) -> Callable[[Request], Awaitable[Response]]:
    async def streamed(request: Request) -> Response:
        return _stream(board, _lines(board, stream(request.query_params)))

    return streamed


def _stream(board: Board, lines: AsyncIterator[str]) -> Response:
    """A stream of server-sent events, if there is room for one more."""
    if not board.has_room:
        return PlainTextResponse("netlab: too many pages are open; close some\n", 503)

    async def counted() -> AsyncIterator[str]:
        with board.reader():
            async for line in lines:
                yield line

    return StreamingResponse(counted(), media_type="text/event-stream")


async def _sheets(board: Board, seen: int) -> AsyncIterator[str]:
    async for sheet in board.sheets(seen):
        yield ":\n\n" if sheet is None else _event(_news(sheet, seen), sheet.version)
        seen = sheet.version if sheet is not None else seen


def _news(sheet: Sheet, seen: int) -> Mapping[str, object]:
    """What is new on a sheet to one who has seen an older one."""
    return {"live": sheet.live, "content": sheet.content if sheet.content_since > seen else None}


async def _lines(board: Board, values: AsyncGenerator[object, None]) -> AsyncIterator[str]:
    """The values of a stream, which ends with the board: else the server would wait for it."""
    try:
        async with aclosing(values):
            async for value in values:
                if board.closed:
                    return
                yield _event(value)
    except NetlabError as error:
        yield _event({"error": error.message})


def _event(value: object, number: int | None = None) -> str:
    """A server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}data: {json.dumps(value)}\n\n"


def _number(text: str) -> int:
    """A version as a browser says it; 0, which is older than all, where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
