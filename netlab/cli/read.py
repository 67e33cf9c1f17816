"""Verbs that look at what is there: labs, their nodes, the catalogue, this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from netlab import files
from netlab.cli.exits import leave
from netlab.cli.labs import one_name, require_root
from netlab.cli.options import Format, FormatOption, LabArgument, LabOption, NodeArgument, UserOption
from netlab.cli.output import display, log, print_json, print_rows, print_table
from netlab.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from netlab.results.lab import Overview

app = typer.Typer()

# As shells say it (POSIX, 2.8.2).
_NO_SUCH_COMMAND = 127
# Seconds between two looks of `status --watch`.
_GLANCE = 1.0


@app.command()
def status(
    lab: LabArgument = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every second, until Ctrl-C.")] = False,
    named: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Say whether daemons, connections, BGP sessions are alive.

    A lab that was changed since `up` is not healthy: by faults, stops, cut links, added routes, impaired links.
    """
    require_root()
    name = one_name(lab, named)
    from netlab.api import labs

    while watch:
        found = labs.status(name)
        if sys.stdout.isatty():
            print("\033[H\033[2J", end="")  # ECMA-48: to the corner, erase the page
        _print_status(found, output)
        sys.stdout.flush()
        time.sleep(_GLANCE)
    found = labs.status(name)
    _print_status(found, output)
    leave(ExitCode.OK if all(item.healthy for item in found) else ExitCode.FAILED)


def _print_status(found: Sequence[Overview], output: Format) -> None:
    """Print what labs look like."""
    if output is Format.json:
        print_json(found)
    elif not found:
        log("no lab is up")
    else:
        from netlab.report import prose, tables

        for item in found:
            display(prose.overview(item))
            print_table(tables.checks(item.checks))


@app.command()
def nodes(lab: LabArgument = "", named: LabOption = "", output: FormatOption = Format.table) -> None:
    """List a lab's nodes with their namespaces and addresses."""
    require_root()
    from netlab.api import labs

    print_rows(labs.nodes(labs.read(one_name(lab, named))), output)


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
    user: UserOption = False,
    lab: LabOption = "",
) -> None:
    """Run a command at a node; its exit code is passed through.

    A node is a network of its own, with its host name and the lab's names (`ping vm2`), and nothing else: the command
    is root's, and sees the host's files and processes.
    With --user it has the rights of the user who called netlab by sudo.
    """
    require_root()
    from netlab.api import labs

    found = labs.read(lab)
    _become(labs.entrance(found, labs.find_node(found, node)), command, user)


@app.command()
def shell(node: NodeArgument, user: UserOption = False, lab: LabOption = "") -> None:
    """Open a shell at a node.

    It is root's, with the host's files and processes; with --user it is that of the user who called netlab by sudo.
    """
    require_root()
    from netlab.api import labs

    found = labs.read(lab)
    name = labs.find_node(found, node)
    chosen = _shell_of_caller() if user else os.environ.get("SHELL", "/bin/sh")
    log(f"a shell at {name} of {found.facts.lab}; leave it with exit")
    _become(labs.entrance(found, name), [chosen], user)


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


def _become(entrance: tuple[str, ...], command: list[str], user: bool) -> NoReturn:
    """Replace this process by a command at a node; iproute2 also gives it its own /sys."""
    program = shutil.which(command[0])
    if program is None:
        log(f"netlab: there is no command {command[0][:60]!r}")
        sys.exit(_NO_SUCH_COMMAND)
    # A user's path may lack the sbin in which the command was found.
    words = [*_rights_of(*_caller()), "--", program, *command[1:]] if user else command
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp(entrance[0], [*entrance, *words])


def _caller() -> tuple[int, int]:
    """The user and the group that called netlab by sudo; UsageError if none did."""
    found = files.sudoer()
    if found is None:
        raise UsageError("--user: no user called netlab by sudo", "call it by sudo, or leave --user out")
    return found


def _rights_of(user: int, group: int) -> list[str]:
    """The command that runs another one with the rights and the environment of a user (setpriv(1))."""
    groups = ",".join(map(str, files.groups(user, group)))
    return ["setpriv", f"--reuid={user}", f"--regid={group}", f"--groups={groups}", "--inh-caps=-all", "--reset-env"]


def _shell_of_caller() -> str:
    try:
        return pwd.getpwuid(_caller()[0]).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"
