"""The verb that holds a scenario against what Azure answered about the real deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import load_scenario, require_root
from netlab.cli.options import Format, FormatOption
from netlab.cli.output import display, print_json
from netlab.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from netlab.results.recorded import Comparison

app = typer.Typer()


@app.command("compare")
def compare(
    *,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO|FILE", help="A name from `netlab list`, or a file.", show_default=False)
    ] = "",
    recorded: Annotated[
        str, typer.Option("--recorded", metavar="DIR", help="What `az ... -o json` printed.", show_default=False)
    ],
    step: Annotated[str, typer.Option("--step", help="After this step of the story; else the first.")] = "",
    lab: Annotated[
        str, typer.Option("--lab", "-l", metavar="LAB", help="With what this lab has now; needs root.")
    ] = "",
    output: FormatOption = Format.table,
) -> None:
    """Compare Azure's answers with prediction or lab.

    DIR has a JSON file for each answer about the real deployment, row by row
    compared: effective-routes.NIC.json, learned-routes.GATEWAY.json,
    advertised-routes.GATEWAY.PEER.json, bgp-peers.GATEWAY.json,
    connection.NAME.json, with the scenario's names and the peer's BGP address.
    The exit code is 1 if a row differs, 2 if a file cannot be read. Without
    --lab it needs no root.
    """
    from netlab.report.recorded import is_equal, lines

    found = _found(scenario, recorded, step, lab)
    if output is Format.json:
        print_json(found)
    else:
        display("\n".join(lines(found)))
    leave(ExitCode.OK if is_equal(found) else ExitCode.FAILED)


def _found(scenario: str, recorded: str, step: str, lab: str) -> Comparison:
    from netlab.api import labs
    from netlab.api.recorded import compare as compared
    from netlab.api.recorded import compare_lab

    if bool(scenario) is bool(lab):
        raise UsageError("name a scenario, or a lab with --lab", "netlab compare SCENARIO --recorded DIR")
    if not lab:
        return compared(load_scenario(scenario).scenario, recorded, step)
    if step:
        raise UsageError("a lab is compared as it is now: --step is for a scenario", "leave --step out")
    require_root()
    return compare_lab(labs.read(lab), recorded)
