"""Who may ask: the user's own page with its token, and no other host, page or site."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from netlab.ui.guard import Guard

HOST, TOKEN = "127.0.0.1:8123", "a-token"


def asked(headers: Iterable[tuple[str, str]], query: str = f"token={TOKEN}") -> tuple[int, dict[str, str], str]:
    """The status, headers and text of an answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": raw}
    asyncio.run(Guard(PlainTextResponse("inside"), 8123, TOKEN)(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message["body"] for message in sent[1:]).decode()


@pytest.mark.parametrize(
    "headers",
    [
        [("host", HOST)],
        [("host", "localhost:8123")],
        [("host", HOST), ("origin", f"http://{HOST}"), ("sec-fetch-site", "same-origin")],
        [("host", HOST), ("sec-fetch-site", "none")],
    ],
)
def test_the_users_own_page_is_let_in(headers: list[tuple[str, str]]) -> None:
    status, _, text = asked(headers)
    assert (status, text) == (200, "inside")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], "this server is http://127.0.0.1:8123 and nothing else"),
        ([("host", "evil.example:8123")], "this server is"),
        ([("host", "127.0.0.1")], "this server is"),
        ([("host", "127.0.0.1:8124")], "this server is"),
        ([("host", "127.0.0.1.evil.example:8123")], "this server is"),
        ([("host", HOST), ("host", "evil.example")], "this server is"),
        ([("host", HOST), ("origin", "http://evil.example")], "another page"),
        ([("host", HOST), ("origin", "null")], "another page"),
        ([("host", HOST), ("origin", "https://127.0.0.1:8123")], "another page"),
        ([("host", HOST), ("origin", "http://127.0.0.1:9000")], "another page"),
        ([("host", HOST), ("origin", "http://localhost:8123")], "another page"),
        ([("host", HOST), ("sec-fetch-site", "cross-site")], "another site"),
        ([("host", HOST), ("sec-fetch-site", "same-site")], "another site"),
    ],
)
def test_another_host_page_or_site_is_refused_though_it_has_the_token(headers: list[tuple[str, str]], why: str) -> None:
    status, _, text = asked(headers)
    assert status == 403
    assert why in text


@pytest.mark.parametrize(
    "query",
    ["", "token=", "token=A-TOKEN", "token=a-toke", f"token={TOKEN}x", f"token={TOKEN}&token=x", f"x={TOKEN}",
     "token=%ff", "&".join(f"a{n}=1" for n in range(99))],
)  # fmt: skip
def test_without_the_token_nothing_is_told(query: str) -> None:
    status, _, text = asked([("host", HOST)], query)
    assert (status, TOKEN in text) == (403, False)


def test_no_other_page_may_keep_or_frame_an_answer() -> None:
    for _, headers, _ in (asked([("host", HOST)]), asked([])):
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
