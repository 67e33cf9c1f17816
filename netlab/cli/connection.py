"""Verbs of connections."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.cli.labs import require_root
from netlab.cli.options import LabOption
from netlab.cli.output import display, read_text
from netlab.errors import UsageError

app = typer.Typer(name="connection", help="Connections.", no_args_is_help=True)


@app.command("set-key")
def set_key(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="A connection of the scenario.")],
    end: Annotated[
        str, typer.Option("--end", metavar="END", help="Only at this end: a VNet or a site of the connection.")
    ] = "",
    generate: Annotated[bool, typer.Option("--generate", help="Make a new key.")] = False,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Read the key from a file.")] = None,
    lab: LabOption = "",
) -> None:
    """Give a connection another shared key, and reset it.

    The key comes from a file, from standard input or from a prompt, never from the command line. Prints the state that
    the connection has then.
    """
    require_root()
    from netlab.api import labs, story

    found = labs.read(lab)
    name, ends = story.connection_ends(found, connection, end)
    if generate and file is not None:
        raise UsageError("--generate and --file exclude each other", "leave one out")
    key = secrets.token_hex(32) if generate else _read(file)
    display(f"{name}: {story.set_key(found, name, ends, key).words}")


def _read(file: Path | None) -> str:
    if file is not None:
        return read_text(file).rstrip("\r\n")
    if sys.stdin.isatty():
        asked: str = typer.prompt("key", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.read().rstrip("\r\n")
