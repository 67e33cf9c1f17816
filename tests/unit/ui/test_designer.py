"""The designer's view: a file is served as it is now, whatever becomes of it, to whoever may see it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from live_pages import Served, served
from reports import HOSTILE

from netlab.scenario.loader import catalogue
from netlab.ui.board import MOST_READERS

TEXT = catalogue()["p2s-branch-bgp"].read_text()
HEAD = "valid"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my net.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Served]:
    with served(str(file)) as found:
        # The page is there before the first look has ended.
        found.events().until(lambda event: HEAD in event["live"])
        yield found


def test_the_page_has_the_prediction_and_the_findings(server: Served) -> None:
    page = server.page()
    assert "Predicted by the model" in page
    assert "not measured" not in page
    assert 'aria-label="Reachability after step 1, as connected"' in page
    assert 'data-command=" --predicted &#39;' in page


def test_a_saved_file_is_shown_anew_and_what_is_the_same_is_not_sent(server: Served, file: Path) -> None:
    events = server.events()
    assert "10.101.0.10" in next(events)["content"]
    file.write_text(TEXT.replace("10.101.", "10.102."))
    news = events.until(lambda event: event["content"] is not None)
    assert "10.102.0.10" in news["content"]
    file.write_text(TEXT.replace("10.101.", "10.102.").replace("vnets:", "vnetz:"))
    news = events.until(lambda event: "not valid" in event["live"])
    assert news["content"] is None
    assert "vnetz: unknown key" in news["live"]


def test_a_file_that_goes_away_and_comes_back(server: Served, file: Path) -> None:
    events = server.events()
    file.unlink()
    assert "there is no file" in events.until(lambda event: "not valid" in event["live"])["live"]
    file.mkdir()
    assert "directory" in events.until(lambda event: "is a directory" in event["live"])["live"]
    file.rmdir()
    os.mkfifo(file)
    events.until(lambda event: "cannot read" in event["live"])
    file.unlink()
    file.write_bytes(b"\xff\xfe")
    events.until(lambda event: "is not UTF-8" in event["live"])
    file.write_text("[" * 10_000)
    events.until(lambda event: "not valid" in event["live"] and "UTF-8" not in event["live"])
    # An editor that writes another file and puts it in place.
    other = file.with_suffix(".new")
    other.write_text(TEXT)
    other.replace(file)
    events.until(lambda event: "is valid" in event["live"])


def test_a_pair_is_explained_and_a_bad_question_is_answered(server: Served) -> None:
    asked = {"source": "win", "target": "host1", "step": "as connected"}
    status, text = server.ask(f"/explain?{urlencode(asked)}", "POST")
    assert status == 200
    assert "No route: win has no route to 10.101.0.10" in text
    assert "what would mend it" in text
    for bad in ({"source": HOSTILE}, {"protocol": "sctp"}, {"step": HOSTILE}, {"source": "host1"}):
        status, text = server.ask(f"/explain?{urlencode({**asked, **bad})}", "POST")
        assert (status, "error" in text) == (409, True)
    assert server.ask("/explain", "POST")[0] == 409
    assert server.ask("/explain")[0] == 405
    assert server.ask("/trace", "POST")[0] == 404
    assert server.ask("/../../etc/passwd")[0] == 404


def test_no_other_page_gets_anything(server: Served) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        for path in ("/", "/events", "/explain"):
            assert server.ask(path, **headers)[0] == 403


def test_a_thousand_streams_leave_room_for_the_page(server: Served) -> None:
    opened = [server.events().answer.status for _ in range(1000)]
    assert opened.count(200) == MOST_READERS - 1
    assert opened.count(503) == 1000 - MOST_READERS + 1
    assert "Predicted by the model" in server.page()
    for connection in server.streams:
        connection.close()
    # Whoever has gone makes room: at the latest when the server speaks to it next.
    assert server.ask("/", "HEAD")[0] == 200


def test_what_is_quoted_is_text(file: Path) -> None:
    file.write_text(TEXT.replace("vnets:", f"? {HOSTILE!r}\n: 1\nvnets:"))
    with served(str(file)) as server:
        live = server.events().until(lambda event: "not valid" in event["live"])["live"]
        assert "<script" not in live
        assert "<img" not in live


def test_what_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="there is no file"), served(str(tmp_path / "none.yaml")):
        pass
