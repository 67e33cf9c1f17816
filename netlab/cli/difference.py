"""The verb that compares two descriptions of a network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.cli.exits import leave
from netlab.cli.options import FileOption
from netlab.cli.output import put, read_text
from netlab.errors import ExitCode
from netlab.results.difference import PARTS, Difference, Part

if TYPE_CHECKING:
    from netlab.api.importing import Options

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
_Parameters = Annotated[_Many, typer.Option("--parameters", metavar="FILE|NAME=VALUE", help="Of imports: both.")]
_ParametersA = Annotated[_Many, typer.Option("--parameters-a", metavar="FILE|NAME=VALUE", help="Of imports: A's.")]
_ParametersB = Annotated[_Many, typer.Option("--parameters-b", metavar="FILE|NAME=VALUE", help="Of imports: B's.")]
_Linked = Annotated[_Many, typer.Option("--linked", metavar="DIR", help="Where linked templates lie.")]
_Location = Annotated[str, typer.Option("--location", metavar="REGION", help="Where a template's group is.")]
_Group = Annotated[str, typer.Option("--resource-group", metavar="NAME", help="The group of a template.")]
_Set = Annotated[_Many, typer.Option("--set", metavar="ADDRESS.ATTRIBUTE=VALUE", help="A value that is not known yet.")]
_Sites = Annotated[_Many, typer.Option("--site", metavar="LNG=PREFIX[,PREFIX]", help="The prefixes of a site.")]
_Asns = Annotated[_Many, typer.Option("--asn", metavar="SITE=ASN", help="The ASN of a site.")]
_Joins = Annotated[_Many, typer.Option("--join", metavar="LNG,LNG", help="Devices of one site.")]
_Announced = Annotated[
    _Many, typer.Option("--announce", metavar="VNET-VM=PREFIX", help="What an appliance advertises.")
]
_Firewall = Annotated[str, typer.Option("--firewall", metavar="forward|deny", help="What an Azure Firewall does.")]
_Probes = Annotated[str, typer.Option("--probes", metavar="subnets|all|none", help="Which subnets get a probe.")]
_Stubs = Annotated[bool, typer.Option("--stubs", help="Make what is only referred to.")]
_Clients = Annotated[str, typer.Option("--clients", metavar="linux,windows|none", help="Point-to-site clients.")]


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
    parameters: _Parameters = None,
    parameters_a: _ParametersA = None,
    parameters_b: _ParametersB = None,
    linked: _Linked = None,
    location: _Location = "westeurope",
    resource_group: _Group = "rg",
    values: _Set = None,
    sites: _Sites = None,
    asns: _Asns = None,
    joined: _Joins = None,
    announced: _Announced = None,
    firewall: _Firewall = "forward",
    probes: _Probes = "subnets",
    stubs: _Stubs = False,
    clients: _Clients = "linux,windows",
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

    wanted = [one.value for one in given["only"] or ()]
    parts: tuple[Part, ...] = tuple(part for part in PARTS if not wanted or part in wanted)
    options = _options(given, "parameters_a"), _options(given, "parameters_b")
    allowed = read_text(given["allow"]) if given["allow"] is not None else ""
    found = difference(a, b, parts, given["at"], allowed, options)
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
    known = {key: () if value is None else value for key, value in given.items()}
    return importing.options({**known, "parameters": both, "only": (), "without": (), "name": ""})
