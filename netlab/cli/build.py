"""Verbs that build and remove labs."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from netlab.cli.labs import build_lab, lab_name, load_scenario, require_root
from netlab.cli.options import LabArgument, NameOption, Plane, PlaneOption, ScaleOption, ScenarioArgument
from netlab.cli.output import log
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
    began = time.monotonic()
    lab = build_lab(loaded, name, time_scale, data_plane)
    log(f"{lab} is up after {time.monotonic() - began:.2f} s. Next: netlab verify; netlab nodes; netlab down")


@app.command()
def down(
    lab: LabArgument = "", everything: Annotated[bool, typer.Option("--all", help="Remove every lab.")] = False
) -> None:
    """Remove a lab, in whatever state it is."""
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import engine, state

    if everything and lab:
        raise UsageError("--all and the name of a lab exclude each other", "give one of the two")
    known = state.names()
    if not everything and not lab and len(known) > 1:
        raise UsageError(f"several labs are up: {', '.join(known)}", "name one, or say --all")
    labs = [lab_name(lab)] if lab else known
    for name in labs:
        there = engine.down(name, LINUX)
        log(f"{name} is removed" if there else f"there is no lab called {name}: nothing to remove")
    if not labs:
        log("no lab is up: nothing to remove")


@app.command()
def gc() -> None:
    """Remove the remains of unfinished labs.

    Of labs whose `up` never ended and that nobody works on, and of labs whose state is lost; a lab that is up stays.
    """
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import engine

    removed = engine.collect(LINUX)
    for name in removed:
        log(f"{name}: its remains are removed")
    if not removed:
        log("nothing to remove")
