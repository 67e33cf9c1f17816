"""The verb that compares two descriptions of a network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.options import FileOption
from netlab.cli.output import put, read_text
from netlab.errors import ExitCode
from netlab.results.difference import PARTS, Part

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


_BOTH = "A scenario's name, a file, a saved `verify -f json`, or a file of a git revision, as main:net.yaml."


@app.command("diff")
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=_BOTH)],
    b: Annotated[str, typer.Argument(metavar="B", help="The same, after the change.")],
    only: Annotated[list[Among] | None, typer.Option("--only", help="Only this part; several times for more.")] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="STEP", help="After this step of the stories; else the first.")
    ] = "",
    output: Annotated[Comment, typer.Option("--format", "-f", help="How to print.")] = Comment.table,
    file: FileOption = None,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="What exit code 1 stands for.")] = FailOn.any,
    most: Annotated[int | None, typer.Option("--max", metavar="N", min=0, help="So many rows of each part.")] = None,
    allow: Annotated[
        Path | None, typer.Option("--allow", metavar="FILE", help="Changes that are accepted, one in a line.")
    ] = None,
) -> None:
    """Say what a change of a network costs, and why.

    Objects, routes, findings and who reaches whom, before and after; of each
    changed pair the object that it is because of. Needs no root.
    """
    from netlab.api.difference import difference
    from netlab.report import comparison
    from netlab.report.encoding import encoded

    parts: tuple[Part, ...] = tuple(part for part in PARTS if only is None or part in {one.value for one in only})
    found = difference(a, b, parts, at, read_text(allow) if allow is not None else "")
    if output is Comment.json:
        text = encoded(found) + "\n"
    elif output is Comment.markdown:
        text = comparison.markdown(found, most)
    else:
        alone = only is not None and [one.value for one in only] == ["cells"]
        text = "".join(f"{line}\n" for line in comparison.table(found, most, alone=alone))
    put(file, text)
    differs = not comparison.is_empty(found)
    failed = {FailOn.any: differs, FailOn.lost: found.summary.lost > 0, FailOn.never: False}[fail_on]
    leave(ExitCode.FAILED if failed else ExitCode.OK)
