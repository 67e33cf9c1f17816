"""Verbs that build and remove labs."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from netlab.cli.labs import load_scenario, require_root
from netlab.cli.options import (
    Format,
    FormatOption,
    LabArgument,
    NameOption,
    Plane,
    PlaneOption,
    ScaleOption,
    ScenarioArgument,
)
from netlab.cli.output import log, print_json, stepper
from netlab.errors import UsageError

app = typer.Typer()


@app.command()
def up(
    scenario: ScenarioArgument,
    name: NameOption = "",
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
) -> None:
    """Build a lab from a scenario."""
    loaded = load_scenario(scenario)
    require_root()
    from netlab.api import labs

    began = time.monotonic()
    lab = labs.up(loaded, name, time_scale, data_plane, stepper())
    log(f"{lab} is up after {time.monotonic() - began:.2f} s. Next: netlab verify; netlab nodes; netlab down")


@app.command()
def down(
    lab: LabArgument = "", everything: Annotated[bool, typer.Option("--all", help="Remove every lab.")] = False
) -> None:
    """Remove a lab, in whatever state it is."""
    require_root()
    from netlab.api import labs
    from netlab.api.plans import lab_name

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
