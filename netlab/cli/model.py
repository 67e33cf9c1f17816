"""Verbs that say what the model makes of a scenario."""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import find_pair, find_two, lab_name, load_scenario, read_lab, read_scenario, require_root
from netlab.cli.options import (
    Drawing,
    EverythingOption,
    FileOption,
    Format,
    FormatOption,
    LabOption,
    NameOption,
    Plane,
    PlaneOption,
    ScaleOption,
    ScenarioArgument,
)
from netlab.cli.output import display, log, print_json, print_rows, put, width
from netlab.errors import ExitCode, Finding, ScenarioError, UsageError

if TYPE_CHECKING:
    from netlab.azure.prediction import Predicted
    from netlab.azure.state import State
    from netlab.plan.model import DataPlane

app = typer.Typer()


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE|SCENARIO", help="A file, or a name from `netlab list`.")],
    output: FormatOption = Format.table,
) -> None:
    """Check a scenario file against Azure's rules.

    All findings at once, each with its line and, in brackets, the rule's number.
    """
    from netlab.scenario.loader import load

    findings: tuple[Finding, ...]
    try:
        findings, valid = load(file).warnings, True
    except ScenarioError as error:
        findings, valid = error.findings or (Finding(error.message, where=file),), False
    if output is Format.json:
        names = ("severity", "rule", "where", "line", "message")
        print_json([{name: getattr(finding, name) for name in names} for finding in findings])
    else:
        for finding in findings:
            display(str(finding))
        count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        log(f"{file} is {'valid' if valid else 'not valid'}: {count}")
    leave(ExitCode.OK if valid else ExitCode.USAGE)


@app.command("rules")
def list_rules(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Only this rule, as R57.")] = "",
    output: FormatOption = Format.table,
) -> None:
    """List Azure's rules, who says so, and what a lab does with them.

    A finding of `check` ends with the number of its rule.
    """
    from netlab.scenario.rules.rulebook import entries, entry, outline, structure

    if output is Format.json:
        print_json(structure(entry(number)) if number else [structure(item) for item in entries().values()])
    elif number:
        display(outline(entry(number)))
    else:
        rows = [
            {"rule": item.number, "the lab": list(item.doing), "confidence": item.mark, "statement": item.says}
            for item in entries().values()
        ]
        print_rows(rows, output)


@app.command()
def predict(
    scenario: ScenarioArgument, everything: EverythingOption = False, output: FormatOption = Format.table
) -> None:
    """Say what Azure's rules make of a scenario, without a lab."""
    from netlab.azure.outcome import prediction

    found = prediction(load_scenario(scenario).scenario)
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report import story

        display(story.prediction(found, width(), everything=everything))
    cells = (cell.status for step in found.steps for cell in step.cells)
    wrong = any(step.checks for step in found.steps) or "failed" in cells
    leave(ExitCode.FAILED if wrong else ExitCode.OK)


@app.command()
def explain(
    source: Annotated[str, typer.Argument(metavar="A", help="A machine, a host or a client.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    predicted: Annotated[
        str, typer.Option("--predicted", metavar="SCENARIO|FILE", help="Ask the model, not a lab's packets.")
    ] = "",
    step: Annotated[str, typer.Option("--step", help="With --predicted: after this step of the story.")] = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Say why A can or cannot reach B, and what would mend it."""
    from netlab.azure.outcome import explanation

    world, pair, addresses = _foreseen(predicted, step, source, target) if predicted else _seen(lab, source, target)
    found = explanation(world, pair, addresses)
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report.prose import explained

        display(explained(found))
    leave(ExitCode.OK if pair.outcome == "reachable" else ExitCode.FAILED)


@app.command()
def plan(
    scenario: ScenarioArgument,
    name: NameOption = "",
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    output: FormatOption = Format.table,
) -> None:
    """Show all that `up` would make, rendered configuration included."""
    from netlab.machine import host
    from netlab.plan.planner import plan as make
    from netlab.render.outline import outline, structure

    loaded = load_scenario(scenario).scenario
    plane: DataPlane = "kernel" if data_plane is Plane.kernel else "userspace"
    if data_plane is Plane.auto and os.geteuid() == 0:
        plane = host.choose_data_plane(data_plane)
    planned = make(loaded, lab_name(name) if name else loaded.name, plane, time_scale)
    if output is Format.json:
        print_json(structure(planned))
    else:
        display(outline(planned))


@app.command()
def graph(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE|LAB", help="What to draw.")],
    output: Annotated[Drawing, typer.Option("--format", "-f", help="How to draw.")] = Drawing.mermaid,
    file: FileOption = None,
    matrix: Annotated[bool, typer.Option("--matrix", help="Also who reaches whom after each step, predicted.")] = False,
) -> None:
    """Draw a topology, in Azure's words.

    Of a lab: of the scenario that it was built from, which only root may read.
    """
    from netlab.azure.outcome import prediction
    from netlab.scenario.outline import machines, topology

    found = read_scenario(scenario)
    drawn, steps = topology(found), prediction(found).steps if matrix else ()
    if output is Drawing.mermaid:
        from netlab.report.mermaid import mermaid

        text = mermaid(drawn, machines(found), steps)
    else:
        from netlab.report.dot import dot

        text = dot(drawn, machines(found), steps)
    if output is Drawing.svg:
        from netlab.machine.drawing import svg

        text = svg(text)
    put(file, text)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file."""
    from netlab.scenario.loader import schema as make

    print_json(make())


def _foreseen(scenario: str, step: str, source: str, target: str) -> tuple[State, Predicted, dict[str, IPv4Address]]:
    """A pair as the model sees it, after a step of the story (the first one where none is named)."""
    from netlab.azure.prediction import endpoint_addresses, pair
    from netlab.azure.prediction import predict as foresee
    from netlab.scenario.names import by_node, suggest

    loaded = load_scenario(scenario).scenario
    steps = list(foresee(loaded))
    chosen = next((item for item in steps if not step or item.name == step), None)
    if chosen is None:
        raise UsageError(f"{loaded.name} has no step {step[:60]!r}", suggest(step, [item.name for item in steps]))
    nodes = find_two(loaded, source, target)
    addresses, ends = endpoint_addresses(chosen.state), by_node(loaded)
    return chosen.state, pair(chosen.state, ends[nodes[0]], ends[nodes[1]], addresses), addresses


def _seen(lab: str, source: str, target: str) -> tuple[State, Predicted, dict[str, IPv4Address]]:
    """A pair as the packets of a running lab see it."""
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import state
    from netlab.lab.measure import witness
    from netlab.lab.measure.probing import aimed, all_addresses
    from netlab.lab.story.addresses import probe_addresses
    from netlab.probe.trace import Probe

    found = read_lab(lab)
    world = state.world(found)
    addresses = probe_addresses(found, LINUX.clients)
    nodes = find_pair(found, addresses, source, target)
    everything = all_addresses(world, addresses)
    with state.locked(found.facts.lab):
        pair = witness.watch(found, LINUX, addresses, aimed(world, everything, Probe(*nodes, "icmp")))
    return world, pair, everything
