"""Verbs that look at what is there: labs, their nodes, the catalogue, this machine."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated, NoReturn

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import require_root
from netlab.cli.options import Format, FormatOption, LabArgument, LabOption, NodeArgument
from netlab.cli.output import display, log, print_json, print_rows, print_table
from netlab.errors import ExitCode

app = typer.Typer()

# As shells say it (POSIX, 2.8.2).
_NO_SUCH_COMMAND = 127


@app.command()
def status(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """Say whether daemons, connections and BGP sessions are alive."""
    require_root()
    from netlab.api import labs

    found = labs.status(lab)
    if output is Format.json:
        print_json(found)
    elif not found:
        log("no lab is up")
    else:
        from netlab.report import prose, tables

        for item in found:
            display(prose.overview(item))
            print_table(tables.checks(item.checks))
    leave(ExitCode.OK if all(item.healthy for item in found) else ExitCode.FAILED)


@app.command()
def nodes(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """List a lab's nodes with their namespaces and addresses."""
    require_root()
    from netlab.api import labs

    print_rows(labs.nodes(labs.read(lab)), output)


@app.command()
def routes(node: NodeArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """List the kernel's IPv4 routes at a node.

    Of a VNet: the table of each subnet and of each other way in, with Azure's next hop types.
    """
    require_root()
    from netlab.api import labs

    print_rows(labs.routes(labs.read(lab), node), output)


@app.command("exec")
def execute(
    node: NodeArgument,
    command: Annotated[list[str], typer.Argument(metavar="-- CMD", help="The command and its arguments.")],
    lab: LabOption = "",
) -> None:
    """Run a command at a node; its exit code is passed through."""
    require_root()
    from netlab.api import labs

    found = labs.read(lab)
    _become(found.plan.netns(labs.find_node(found, node)), command)


@app.command()
def shell(node: NodeArgument, lab: LabOption = "") -> None:
    """Open a shell at a node."""
    require_root()
    from netlab.api import labs

    found = labs.read(lab)
    name = labs.find_node(found, node)
    log(f"a shell at {name} of {found.facts.lab}; leave it with exit")
    _become(found.plan.netns(name), [os.environ.get("SHELL", "/bin/sh")])


@app.command("list")
def list_scenarios(output: FormatOption = Format.table) -> None:
    """List the scenarios that come with netlab."""
    from netlab.api.scenarios import catalogue

    print_rows(catalogue(), output)


@app.command()
def doctor(output: FormatOption = Format.table) -> None:
    """Say what this machine has and lacks, and what mends it."""
    from netlab.api.host import examine

    found = examine()
    print_rows(found, output)
    leave(ExitCode.HOST if any(need.status == "missing" for need in found) else ExitCode.OK)


def _become(netns: str, command: list[str]) -> NoReturn:
    """Replace this process by a command inside a namespace; iproute2 also gives it its own /sys."""
    if shutil.which(command[0]) is None:
        log(f"netlab: there is no command {command[0][:60]!r}")
        sys.exit(_NO_SUCH_COMMAND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp("ip", ["ip", "netns", "exec", netns, *command])
