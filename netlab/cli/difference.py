"""The verb that compares two descriptions of a network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.cli.exits import leave
from netlab.cli.options import (
    AnnouncedOption,
    AsnsOption,
    ClientsOption,
    FileOption,
    FirewallOption,
    GroupOption,
    JoinedOption,
    LinkedOption,
    LocationOption,
    ProbesOption,
    SitesOption,
    StubsOption,
    ValuesOption,
)
from netlab.cli.output import put, read_text
from netlab.errors import ExitCode

if TYPE_CHECKING:
    from netlab.api.importing import Options
    from netlab.results.difference import Difference, Part

app = typer.Typer()


class Comment(StrEnum):
    """How a difference is printed."""

    table = "table"
    json = "json"
    markdown = "markdown"


class Among(StrEnum):
    """A part of a difference."""

    objects = "objects"
    routes = "routes"
    cells = "cells"
    checks = "checks"


class FailOn(StrEnum):
    """Which difference is a failure."""

    any = "any"
    lost = "lost"
    never = "never"


_Many = list[str] | None
_BOTH = "A scenario, a file, `verify -f json`, a file of git as main:net.yaml, or what `import` takes."
_First = Annotated[str, typer.Argument(metavar="A", help=_BOTH)]
_Second = Annotated[str, typer.Argument(metavar="B", help="The same, after the change.")]
_Only = Annotated[list[Among] | None, typer.Option("--only", help="Only this part; several times for more.")]
_At = Annotated[str, typer.Option("--at", metavar="STEP", help="After this step of the stories; else the first.")]
_Format = Annotated[Comment, typer.Option("--format", "-f", help="How to print.")]
_FailOn = Annotated[FailOn, typer.Option("--fail-on", help="What exit code 1 stands for.")]
_Max = Annotated[int | None, typer.Option("--max", metavar="N", min=0, help="So many rows of each part.")]
_Allow = Annotated[
    Path | None, typer.Option("--allow", metavar="FILE", help="Changes that are accepted, one in a line.")
]
_Redundancy = Annotated[bool, typer.Option("--n-1", help="Predict every single failure on both sides, too.")]
_Parameters = Annotated[_Many, typer.Option("--parameters", metavar="FILE|NAME=VALUE", help="Of imports: both.")]
_ParametersA = Annotated[_Many, typer.Option("--parameters-a", metavar="FILE|NAME=VALUE", help="Of imports: A's.")]
_ParametersB = Annotated[_Many, typer.Option("--parameters-b", metavar="FILE|NAME=VALUE", help="Of imports: B's.")]


@app.command("diff")
def compare(
    context: typer.Context,
    a: _First,
    b: _Second,
    only: _Only = None,
    at: _At = "",
    output: _Format = Comment.table,
    file: FileOption = None,
    fail_on: _FailOn = FailOn.any,
    most: _Max = None,
    allow: _Allow = None,
    redundancy: _Redundancy = False,
    parameters: _Parameters = None,
    parameters_a: _ParametersA = None,
    parameters_b: _ParametersB = None,
    linked: LinkedOption = None,
    location: LocationOption = "westeurope",
    resource_group: GroupOption = "rg",
    values: ValuesOption = None,
    sites: SitesOption = None,
    asns: AsnsOption = None,
    joined: JoinedOption = None,
    announced: AnnouncedOption = None,
    firewall: FirewallOption = "forward",
    probes: ProbesOption = "subnets",
    stubs: StubsOption = False,
    clients: ClientsOption = "linux,windows",
) -> None:
    """Say what a change of a network costs, and why.

    Objects, routes, findings and who reaches whom, before and after; of each
    changed pair the object that it is because of. Needs no root. The options
    from --parameters on are those of `netlab import`.
    """
    _compare(a, b, context.params)


def _compare(a: str, b: str, given: dict[str, Any]) -> None:
    """Compare, print or write, and leave."""
    from netlab.api.difference import difference
    from netlab.report.comparison import is_empty
    from netlab.results.difference import PARTS

    wanted = [one.value for one in given["only"] or ()]
    parts: tuple[Part, ...] = tuple(part for part in PARTS if not wanted or part in wanted)
    options = _options(given, "parameters_a"), _options(given, "parameters_b")
    allowed = read_text(given["allow"]) if given["allow"] is not None else ""
    found = difference(a, b, parts, given["at"], allowed, options, redundancy=given["redundancy"])
    put(given["file"], _text(found, given["output"], given["most"], alone=wanted == ["cells"]))
    failed = {FailOn.any: not is_empty(found), FailOn.lost: found.summary.lost > 0, FailOn.never: False}
    leave(ExitCode.FAILED if failed[given["fail_on"]] else ExitCode.OK)


def _text(found: Difference, output: Comment, most: int | None, *, alone: bool) -> str:
    from netlab.report import comparison
    from netlab.report.encoding import encoded

    if output is Comment.json:
        return encoded(found) + "\n"
    if output is Comment.markdown:
        return comparison.markdown(found, most)
    return "".join(f"{line}\n" for line in comparison.table(found, most, alone=alone))


def _options(given: dict[str, Any], own: str) -> Options:
    """The options of one import; its own parameters count before those of both."""
    from netlab.api import importing

    both = (*(given["parameters"] or ()), *(given[own] or ()))
    return importing.options({**given, "parameters": both, "only": (), "without": (), "name": ""})
