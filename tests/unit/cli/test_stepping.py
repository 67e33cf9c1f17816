"""Asking before a step, on a terminal."""

from __future__ import annotations

import os
import pty
import signal
from collections.abc import Iterator

import pytest
from reports import as_predicted, of

from netlab.api.measure import Ahead
from netlab.cli.stepping import ask, asking
from netlab.errors import UsageError

NEXT = Ahead(2, 3, "with the route", ("add_route: win, 10.101.0.0/16",), None)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a person types."""
    person, terminal = pty.openpty()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with open(terminal) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield person
    os.close(person)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_says_what_comes_and_goes_on_after_enter_only(typed: int, capsys: pytest.CaptureFixture[str]) -> None:
    os.write(typed, b"what?\n\n")
    pause = asking(True)
    assert pause is not None
    pause(NEXT)
    said = capsys.readouterr().err
    assert said.startswith("next, step 2 of 3: with the route\n  add_route: win, 10.101.0.0/16\n")
    assert said.count("Enter goes on, q ends: ") == 2


@pytest.mark.parametrize("answer", [b"q\n", b"Q\n", b"\x04"])
def test_q_and_the_end_of_the_input_interrupt(typed: int, answer: bytes) -> None:
    os.write(typed, answer)
    with pytest.raises(KeyboardInterrupt):
        ask(NEXT)


def test_what_was_measured_is_said(typed: int, capsys: pytest.CaptureFixture[str]) -> None:
    os.write(typed, b"\n")
    (step, *_) = as_predicted(of("p2s-branch-bgp")).steps
    ask(Ahead(2, 2, "next", (), step))
    assert capsys.readouterr().err.startswith(
        f"as connected: {step.count('passed')} passed, 0 failed, 0 errors\n"
        "next, step 2 of 2: next\n  no action, measures only\n"
    )


def test_without_a_terminal_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(UsageError, match="no terminal"):
            asking(True)
        assert asking(False) is None
