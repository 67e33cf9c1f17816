"""Verbs that say what the model makes of a scenario."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli import completion
from netlab.cli.exits import leave
from netlab.cli.labs import load_scenario, require_root, warned
from netlab.cli.options import (
    AllPairsOption,
    Asking,
    Drawing,
    EverythingOption,
    FileOption,
    Format,
    FormatOption,
    LabOption,
    NameOption,
    Plane,
    PlaneOption,
    PredictedOption,
    ProtocolOption,
    ScaleOption,
    ScenarioArgument,
    StepOption,
)
from netlab.cli.output import complain, display, log, print_json, print_table, put, width, write_bytes, write_text
from netlab.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from netlab.errors import Finding
    from netlab.results.prediction import Explanation
    from netlab.results.protocols import Protocol

app = typer.Typer()


@app.command()
def check(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|SCENARIO",
            help="Files, names from `netlab list`, or - for input.",
            autocompletion=completion.scenarios,
        ),
    ],
    output: FormatOption = Format.table,
) -> None:
    """Check scenario files against Azure's rules.

    All findings at once, each with its line and, in brackets, the rule's number.
    """
    found: list[Finding] = []
    valid = True
    for file in given:
        try:
            findings, is_valid = _checked(file)
        except UsageError as error:
            # One that cannot be read does not hide the findings of the others.
            if len(given) == 1:
                raise
            complain(error)
            valid = False
            continue
        found += findings
        valid = valid and is_valid
        if output is not Format.json:
            for finding in findings:
                display(str(finding))
            log(f"{file} is {'valid' if is_valid else 'not valid'}: {_counted(findings)}")
    if output is Format.json:
        print_json(found)
    leave(ExitCode.OK if valid else ExitCode.USAGE)


def _checked(file: str) -> tuple[Sequence[Finding], bool]:
    from netlab.api import scenarios

    if file == "-":
        return scenarios.check_bytes(sys.stdin.buffer.read(scenarios.MAX_BYTES + 1), file)
    return scenarios.check(file)


def _counted(findings: Sequence[Finding]) -> str:
    count = len(findings)
    kinds = ((kind, sum(finding.severity == kind for finding in findings)) for kind in ("error", "warning"))
    parts = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in kinds if number)
    return f"{count} finding{'' if count == 1 else 's'}{f' ({parts})' if parts else ''}"


@app.command("rules")
def list_rules(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Only this rule, as R57.")] = "",
    output: FormatOption = Format.table,
) -> None:
    """List Azure's rules, who says so, what a lab does with them.

    A finding of `check` ends with the number of its rule. Below the rules are
    the documents that they cite, with address and date.
    """
    from netlab.api.rules import rule, rules
    from netlab.report import prose, tables

    if number:
        found = rule(number)
        if output is Format.json:
            print_json(found)
        else:
            display(prose.rule(found))
    elif output is Format.json:
        print_json(rules())
    else:
        print_table(tables.rules(rules()))
        display("")
        print_table(tables.sources(rules()))


@app.command()
def predict(
    scenario: ScenarioArgument,
    everything: EverythingOption = False,
    all_pairs: AllPairsOption = False,
    output: FormatOption = Format.table,
) -> None:
    """Say what Azure's rules make of a scenario, without a lab.

    Of more than 100 machines it asks two of each class that is alike, unless --all-pairs.
    """
    from netlab.api.model import prediction

    found = prediction(load_scenario(scenario).scenario, all_pairs=all_pairs)
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report import story

        display(story.prediction(found, width(), everything=everything))
    cells = (cell.status for step in found.steps for cell in step.cells)
    wrong = any(step.checks for step in found.steps) or "failed" in cells
    leave(ExitCode.FAILED if wrong else ExitCode.OK)


@app.command()
def expect(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario file.")],
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write this file, and leave the other one.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    output: FormatOption = Format.table,
) -> None:
    """Write what is predicted into a file, as what it expects.

    For you to edit: of each pair, connection and client that a step says
    nothing about. What the file says stays, comments too.
    """
    from netlab.api import expecting

    loaded = load_scenario(file)
    written, text = expecting.expected(loaded, target)
    if not dry_run and (written.changed or target is not None):
        write_text(target or expecting.own_file(loaded), text)
    if output is Format.json:
        print_json(written)
        return
    for line in written.diff:
        display(line)
    done = "would be written" if dry_run else "written"
    log(f"{written.file}: {done}" if written.changed else f"{file} states everything already")


@app.command()
def explain(
    source: Annotated[str, typer.Argument(metavar="A", help="A machine, a host or a client.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    predicted: PredictedOption = "",
    step: StepOption = "",
    protocol: ProtocolOption = Asking.icmp,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Say why A can or cannot reach B, and what would mend it."""
    if predicted:
        found = _foreseen(predicted, step, source, target, protocol.value)
    else:
        found = _seen(lab, source, target, protocol.value)
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report.prose import explained

        display(explained(found))
    leave(ExitCode.OK if found.outcome == "reachable" else ExitCode.FAILED)


@app.command()
def plan(
    scenario: ScenarioArgument,
    name: NameOption = "",
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    output: FormatOption = Format.table,
) -> None:
    """Show all that `up` would make, with rendered configuration."""
    from netlab.api import plans

    planned = plans.plan(load_scenario(scenario).scenario, name, time_scale, data_plane)
    if output is Format.json:
        print_json(plans.structure(planned))
    else:
        display(plans.outline(planned))


@app.command()
def graph(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO|FILE|LAB", help="What to draw.", autocompletion=completion.scenarios)
    ],
    output: Annotated[
        Drawing | None, typer.Option("--format", "-f", help="How to draw; else by the file's suffix, or Mermaid.")
    ] = None,
    file: FileOption = None,
    matrix: Annotated[bool, typer.Option("--matrix", help="Also who reaches whom after each step, predicted.")] = False,
) -> None:
    """Draw a topology, in Azure's words.

    Of a lab: of the scenario that it was built from, which only root may read.
    """
    from netlab.api import model

    how = output or _by_suffix(file)
    if how is Drawing.png and file is None:
        raise UsageError("a PNG is no text", "name a file: netlab graph SCENARIO -o FILE.png")
    found = warned(model.load_or_read(scenario)).scenario
    drawn, ends = model.topology(found), model.machines(found)
    steps = model.prediction(found).steps if matrix else ()
    if how is Drawing.mermaid:
        from netlab.report.mermaid import mermaid

        put(file, mermaid(drawn, ends, steps))
        return
    from netlab.api import drawing
    from netlab.report.dot import dot

    text = dot(drawn, ends, steps)
    if how is Drawing.png and file is not None:
        write_bytes(file, drawing.png(text))
    else:
        put(file, drawing.svg(text) if how is Drawing.svg else text)


@app.command()
def schema(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="scenario, or a verb: verify, predict, show-bgp-peers.")
    ] = "scenario",
) -> None:
    """Print the JSON Schema of scenario files, or of a verb."""
    from netlab.report.schemas import schema as make

    print_json(make(name))


# The suffixes of files in which each kind of drawing is kept.
_SUFFIXES = {
    **{f".{kind}": kind for kind in (Drawing.dot, Drawing.svg, Drawing.png)},
    **dict.fromkeys((".gv",), Drawing.dot),
    **dict.fromkeys((".mmd", ".mermaid", ".md", ".txt", ""), Drawing.mermaid),
}


def _by_suffix(file: Path | None) -> Drawing:
    """The kind of drawing that a file's name asks for; Mermaid without a file."""
    suffix = file.suffix.lower() if file is not None else ""
    if suffix not in _SUFFIXES:
        raise UsageError(f"netlab draws no {suffix[:20]} file", "name a .svg, .png, .dot or .mmd file, or say -f")
    return _SUFFIXES[suffix]


def _foreseen(scenario: str, step: str, source: str, target: str, protocol: Protocol) -> Explanation:
    from netlab.api.model import explanation

    return explanation(load_scenario(scenario).scenario, step, source, target, protocol)


def _seen(lab: str, source: str, target: str, protocol: Protocol) -> Explanation:
    require_root()
    from netlab.api import labs, measure

    return measure.explanation(labs.read(lab), source, target, protocol)
