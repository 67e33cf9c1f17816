"""The verbs and their rooms: each verb is listed with its room, and starts without the others."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest
import typer
from typer.main import get_group
from typer.testing import CliRunner

from netlab import cli
from netlab.cli.verbs import ROOMS


def verbs_of(module: str) -> tuple[str, ...]:
    """The verbs of a room, or its group, as typer reads them."""
    whole = typer.Typer()
    whole.add_typer(import_module(f"netlab.cli.{module}").app)
    return tuple(get_group(whole).commands)


def test_every_room_is_listed_with_its_verbs() -> None:
    modules = [module.name for module in iter_modules(cli.__path__)]
    rooms = [name for name in modules if hasattr(import_module(f"netlab.cli.{name}"), "app")]
    assert {room: verbs_of(room) for room in rooms} == ROOMS


@pytest.mark.parametrize("verb", [verb for verbs in ROOMS.values() for verb in verbs])
def test_a_listed_verb_is_found(verb: str) -> None:
    shown = CliRunner().invoke(cli.app, [verb, "--help"])
    assert shown.exit_code == 0
    assert f"Usage: netlab {verb} " in shown.output


@pytest.mark.parametrize(("words", "guess"), [("chek", "check"), ("predikt", "predict"), ("falt", "fault")])
def test_an_unknown_verb_is_guessed_from_all_rooms(words: str, guess: str) -> None:
    shown = CliRunner().invoke(cli.app, [words])
    assert shown.exit_code == 2
    assert "Did you mean" in shown.output
    assert f"'{guess}'" in shown.output


@pytest.mark.parametrize(
    ("words", "room"), [(["--version"], None), (["plan", "--help"], "model"), (["p2s", "connect", "--help"], "p2s")]
)
def test_a_verb_imports_no_other_room(words: list[str], room: str | None) -> None:
    code = (
        "import sys\nfrom netlab.cli import app\n"
        f"try: app({words!r})\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in ROOMS if f"netlab.cli.{name}" in run.stderr.split()] == ([room] if room else [])
