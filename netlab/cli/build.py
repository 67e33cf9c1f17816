"""Verbs that build and remove labs."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from netlab.cli.labs import load_scenario, one_name, require_root
from netlab.cli.options import (
    Format,
    FormatOption,
    LabArgument,
    LabOption,
    NameOption,
    Plane,
    PlaneOption,
    ScaleOption,
    ScenarioArgument,
)
from netlab.cli.output import display, log, print_json, stepper
from netlab.errors import UsageError

app = typer.Typer()


@app.command()
def up(
    scenario: ScenarioArgument,
    name: NameOption = "",
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    replace: Annotated[bool, typer.Option("--replace", help="Remove the lab of this name first.")] = False,
) -> None:
    """Build a lab from a scenario."""
    loaded = load_scenario(scenario)
    require_root()
    from netlab.api import labs

    began = time.monotonic()
    lab = labs.up(loaded, name, time_scale, data_plane, stepper(), anew=replace)
    log(f"{lab} is up after {time.monotonic() - began:.2f} s. Next: netlab verify; netlab nodes; netlab down")


@app.command()
def apply(
    scenario: ScenarioArgument,
    lab: LabOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    output: FormatOption = Format.table,
) -> None:
    """Bring a running lab to a changed scenario.

    Prints what changes, and changes only that: what can be changed where it is goes on running. What fails or is
    interrupted is brought back to what the lab was. Faults are mended first, clients take their new routes.
    """
    loaded = load_scenario(scenario)
    require_root()
    from netlab.api import labs
    from netlab.report.difference import lines

    began, running = time.monotonic(), labs.read(lab)
    change = labs.transition(running, loaded)
    found = labs.changes(change)
    if output is Format.json:
        print_json(found)
    else:
        display("\n".join(lines(found)) or "nothing changes")
    if not dry_run:
        labs.apply(running, change, stepper())
        log(f"{running.facts.lab} is changed after {time.monotonic() - began:.2f} s. Next: netlab verify")


@app.command()
def down(
    lab: LabArgument = "",
    everything: Annotated[bool, typer.Option("--all", help="Remove every lab.")] = False,
    named: LabOption = "",
) -> None:
    """Remove a lab, in whatever state it is."""
    require_root()
    from netlab.api import labs
    from netlab.api.plans import lab_name

    lab = one_name(lab, named)
    if everything and lab:
        raise UsageError("--all and the name of a lab exclude each other", "give one of the two")
    known = labs.names()
    if not everything and not lab and len(known) > 1:
        raise UsageError(f"several labs are up: {', '.join(known)}", "name one, or say --all")
    chosen = [lab_name(lab)] if lab else known
    for name in chosen:
        there = labs.down(name)
        log(f"{name} is removed" if there else f"there is no lab called {name}: nothing to remove")
    if not chosen:
        log("no lab is up: nothing to remove")


@app.command()
def gc(output: FormatOption = Format.table) -> None:
    """Remove the remains of unfinished labs.

    Of labs whose `up` never ended and that nobody works on, and of labs whose state is lost; a lab that is up stays.
    """
    require_root()
    from netlab.api import labs

    removed = labs.collect()
    for item in removed:
        log(f"{item.lab}: its remains are removed")
    if not removed:
        log("nothing to remove")
    if output is Format.json:
        print_json(removed)
