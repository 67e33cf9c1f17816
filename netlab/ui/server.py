"""The server: on 127.0.0.1, until Ctrl-C, with a watcher that keeps its board up to date."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import uvicorn

from netlab.errors import UsageError
from netlab.ui.app import Subject, application
from netlab.ui.board import Board
from netlab.ui.guard import Guard

HOST = "127.0.0.1"
# Seconds that a page has to take its last bytes, and between two looks whether a signal came.
_PARTING, _GLANCE = 1, 0.05

# Keeps a board up to date, for as long as the server runs.
Watch = Callable[[Board], Awaitable[None]]
Announce = Callable[[str], None]


def serve(subject: Subject, watch: Watch, port: int, announce: Announce) -> None:
    """Serve a page until a signal comes; ``announce`` gets its address. Port 0 is any free one."""
    board, token = Board(), secrets.token_urlsafe(24)
    inside = application(board, subject)
    settings = uvicorn.Config(
        inside,
        host=HOST,
        port=port,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_PARTING,
    )
    try:
        listening = settings.bind_socket()
    except SystemExit:  # all that uvicorn makes of an OSError
        raise UsageError(f"port {port} of {HOST} cannot be had", "name another one: --port N") from None
    with listening:
        # Who opens the address at once waits until the server runs.
        listening.listen()
        port = listening.getsockname()[1]
        settings.app = Guard(inside, port, token)
        announce(f"http://{HOST}:{port}/?token={token}")
        server = uvicorn.Server(settings)
        asyncio.run(_watched(server, lambda: server.serve([listening]), board, watch))


async def _watched(server: uvicorn.Server, run: Callable[[], Awaitable[None]], board: Board, watch: Watch) -> None:
    """Run a server with its watcher; neither outlives the other."""

    async def look() -> None:
        try:
            await watch(board)
        finally:
            server.should_exit = True

    async def part() -> None:
        """End the streams, for which the server else would wait."""
        while not server.should_exit:
            await asyncio.sleep(_GLANCE)
        await board.close()

    watching, parting = asyncio.ensure_future(look()), asyncio.ensure_future(part())
    try:
        await run()
    finally:
        parting.cancel()
        watching.cancel()
    await asyncio.wait((watching,))
    if not watching.cancelled() and (failure := watching.exception()) is not None:
        raise failure
