"""Who may ask: the browser of the user who started the server, by an address that nobody else knows.

Every site that a browser shows can send requests to 127.0.0.1, and a name of its own may lead there (DNS rebinding).
So a request must name this host, come from this page or from no page at all, and bring the token of this run.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For what a browser might do with an answer: keep it, frame it, guess its type, or tell others where it is from.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Lets through what the user's own page asks, to an ASGI application behind it."""

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 with the reason, or pass the request on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refused = self._refusal(Headers(scope=scope), scope["query_string"])
        answer = PlainTextResponse(f"netlab: {refused}\n", 403) if refused else self._app
        await answer(scope, receive, sealed)

    def _refusal(self, headers: Headers, query: bytes) -> str:
        """Why a request is refused; empty if it is not."""
        host = headers.getlist("host")
        if len(host) != 1 or host[0] not in self._hosts:
            return f"this server is http://{self._hosts[0]} and nothing else"
        if any(origin != f"http://{host[0]}" for origin in headers.getlist("origin")):
            return "another page asked for this"
        # https://www.w3.org/TR/fetch-metadata/: "none" is a person who typed the address.
        if any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
            return "another site asked for this"
        given = _given(query).get("token", [""])
        if len(given) != 1 or not secrets.compare_digest(given[0].encode(), self._token.encode()):
            return "the token is missing or wrong; open the address that `netlab ui` printed"
        return ""


def _given(query: bytes) -> Mapping[str, list[str]]:
    try:
        return parse_qs(query.decode("ascii"), max_num_fields=16)
    except ValueError:
        return {}
