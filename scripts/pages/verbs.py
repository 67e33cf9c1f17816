"""A page for each verb, from the command line itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pages.markdown import table


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its name, what it does, how it is called, and its parameters as the help shows them."""

    name: str
    summary: str
    rest: str
    usage: str
    arguments: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]

    @property
    def slug(self) -> str:
        """The verb's name in a path."""
        return self.name.removeprefix("netlab ").replace(" ", "-")


def verbs() -> Iterator[Verb]:
    """Every verb, in the order of the help."""
    import typer
    from typer.main import get_command

    from netlab.cli import app

    def walk(command: Any, parent: typer.Context | None, name: str) -> Iterator[Verb]:
        context = typer.Context(command, parent=parent, info_name=name)
        for verb, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, context, verb)
        if not hasattr(command, "commands"):
            yield _verb(command, context)

    return walk(get_command(app), None, "netlab")


def _verb(command: Any, context: Any) -> Verb:
    pieces = [re.sub("[{}]", "", piece) for piece in command.collect_usage_pieces(context)]
    summary, _, rest = command.help.partition("\n\n")
    records = {
        kind: tuple(
            (item.metavar.strip("[].") if kind == "argument" else _plain(record[0]), " ".join(record[1].split()))
            for item in command.params
            if item.param_type_name == kind and (record := item.get_help_record(context))
        )
        for kind in ("argument", "option")
    }
    return Verb(
        context.command_path,
        " ".join(summary.split()).rstrip("."),
        rest.replace("\b\n", ""),
        " ".join([context.command_path, *pieces]),
        records["argument"],
        tuple(record for record in records["option"] if "--help" not in record[0]),
    )


def _plain(option: str) -> str:
    return re.sub("[<>]", "", option)


def index() -> str:
    """The table of all verbs."""
    return table(
        ("Command", "What it does"),
        ((f"[`{verb.name}`]({verb.slug}.md)", f"{verb.summary}.") for verb in verbs()),
    )


def pages() -> dict[str, str]:
    """A page for each verb, by its path."""
    return {f"reference/verbs/{verb.slug}.md": _page(verb) for verb in verbs()}


def _page(verb: Verb) -> str:
    parts = [f"# {verb.name}", f"{verb.summary}.", f"```\n{verb.usage}\n```", _paragraphs(verb.rest)]
    if verb.arguments:
        parts.append(table(("Argument", "Meaning"), ((f"`{name}`", text) for name, text in verb.arguments)))
    if verb.options:
        parts.append(table(("Option", "Meaning"), ((f"`{name}`", text) for name, text in verb.options)))
    parts.append("The command ends with one of the [exit codes](../exit-codes.md). [All verbs](index.md).")
    return "\n\n".join(part for part in parts if part) + "\n"


def _paragraphs(text: str) -> str:
    """The rest of a help text; what typer keeps as it is (`\\b`) are lines of their own."""
    return text.strip()
