"""Verbs of connections."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.cli.labs import read_lab, require_root
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
    from netlab.api.machine import LINUX
    from netlab.lab.build import state
    from netlab.lab.story import keys
    from netlab.scenario.names import suggest

    found = read_lab(lab)
    named = {name.lower(): name for name in found.scenario.connections}
    name = named.get(connection.lower())
    if name is None:
        raise UsageError(f"there is no connection {connection[:60]!r}", suggest(connection, named.values()))
    between = found.scenario.connections[name].between
    ends = tuple(each for each in between if not end or each.lower() == end.lower())
    if not ends:
        raise UsageError(f"{end[:60]!r} is no end of {name}", f"its ends: {', '.join(between)}")
    if generate and file is not None:
        raise UsageError("--generate and --file exclude each other", "leave one out")
    key = secrets.token_hex(32) if generate else _read(file)
    problem = keys.refused_key(found.scenario, name, key)
    if problem:
        raise UsageError(f"this key is refused: {problem}", "write another one, or have one made with --generate")
    with state.locked(found.facts.lab):
        display(f"{name}: {keys.set_key(found, LINUX, name, ends, key).words}")


def _read(file: Path | None) -> str:
    if file is not None:
        return read_text(file).rstrip("\r\n")
    if sys.stdin.isatty():
        asked: str = typer.prompt("key", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.read().rstrip("\r\n")
