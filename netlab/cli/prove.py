"""Verbs that send packets through a running lab: to verify, to follow, to capture, to measure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli import completion
from netlab.cli.exits import leave, undisturbed
from netlab.cli.labs import load_scenario, one_name, require_root
from netlab.cli.options import (
    AllPairsOption,
    Asking,
    EverythingOption,
    FailFastOption,
    FileOption,
    Format,
    FormatOption,
    KeepOption,
    LabArgument,
    LabOption,
    PauseOption,
    Plane,
    PlaneOption,
    ProtocolOption,
    ScaleOption,
    UntilOption,
)
from netlab.cli.output import (
    complain,
    display,
    log,
    print_json,
    print_rows,
    print_table,
    put,
    read_text,
    require_writable,
    stepper,
    width,
    write_text,
)
from netlab.cli.stepping import asking
from netlab.errors import ExitCode, NetlabError, ScenarioError, UsageError

if TYPE_CHECKING:
    from netlab.api.measure import Extent
    from netlab.api.scenarios import Loaded
    from netlab.results.verification import Report

app = typer.Typer()


@app.command()
def verify(
    lab: LabArgument = "",
    all_pairs: AllPairsOption = False,
    everything: EverythingOption = False,
    until: UntilOption = "",
    fail_fast: FailFastOption = False,
    keep: KeepOption = False,
    step: PauseOption = False,
    named: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Send packets between all pairs; compare with expectations.

    Plays the scenario's story step by step and puts back what it changed. Of more than 100 machines it asks two of each
    class that is alike, unless --all-pairs: the other pairs are inferred. After Ctrl-C it reports what it has measured.
    """
    require_root()
    from netlab.api.measure import Extent

    report = _proved(one_name(lab, named), Extent(until, fail_fast, keep, pause=asking(step)), all_pairs=all_pairs)
    _print_reports([report], output, single=True, everything=everything)
    leave(_code(report))


@app.command("continue")
def play_on(
    lab: LabArgument = "",
    all_pairs: AllPairsOption = False,
    everything: EverythingOption = False,
    until: UntilOption = "",
    fail_fast: FailFastOption = False,
    keep: KeepOption = False,
    step: PauseOption = False,
    named: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Verify on from the step at which --keep left a lab."""
    require_root()
    from netlab.api.measure import Extent

    extent = Extent(until, fail_fast, keep, onward=True, pause=asking(step))
    report = _proved(one_name(lab, named), extent, all_pairs=all_pairs)
    _print_reports([report], output, single=True, everything=everything)
    leave(_code(report))


@app.command("test")
def run_tests(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO|FILE", help="Names from `netlab list`, or files.", autocompletion=completion.scenarios
        ),
    ],
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = None,
    all_pairs: AllPairsOption = False,
    fail_fast: FailFastOption = False,
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    output: FormatOption = Format.table,
) -> None:
    """Build, verify and remove the lab of each scenario in turn.

    After Ctrl-C it reports what it has measured.
    """
    broken, codes = dict[str, str](), [ExitCode.OK]
    loaded = list(_loaded(scenarios, broken, codes))
    if loaded:
        require_root()
    if junit is not None:
        require_writable(junit)
    reports: list[Report] = []
    for item in loaded:
        log(f"{item.scenario.name}:")
        try:
            reports.append(tested(item, time_scale, data_plane, all_pairs=all_pairs, fail_fast=fail_fast))
            codes.append(_code(reports[-1]))
        except (NetlabError, KeyboardInterrupt) as error:
            codes.append(_missed(item.scenario.name, error, broken))
        if codes[-1] is ExitCode.INTERRUPTED or (fail_fast and codes[-1]):
            break
    if junit is not None:
        from netlab.report.junit import junit as as_junit

        write_text(junit, as_junit(reports, broken))
    _print_reports(reports, output, single=False)
    leave(max(codes))


@app.command("report")
def make_report(
    lab: LabArgument = "",
    all_pairs: AllPairsOption = False,
    named: LabOption = "",
    file: FileOption = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="What `netlab verify -f json` wrote; needs no root.")
    ] = None,
) -> None:
    """Verify a lab, and write the report as one HTML page."""
    from netlab.api.drawing import svg
    from netlab.report.dot import dot
    from netlab.report.encoding import read
    from netlab.report.page import page

    lab = one_name(lab, named)
    if source is not None and lab:
        raise UsageError("--from and the name of a lab exclude each other", "give one of the two")
    if source is not None:
        found = read(read_text(source), str(source))
        put(file, page(found, svg(dot(found.topology))))
        return
    require_root()
    from netlab.api import labs, measure, model

    measured = labs.read(lab)
    # What may be missing is missed before the measuring.
    drawing = svg(dot(model.topology(measured.scenario)))
    if file is not None:
        require_writable(file)
    found = measure.prove(measured, stepper(), measure.Extent(), all_pairs=all_pairs)
    put(file, page(found, drawing))
    leave(_code(found))


@app.command()
def trace(
    source: Annotated[str, typer.Argument(metavar="A", help="A machine, a host or a client.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    protocol: ProtocolOption = Asking.icmp,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Follow one probe from A to B, in clear and as ESP.

    Every interface that it passes, with the microseconds since it was sent.
    """
    require_root()
    from netlab.api import labs, measure

    found = measure.follow(labs.read(lab), source, target, protocol.value)
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report import prose, tables

        print_table(tables.passings(found))
        display(prose.followed(found))
    leave(ExitCode.OK if found.answered else ExitCode.FAILED)


@app.command()
def capture(
    file: Annotated[Path, typer.Option("--write", "-w", metavar="FILE.pcapng", help="Where to.", show_default=False)],
    nodes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NODE...]", help="Names from `netlab nodes`.", autocompletion=completion.nodes),
    ] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="At every node.")] = False,
    seconds: Annotated[float | None, typer.Option("--seconds", metavar="N", min=0, help="Else until Ctrl-C.")] = None,
    keys: Annotated[bool, typer.Option("--keys", help="Also write FILE.keys: decrypts IKE, ESP, SSTP.")] = False,
    lab: LabOption = "",
) -> None:
    """Capture packets for Wireshark.

    With --keys the lab's SAs are rekeyed first, and FILE.keys is a configuration directory of Wireshark.
    """
    require_root()
    from netlab.api import labs, measure

    if bool(nodes) == everywhere:
        raise UsageError("capture needs either nodes or --all", "netlab capture internet vm1 -w FILE.pcapng")
    measure.capture(labs.read(lab), nodes or (), measure.Target(file, seconds, keys), log)


@app.command()
def impair(
    link: Annotated[str, typer.Argument(metavar="LINK", help="A gateway's VNet, a site or a client.")],
    delay: Annotated[str, typer.Option(metavar="TIME", help="Each way, as 40ms.")] = "",
    jitter: Annotated[str, typer.Option(metavar="TIME", help="As 5ms; needs a delay.")] = "",
    loss: Annotated[str, typer.Option(metavar="PERCENT", help="Each way, as 1%.")] = "",
    rate: Annotated[str, typer.Option(metavar="RATE", help="Each way, as 100mbit.")] = "",
    reset: Annotated[bool, typer.Option("--reset", help="Take all impairment off.")] = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Impair a link to the Internet, and measure what it does.

    Where measuring says that the link does something else, nothing is changed.
    """
    require_root()
    from netlab.api import labs, measure

    asked = {"delay": delay, "jitter": jitter, "loss": loss, "rate": rate}
    found = measure.impair(labs.read(lab), link, {name: value for name, value in asked.items() if value}, reset)
    if reset:
        log(f"{found.link}: no impairment")
    else:
        print_rows([found], output)


def tested(loaded: Loaded, time_scale: float | None, data_plane: Plane, *, all_pairs: bool, fail_fast: bool) -> Report:
    """Build the lab of a scenario, verify it, and remove it whatever happens."""
    from netlab.api import labs, measure

    lab = labs.up(loaded, "", time_scale, data_plane, stepper())
    try:
        return _proved(lab, measure.Extent(fail_fast=fail_fast), all_pairs=all_pairs)
    finally:
        with undisturbed():
            log(f"removing {lab}")
            labs.down(lab)


def _proved(lab: str, extent: Extent, *, all_pairs: bool) -> Report:
    """Play the story of a lab that runs, with each step on the terminal."""
    from netlab.api import labs, measure

    return measure.prove(labs.read(lab), stepper(), extent, all_pairs=all_pairs)


def _loaded(references: list[str], broken: dict[str, str], codes: list[ExitCode]) -> Iterator[Loaded]:
    """The scenarios; one that is not valid costs no other its lab, and is ``broken``."""
    for reference in references:
        try:
            yield load_scenario(reference)
        except NetlabError as error:
            complain(error)
            findings = error.findings if isinstance(error, ScenarioError) else ()
            broken[reference] = "\n".join((error.message, *map(str, findings)))
            codes.append(error.exit_code)


def _missed(scenario: str, error: NetlabError | KeyboardInterrupt, broken: dict[str, str]) -> ExitCode:
    """What kept a scenario from being measured is its verdict."""
    if isinstance(error, KeyboardInterrupt):
        broken[scenario] = "interrupted before anything was measured"
        return ExitCode.INTERRUPTED
    complain(error)
    broken[scenario] = error.message
    return error.exit_code


def _print_reports(reports: list[Report], output: Format, *, single: bool, everything: bool = False) -> None:
    if output is Format.json:
        print_json(reports[0] if single else reports)
        return
    from netlab.report import story

    for report in reports:
        in_full = single or len(reports) == 1 or _code(report)
        lines = story.verification(report, width(), everything=everything)
        display(lines if in_full else story.verdict(report, width()))


def _code(report: Report) -> ExitCode:
    if report.stopped == "interrupted":
        return ExitCode.INTERRUPTED
    if report.count("error"):
        return ExitCode.LAB
    return ExitCode.FAILED if report.count("failed") else ExitCode.OK
