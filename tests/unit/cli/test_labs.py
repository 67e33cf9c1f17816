"""One way to name a lab: --lab in every verb, beside the argument of those that have one."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
import typer

from netlab.cli import app
from netlab.cli.labs import one_name
from netlab.errors import UsageError


@pytest.mark.parametrize(
    ("lab", "named", "found"), [("", "", ""), ("a", "", "a"), ("", "a", "a")], ids=["none", "argument", "option"]
)
def test_a_lab_is_named_once(lab: str, named: str, found: str) -> None:
    assert one_name(lab, named) == found


def test_two_names_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        one_name("a", "a")


def verbs(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for each, found in command.commands.items():
        yield from verbs(found, f"{name} {each}")


def test_every_verb_about_a_lab_has_the_option() -> None:
    """All but those that build one, and those that ask no lab."""
    without = {
        name.removeprefix("netlab ")
        for name, command in verbs(typer.main.get_command(app), "netlab")
        if not any("--lab" in parameter.opts for parameter in command.params)
    }
    assert without == {
        *(
            "up",
            "gc",
            "test",
            "sweep",
            "campaign",
            "list",
            "doctor",
            "check",
            "rules",
            "predict",
            "expect",
            "plan",
            "graph",
        ),
        *("schema", "import", "diff"),
    }
