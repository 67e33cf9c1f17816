"""The verb that holds a scenario against what Azure answered about the real deployment."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import load_scenario
from netlab.cli.options import Format, FormatOption, ScenarioArgument
from netlab.cli.output import display, print_json
from netlab.errors import ExitCode

app = typer.Typer()


@app.command("compare")
def compare(
    scenario: ScenarioArgument,
    recorded: Annotated[
        str, typer.Option("--recorded", metavar="DIR", help="What `az ... -o json` printed.", show_default=False)
    ],
    step: Annotated[str, typer.Option("--step", help="After this step of the story; else the first.")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Compare what Azure answered with the prediction.

    DIR has a JSON file for each answer about the real deployment, row by row
    compared: effective-routes.NIC.json, learned-routes.GATEWAY.json,
    advertised-routes.GATEWAY.PEER.json, bgp-peers.GATEWAY.json,
    connection.NAME.json, with the scenario's names and the peer's BGP address.
    The exit code is 1 if a row differs, 2 if a file cannot be read. Needs no
    root.
    """
    from netlab.api.recorded import compare as compared
    from netlab.report.recorded import is_equal, lines

    found = compared(load_scenario(scenario).scenario, recorded, step)
    if output is Format.json:
        print_json(found)
    else:
        display("\n".join(lines(found)))
    leave(ExitCode.OK if is_equal(found) else ExitCode.FAILED)
