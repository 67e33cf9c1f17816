"""The verb that makes a scenario of other descriptions of a network."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from netlab.cli.exits import leave
from netlab.cli.options import (
    AnnouncedOption,
    AsnsOption,
    ClientsOption,
    FileOption,
    FirewallOption,
    Format,
    FormatOption,
    GroupOption,
    JoinedOption,
    LinkedOption,
    LocationOption,
    ProbesOption,
    SitesOption,
    StubsOption,
    ValuesOption,
)
from netlab.cli.output import MOST_READ, display, log, print_json, put, require_writable, write_text
from netlab.errors import ExitCode, UsageError

app = typer.Typer()

_Paths = Annotated[list[str] | None, typer.Argument(metavar="PATH...", help="Files, directories, or - for input.")]
_Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the report, as JSON.")]
_Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameters", metavar="FILE|NAME=VALUE", help="A parameters file of a template, or a value."),
]
_Only = Annotated[list[str] | None, typer.Option("--only", metavar="GLOB", help="Only these ids or names.")]
_Without = Annotated[list[str] | None, typer.Option("--without", metavar="GLOB", help="Not these ids or names.")]
_Name = Annotated[str, typer.Option("--name", metavar="LAB", help="The name of the scenario.")]
_Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 where the scenario lacks anything.")]
_Expect = Annotated[bool, typer.Option("--expect", help="Write what is predicted as expectation.")]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite the output file.")]
_Verbose = Annotated[bool, typer.Option("--verbose", help="Also list properties that nothing reads.")]
_Subscriptions = Annotated[
    list[str] | None,
    typer.Option("--subscription", metavar="ID", help="Read this subscription; needs netlab-azure[azure]."),
]
_OnPremises = Annotated[
    str, typer.Option("--on-premises", metavar="SCENARIO", help="Its sites are known: they stay as they are there.")
]
_Commands = Annotated[bool, typer.Option("--commands", help="Print the commands that collect a subscription.")]


@app.command("import")
def import_(
    context: typer.Context,
    paths: _Paths = None,
    output: FileOption = None,
    report: _Report = None,
    parameters: _Parameters = None,
    linked: LinkedOption = None,
    location: LocationOption = "westeurope",
    resource_group: GroupOption = "rg",
    values: ValuesOption = None,
    sites: SitesOption = None,
    asns: AsnsOption = None,
    on_premises: _OnPremises = "",
    joined: JoinedOption = None,
    announced: AnnouncedOption = None,
    firewall: FirewallOption = "forward",
    probes: ProbesOption = "subnets",
    stubs: StubsOption = False,
    clients: ClientsOption = "linux,windows",
    only: _Only = None,
    without: _Without = None,
    name: _Name = "",
    strict: _Strict = False,
    expect: _Expect = False,
    force: _Force = False,
    verbose: _Verbose = False,
    subscription: _Subscriptions = None,
    commands: _Commands = False,
    style: FormatOption = Format.table,
) -> None:
    """Make a scenario of az, ARM, Bicep or Terraform output.

    Nothing is fetched but what --subscription asks Azure for. What a scenario
    cannot hold is listed with its count, and what is invented says so.
    """
    if commands:
        _print_commands()
    if not paths and not subscription:
        raise UsageError("name what to import", "netlab import PATH..., or netlab import --commands")
    _run(paths or [], output, context.params)


def _print_commands() -> None:
    from netlab.api.importing import COMMANDS

    display(COMMANDS)
    leave(ExitCode.OK)


def _run(paths: list[str], target: Path | None, given: Mapping[str, Any]) -> None:
    """Import, print and write, and leave."""
    from netlab.api import importing
    from netlab.report import imported
    from netlab.report.encoding import encoded

    _require_place(target, given)
    paths, stdin = _content(paths, given["subscription"] or [])
    options = importing.options(given)
    if given["on_premises"]:
        options = importing.knowing(options, given["on_premises"])
    outcome = importing.run(paths, options, str(target or "the scenario"), given["strict"], stdin)
    if given["report"] is not None:
        write_text(given["report"], encoded(outcome.report) + "\n")
    for line in imported.lines(outcome.report, given["verbose"]):
        log(line)
    if outcome.text:
        put(target, importing.with_expectations(outcome.text) if given["expect"] else outcome.text)
    if given["style"] is Format.json:
        print_json(outcome.report)
    leave(ExitCode(outcome.report.exit))


def _content(paths: list[str], subscriptions: list[str]) -> tuple[list[str], bytes]:
    """All paths, and the content of the one that is no file."""
    from netlab.api import importing, subscription

    if subscriptions and "-" in paths:
        raise UsageError("--subscription and standard input cannot be together", "write the input into a file")
    if subscriptions:
        return [*paths, importing.SUBSCRIPTION], subscription.read(subscriptions)
    return paths, sys.stdin.buffer.read(MOST_READ + 1) if "-" in paths else b""


def _require_place(target: Path | None, given: Mapping[str, Any]) -> None:
    """UsageError where the scenario or the report has no place."""
    if target is None and given["style"] is Format.json:
        raise UsageError("-f json prints the report, and the scenario needs a file", "name one with -o")
    if target is not None:
        if target.exists() and not given["force"]:
            raise UsageError(f"{target} exists", "choose another file, or overwrite it with --force")
        require_writable(target)
