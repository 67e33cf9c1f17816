"""What a shell completes, as bash asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from netlab.cli import app, completion
from netlab.scenario.loader import catalogue


def completed(words: str, number: int) -> list[str]:
    environment = {"_NETLAB_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    done = CliRunner().invoke(app, [], env=environment, prog_name="netlab")
    return list(filter(None, done.stdout.split("\n")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("s2s-mine.yaml", "other.yml", "notes.txt", "sub/inside.yaml", ".hidden/x.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    return tmp_path


@pytest.mark.parametrize("words", ["netlab up ", "netlab predict ", "netlab test a ", "netlab check ", "netlab graph "])
def test_scenarios_and_files(folder: Path, words: str) -> None:
    assert folder.is_dir()
    number = len(words.split())
    found = completed(f"{words}s", number)
    assert {"s2s-static", "s2s-mine.yaml", "sub/"} <= set(found)
    assert all(name.startswith("s") for name in found)
    assert completed(f"{words}sub/", number) == ["sub/inside.yaml"]
    assert completed(f"{words}o", number) == ["other.yml"]
    assert {"notes.txt", ".hidden/"}.isdisjoint(completed(words, number))
    assert set(catalogue()) <= set(completed(words, number))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("netlab explain --predicted s2s-active-active --step as", ["as connected"]),
        ("netlab show bgp-peers --predicted s2s-active-active --step as", ["as connected"]),
        ("netlab sweep s2s-active-active --step as", ["as connected"]),
        ("netlab explain --predicted no-such --step as", []),
        ("netlab explain --step as", []),
    ],
)
def test_steps_of_the_scenario_that_is_named(words: str, found: list[str]) -> None:
    assert completed(words, len(words.split()) - 1) == found


def test_labs_and_nodes_of_none_are_none() -> None:
    """Without a lab, or without the right to see it, a completion is empty and says nothing."""
    assert completion.labs("no-such-lab") == []
    context = typer.Context(typer.main.get_command(app))
    context.params["lab"] = "no-such-lab"
    assert completion.nodes(context, "") == []
