"""The verb that breaks everything once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import load_scenario, require_root
from netlab.cli.options import AfterOption, Format, FormatOption, Plane, PlaneOption, ScaleOption, ScenarioArgument
from netlab.cli.output import log, print_json, print_summed, require_writable, write_text
from netlab.cli.prove import tested
from netlab.errors import ExitCode

if TYPE_CHECKING:
    from netlab.results.sweep import Sweep

app = typer.Typer()


@app.command()
def sweep(
    scenario: ScenarioArgument,
    step: AfterOption = "",
    pairs: Annotated[bool, typer.Option("--pairs", help="Every two failures at once, too.")] = False,
    predict: Annotated[bool, typer.Option("--predict", help="Only predict; needs no root.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the measurement as a page.")] = None,
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    output: FormatOption = Format.table,
) -> None:
    """Break every part once, and say what that costs.

    Each tunnel, instance of a gateway or Route Server, device, link, circuit
    link, NVA and peering in turn, in one lab. Exit code 1 if a pair is lost that `survives` of the
    scenario names, or if packets are not as predicted.
    """
    from netlab.api import sweep as sweeping

    loaded = load_scenario(scenario)
    for file in (junit, page):
        if file is not None:
            require_writable(file)
    foreseen = sweeping.foresee(loaded, step, pairs=pairs)
    found = foreseen.found
    if not predict:
        require_root()
        count = sum(not failed.untried for failed in found.failures)
        log(f"1 lab, {count} failures, about {count * sweeping.SECONDS_PER_FAILURE} seconds")
        report = tested(foreseen.rehearsal(), time_scale, data_plane, all_pairs=False, fail_fast=False)
        found = sweeping.measured(found, report)
        if page is not None:
            from netlab.api.drawing import svg
            from netlab.report.dot import dot
            from netlab.report.page import page as as_page

            write_text(page, as_page(report, svg(dot(report.topology))))
    _print(found, junit, output)
    leave(ExitCode.OK if found.passed else _worst(found))


def _print(found: Sweep, junit: Path | None, output: Format) -> None:
    from netlab.report import sweep as report

    if junit is not None:
        write_text(junit, report.junit(found))
    if output is Format.json:
        print_json(found)
        return
    print_summed(report.rows(found), report.lines(found))


def _worst(found: Sweep) -> ExitCode:
    return ExitCode.LAB if any(failed.status == "error" for failed in found.failures) else ExitCode.FAILED
