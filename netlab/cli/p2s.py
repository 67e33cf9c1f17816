"""Verbs of point-to-site clients."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli.labs import read_lab, require_root
from netlab.cli.options import LabOption
from netlab.cli.output import display
from netlab.errors import UsageError

app = typer.Typer(name="p2s", help="Point-to-site clients.", no_args_is_help=True)


@app.command()
def profile(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="A client of the scenario.")], lab: LabOption = ""
) -> None:
    """Download a client's profile package anew.

    A Windows client takes its routes from it. Prints the file's name.
    """
    require_root()
    from netlab.lab import profile as package
    from netlab.lab import state
    from netlab.machine.linux import Linux

    found = read_lab(lab)
    clients = {item.node: item for item in found.plan.clients}
    if client.lower() not in clients:
        there = ", ".join(clients) or "none"
        raise UsageError(f"there is no client {client!r} in {found.facts.lab}", f"its clients: {there}")
    with state.locked(found.facts.lab):
        display(str(package.download(found.plan, found.scenario, clients[client.lower()], Linux())))
