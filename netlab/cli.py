"""The command line: verbs, wiring and exit codes. The only module that prints or exits."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from netlab import __version__
from netlab.errors import ExitCode, Finding, LabError, NetlabError, ScenarioError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from netlab.azure.prediction import Predicted
    from netlab.azure.world import World
    from netlab.lab.state import Lab
    from netlab.plan.model import DataPlane
    from netlab.probe.verdict import Report
    from netlab.scenario.loader import Loaded
    from netlab.scenario.models import Reach, Scenario


class Format(StrEnum):
    """How a reading verb prints."""

    table = "table"
    json = "json"


class Asking(StrEnum):
    """What a probe is."""

    icmp = "icmp"
    udp = "udp"
    tcp = "tcp"


class Drawing(StrEnum):
    """How a topology is drawn."""

    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


class Plane(StrEnum):
    """Who does ESP."""

    auto = "auto"
    kernel = "kernel"
    userspace = "userspace"


app = typer.Typer(
    name="netlab",
    help="Azure's hybrid networking as a packet-level lab in Linux network namespaces.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
p2s = typer.Typer(help="Point-to-site clients.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(p2s, name="p2s")

# Windows, where prediction works too, has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
# As shells say it (POSIX, 2.8.2).
_NO_SUCH_COMMAND = 127

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO|FILE", help="A name from `netlab list`, or a file.")]
LabArgument = Annotated[str, typer.Argument(metavar="LAB", help="Not needed where only one lab is up.")]
LabOption = Annotated[str, typer.Option("--lab", "-l", metavar="LAB", help="Not needed where only one lab is up.")]
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="A name from `netlab nodes`, or a short one.")]
NameOption = Annotated[str, typer.Option("--name", metavar="LAB", help="The lab's name; else the scenario's.")]
ScaleOption = Annotated[
    float | None,
    typer.Option("--time-scale", metavar="N", min=1, max=60, help="Azure's timers are divided by it; else the file's."),
]
PlaneOption = Annotated[Plane, typer.Option("--data-plane", help="Who does ESP; auto: the kernel, if it can.")]
FileOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]


# --- verbs that build and remove ------------------------------------------------------------------------------------


@app.command()
def up(
    scenario: ScenarioArgument,
    name: NameOption = "",
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
) -> None:
    """Build a lab from a scenario."""
    loaded = _load(scenario)
    _require_root()
    began = time.monotonic()
    lab = _build(loaded, name, time_scale, data_plane)
    _log(f"{lab} is up after {time.monotonic() - began:.2f} s. Next: netlab verify; netlab nodes; netlab down")


@app.command()
def down(
    lab: LabArgument = "", everything: Annotated[bool, typer.Option("--all", help="Remove every lab.")] = False
) -> None:
    """Remove a lab, in whatever state it is."""
    _require_root()
    from netlab.lab import engine, state
    from netlab.machine.linux import Linux

    if everything and lab:
        raise UsageError("--all and the name of a lab exclude each other", "give one of the two")
    known = state.names()
    if not everything and not lab and len(known) > 1:
        raise UsageError(f"several labs are up: {', '.join(known)}", "name one, or say --all")
    labs = [_lab_name(lab)] if lab else known
    for name in labs:
        there = engine.down(name, Linux())
        _log(f"{name} is removed" if there else f"there is no lab called {name}: nothing to remove")
    if not labs:
        _log("no lab is up: nothing to remove")


@app.command()
def gc() -> None:
    """Remove the remains of unfinished labs.

    Of labs whose `up` never ended and that nobody works on, and of labs whose state is lost; a lab that is up stays.
    """
    _require_root()
    from netlab.lab import engine
    from netlab.machine.linux import Linux

    removed = engine.collect(Linux())
    for name in removed:
        _log(f"{name}: its remains are removed")
    if not removed:
        _log("nothing to remove")


@app.command()
def verify(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """Send packets between all pairs and compare with what is expected.

    Plays the scenario's story step by step and puts back what it changed.
    """
    _require_root()
    report = _verify(_read_lab(lab))
    _print_reports([report], output, single=True)
    _leave(_code(report))


@app.command("test")
def run_tests(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO|FILE", help="Names from `netlab list`, or files.")
    ],
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = None,
    time_scale: ScaleOption = None,
    data_plane: PlaneOption = Plane.auto,
    output: FormatOption = Format.table,
) -> None:
    """Build, verify and remove the lab of each scenario in turn."""
    loaded = [_load(scenario) for scenario in scenarios]
    _require_root()
    if junit is not None:
        _write(junit, "")
    reports: list[Report] = []
    broken: dict[str, str] = {}
    codes = [ExitCode.OK]
    for item in loaded:
        _log(f"{item.scenario.name}:")
        try:
            reports.append(_test(item, time_scale, data_plane))
        except NetlabError as error:
            _complain(error)
            broken[item.scenario.name] = error.message
            codes.append(error.exit_code)
    if junit is not None:
        from netlab.report.junit import junit as as_junit

        _write(junit, as_junit(reports, broken))
    _print_reports(reports, output, single=False)
    _leave(max([*codes, *map(_code, reports)]))


# --- verbs that read a running lab ----------------------------------------------------------------------------------


@app.command()
def status(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """Say whether daemons, connections and BGP sessions are alive."""
    _require_root()
    from netlab.lab import state
    from netlab.lab.overview import overview
    from netlab.machine.linux import Linux

    names = (_lab_name(lab),) if lab else state.names()
    if lab and not state.exists(lab):
        raise UsageError(f"there is no lab called {lab}", "`netlab status` lists them")
    found = [overview(name, Linux()) for name in names]
    if output is Format.json:
        _print_json([item.structure() for item in found])
    elif not found:
        _log("no lab is up")
    else:
        from netlab.report import table

        for item in found:
            _print(item.headline)
            _print(table.checks(item.checks))
    _leave(ExitCode.OK if all(item.healthy for item in found) else ExitCode.FAILED)


@app.command()
def nodes(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """List a lab's nodes with their namespaces and addresses."""
    _require_root()
    from netlab.machine.linux import Linux

    found = _read_lab(lab)
    addresses = Linux().addresses(found.plan)
    rows = [
        {"name": n.name, "kind": n.kind, "netns": n.netns, "addresses": list(addresses[n.name])}
        for n in found.plan.nodes
    ]
    _print_rows(rows, output)


@app.command()
def routes(node: NodeArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """List the kernel's IPv4 routes at a node.

    Of a VNet: the table of each subnet and of each other way in, with Azure's next hop types.
    """
    _require_root()
    from netlab.lab.overview import route_rows
    from netlab.machine.linux import Linux

    found = _read_lab(lab)
    _print_rows(route_rows(found, _node(found, node), Linux()), output)


@app.command("exec")
def execute(
    node: NodeArgument,
    command: Annotated[list[str], typer.Argument(metavar="-- CMD", help="The command and its arguments.")],
    lab: LabOption = "",
) -> None:
    """Run a command at a node; its exit code is passed through."""
    _require_root()
    found = _read_lab(lab)
    _become(found.plan.netns(_node(found, node)), command)


@app.command()
def shell(node: NodeArgument, lab: LabOption = "") -> None:
    """Open a shell at a node."""
    _require_root()
    found = _read_lab(lab)
    name = _node(found, node)
    _log(f"a shell at {name} of {found.facts.lab}; leave it with exit")
    _become(found.plan.netns(name), [os.environ.get("SHELL", "/bin/sh")])


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
    """Impair a link to the Internet, and measure what it does then.

    Where measuring says that the link does something else, nothing is changed.
    """
    _require_root()
    from netlab.lab import state
    from netlab.lab.impairment import impaired
    from netlab.machine.linux import Linux

    found = _read_lab(lab)
    asked = {"delay": delay, "jitter": jitter, "loss": loss, "rate": rate}
    with state.locked(found.facts.lab):
        uplink = impaired(found, link, {name: value for name, value in asked.items() if value}, reset)
        if reset:
            Linux().reset_impairment(found.plan, uplink)
            _log(f"{uplink.name}: no impairment")
            return
        measured = Linux().impair(found.plan, uplink)
    row = {"link": uplink.name, "rtt_ms": measured.rtt_ms, "loss_percent": measured.loss, "rate_kbit": measured.rate}
    _print_rows([row], output)


@app.command()
def trace(
    source: Annotated[str, typer.Argument(metavar="A", help="A machine, a host or a client.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    protocol: Annotated[Asking, typer.Option("--protocol", "-p", help="What the probe is.")] = Asking.icmp,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Follow one probe from A to B, in clear and as ESP.

    Every interface that it passes, with the microseconds since it was sent.
    """
    _require_root()
    from netlab.lab import state, tracing
    from netlab.lab.verify import probe_addresses
    from netlab.machine.linux import Linux
    from netlab.probe.trace import Probe

    found = _read_lab(lab)
    addresses = probe_addresses(found, Linux())
    probe = Probe(*_pair(found, addresses, source, target), protocol.value)
    with state.locked(found.facts.lab):
        followed = tracing.follow(found, Linux(), addresses, probe)
    if output is Format.json:
        _print_json({"lab": found.facts.lab, **followed.structure()})
    else:
        _print_rows(tracing.rows(followed), output)
        _print(tracing.verdict(followed))
    _leave(ExitCode.OK if followed.trace.answered else ExitCode.FAILED)


@app.command()
def capture(
    file: Annotated[Path, typer.Option("--write", "-w", metavar="FILE.pcapng", help="Where to.", show_default=False)],
    nodes: Annotated[list[str] | None, typer.Argument(metavar="[NODE...]", help="Names from `netlab nodes`.")] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="At every node.")] = False,
    seconds: Annotated[float | None, typer.Option("--seconds", metavar="N", min=0, help="Else until Ctrl-C.")] = None,
    keys: Annotated[bool, typer.Option("--keys", help="Also write FILE.keys: decrypts IKE and ESP.")] = False,
    lab: LabOption = "",
) -> None:
    """Capture packets for Wireshark.

    With --keys the lab's SAs are rekeyed first, and FILE.keys is a configuration directory of Wireshark.
    """
    _require_root()
    from netlab.lab import capturing

    if bool(nodes) == everywhere:
        raise UsageError("capture needs either nodes or --all", "netlab capture internet vm1 -w FILE.pcapng")
    found = _read_lab(lab)
    wanted = dict.fromkeys(_node(found, name) for name in nodes or ())
    order = capturing.Order(tuple(wanted or (n.name for n in found.plan.nodes)), file, seconds, keys)
    capturing.check(order)
    capturing.run(found, order, _log)


@p2s.command()
def profile(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="A client of the scenario.")], lab: LabOption = ""
) -> None:
    """Download a client's profile package anew.

    A Windows client takes its routes from it. Prints the file's name.
    """
    _require_root()
    from netlab.lab import profile as package
    from netlab.lab import state
    from netlab.machine.linux import Linux

    found = _read_lab(lab)
    clients = {item.node: item for item in found.plan.clients}
    if client.lower() not in clients:
        there = ", ".join(clients) or "none"
        raise UsageError(f"there is no client {client!r} in {found.facts.lab}", f"its clients: {there}")
    with state.locked(found.facts.lab):
        _print(str(package.download(found.plan, found.scenario, clients[client.lower()], Linux())))


# --- verbs that need no root ----------------------------------------------------------------------------------------


@app.command("list")
def list_scenarios(output: FormatOption = Format.table) -> None:
    """List the scenarios that come with netlab."""
    from netlab.scenario.loader import catalogue, load

    found = [load(str(path)).scenario for path in catalogue().values()]
    _print_rows([{"name": s.name, "description": s.description} for s in found], output)


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
        _print_json([{name: getattr(finding, name) for name in names} for finding in findings])
    else:
        for finding in findings:
            _print(str(finding))
        count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        _log(f"{file} is {'valid' if valid else 'not valid'}: {count}")
    _leave(ExitCode.OK if valid else ExitCode.USAGE)


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

    loaded = _load(scenario).scenario
    plane: DataPlane = "kernel" if data_plane is Plane.kernel else "userspace"
    if data_plane is Plane.auto and os.geteuid() == 0:
        plane = host.choose_data_plane(data_plane)
    planned = make(loaded, _lab_name(name) if name else loaded.name, plane, time_scale)
    if output is Format.json:
        _print_json(structure(planned))
    else:
        _print(outline(planned))


@app.command()
def predict(scenario: ScenarioArgument, output: FormatOption = Format.table) -> None:
    """Say what Azure's rules make of a scenario, without a lab."""
    from netlab.azure.prediction import predict as foresee
    from netlab.azure.prediction import story_of
    from netlab.report import forecast
    from netlab.scenario.names import expected_pairs

    loaded = _load(scenario).scenario
    documented: Mapping[tuple[str, str], Reach] = {}
    steps = []
    for predicted, step in zip(foresee(loaded), story_of(loaded), strict=True):
        documented = expected_pairs(loaded, documented, step.expect)
        expected = {pair: reach.expected for pair, reach in documented.items()}
        steps.append((predicted, forecast.cells(predicted, expected)))
    if output is Format.json:
        _print_json(forecast.structure(loaded.name, steps))
    else:
        from netlab.report import table

        for predicted, cells in steps:
            _print(table.step(predicted.name, cells))
    wrong = any(cell.status == "failed" for _, cells in steps for cell in cells)
    _leave(ExitCode.FAILED if wrong else ExitCode.OK)


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
    from netlab.azure.explanation import explain as tell
    from netlab.report import forecast

    world, pair, addresses = _foreseen(predicted, step, source, target) if predicted else _seen(lab, source, target)
    found = tell(world, pair, (addresses[pair.target], addresses[pair.source]))
    if output is Format.json:
        _print_json(forecast.explanation_structure(found, pair))
    else:
        _print(forecast.explained(found))
    _leave(ExitCode.OK if pair.outcome == "reachable" else ExitCode.FAILED)


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
    from netlab.azure.prediction import predict as foresee
    from netlab.report.topology import topology

    found = _scenario(scenario)
    drawn, steps = topology(found), tuple(foresee(found)) if matrix else ()
    if output is Drawing.mermaid:
        from netlab.report.mermaid import mermaid

        text = mermaid(drawn, steps)
    else:
        from netlab.report.dot import dot

        text = dot(drawn, steps)
    if output is Drawing.svg:
        from netlab.machine.drawing import svg

        text = svg(text)
    _put(file, text)


@app.command("report")
def make_report(
    lab: LabArgument = "",
    file: FileOption = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="What `netlab verify -f json` wrote; needs no root.")
    ] = None,
) -> None:
    """Verify a lab, and write the report as one HTML page."""
    from netlab.machine.drawing import svg
    from netlab.report.dot import dot
    from netlab.report.page import page
    from netlab.report.structure import read
    from netlab.report.topology import topology

    if source is not None and lab:
        raise UsageError("--from and the name of a lab exclude each other", "give one of the two")
    if source is not None:
        found = read(_read(source), str(source))
        _put(file, page(found, svg(dot(topology(found.definition)))))
        return
    _require_root()
    measured = _read_lab(lab)
    # What may be missing is missed before the measuring.
    drawing = svg(dot(topology(measured.scenario)))
    if file is not None:
        _write(file, "")
    found = _verify(measured)
    _put(file, page(found, drawing))
    _leave(_code(found))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file."""
    from netlab.scenario.loader import schema as make

    _print_json(make())


@app.command()
def doctor(output: FormatOption = Format.table) -> None:
    """Say what this machine has and lacks, and what mends it."""
    from netlab.machine.host import examine

    found = list(examine())
    rows = [
        {
            "name": f.name,
            "status": "ok" if f.present else "missing" if f.needed else "absent",
            "message": f.message,
            "mend": "" if f.present or not f.needed else f.mend,
        }
        for f in found
    ]
    _print_rows(rows, output)
    _leave(ExitCode.HOST if any(f.needed and not f.present for f in found) else ExitCode.OK)


# --- wiring ---------------------------------------------------------------------------------------------------------


def _load(reference: str) -> Loaded:
    from netlab.scenario.loader import load

    loaded = load(reference)
    for warning in loaded.warnings:
        _log(str(warning))
    return loaded


def _scenario(reference: str) -> Scenario:
    """The scenario of a lab that exists, if we may read it; else that of a file or of the catalogue."""
    from netlab.lab import state
    from netlab.scenario.loader import catalogue
    from netlab.scenario.models import is_lab_name

    if not is_lab_name(reference) or not state.exists(reference):
        return _load(reference).scenario
    if os.geteuid() != 0 and reference in catalogue():
        return _load(reference).scenario
    _require_root()
    return state.read(reference).scenario


def _lab_name(name: str) -> str:
    from netlab.scenario.models import is_lab_name

    if not is_lab_name(name):
        raise UsageError(
            f"{name[:60]!r} cannot name a lab", "lower case letters, digits and dashes, a letter first, 40 at most"
        )
    return name


def _require_root() -> None:
    from netlab.machine import host

    host.require()


def _build(loaded: Loaded, name: str, time_scale: float | None, data_plane: Plane) -> str:
    from netlab.lab import engine, state
    from netlab.machine import host
    from netlab.machine.linux import Linux
    from netlab.plan.planner import plan as make

    scenario = loaded.scenario
    lab = _lab_name(name) if name else scenario.name
    planned = make(scenario, lab, host.choose_data_plane(data_plane), time_scale)
    facts = state.Facts(lab, scenario.name, planned.data_plane, planned.timers.scale)
    engine.up(planned, scenario, loaded.text, facts, Linux(), _stepper())
    return lab


def _verify(lab: Lab) -> Report:
    from netlab.lab import state
    from netlab.lab.verify import verify as prove
    from netlab.machine.linux import Linux

    with state.locked(lab.facts.lab):
        return prove(lab, Linux(), _stepper())


def _test(loaded: Loaded, time_scale: float | None, data_plane: Plane) -> Report:
    from netlab.lab import engine, state
    from netlab.machine.linux import Linux

    lab = _build(loaded, "", time_scale, data_plane)
    try:
        return _verify(state.read(lab))
    finally:
        with _undisturbed():
            _log(f"removing {lab}")
            engine.down(lab, Linux())


def _code(report: Report) -> ExitCode:
    if report.count("error"):
        return ExitCode.LAB
    return ExitCode.FAILED if report.count("failed") else ExitCode.OK


def _read_lab(name: str) -> Lab:
    from netlab.lab import state

    if name:
        return state.read(_lab_name(name))
    known = state.names()
    if len(known) != 1:
        problem = f"several labs are up: {', '.join(known)}" if known else "no lab is up"
        raise UsageError(problem, "name one" if known else "build one: netlab up SCENARIO")
    return state.read(known[0])


def _node(lab: Lab, name: str) -> str:
    from netlab.scenario.names import resolve_node, suggest

    names = [node.name for node in lab.plan.nodes]
    found = name.lower() if name.lower() in names else resolve_node(lab.scenario, name)
    if found is None:
        raise UsageError(f"there is no node {name[:60]!r} in {lab.facts.lab}", suggest(name, names))
    return found


def _foreseen(scenario: str, step: str, source: str, target: str) -> tuple[World, Predicted, dict[str, IPv4Address]]:
    """A pair as the model sees it, after a step of the story (the first one where none is named)."""
    from netlab.azure.prediction import endpoint_addresses
    from netlab.azure.prediction import predict as foresee
    from netlab.scenario.names import suggest

    loaded = _load(scenario).scenario
    steps = list(foresee(loaded))
    chosen = next((item for item in steps if not step or item.name == step), None)
    if chosen is None:
        raise UsageError(f"{loaded.name} has no step {step[:60]!r}", suggest(step, [item.name for item in steps]))
    nodes = (_endpoint(loaded, source), _endpoint(loaded, target))
    pair = next((cell for cell in chosen.cells if (cell.source, cell.target) == nodes), None)
    if pair is None:
        raise UsageError(f"{source} and {target} are no pair", "name two different ones that have an address")
    return chosen.world, pair, endpoint_addresses(loaded)


def _seen(lab: str, source: str, target: str) -> tuple[World, Predicted, dict[str, IPv4Address]]:
    """A pair as the packets of a running lab see it."""
    _require_root()
    from netlab.azure.world import initial
    from netlab.lab import state, witness
    from netlab.lab.verify import all_addresses, probe_addresses
    from netlab.machine.linux import Linux

    found = _read_lab(lab)
    world = initial(found.scenario)
    addresses = probe_addresses(found, Linux())
    nodes = _pair(found, addresses, source, target)
    with state.locked(found.facts.lab):
        pair = witness.watch(found, Linux(), addresses, *nodes)
    return world, pair, all_addresses(world, addresses)


def _pair(lab: Lab, addresses: Mapping[str, str], source: str, target: str) -> tuple[str, str]:
    """The nodes of two different machines, hosts or clients that have an address."""
    nodes = (_endpoint(lab.scenario, source), _endpoint(lab.scenario, target))
    if nodes[0] == nodes[1]:
        raise UsageError(f"{source} and {target} are one and the same", "name two different ones")
    for node in nodes:
        if node not in addresses:
            raise LabError(f"{node} has no address from the pool: it is not connected", "netlab status says why")
    return nodes


def _endpoint(scenario: Scenario, name: str) -> str:
    """The node of one machine, host or client."""
    from netlab.scenario.names import endpoints, resolve, suggest

    nodes = resolve(scenario, name)
    if len(nodes) != 1:
        what = f"stands for {', '.join(nodes)}" if nodes else "is unknown here"
        raise UsageError(f"{name[:60]!r} {what}", suggest(name, [item.node for item in endpoints(scenario)]))
    return nodes[0]


def _become(netns: str, command: list[str]) -> NoReturn:
    """Replace this process by a command inside a namespace; iproute2 also gives it its own /sys."""
    if shutil.which(command[0]) is None:
        _log(f"netlab: there is no command {command[0][:60]!r}")
        sys.exit(_NO_SUCH_COMMAND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp("ip", ["ip", "netns", "exec", netns, *command])


# --- printing -------------------------------------------------------------------------------------------------------


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stepper() -> Callable[[str], None]:
    """Progress: each step as it begins, with the seconds since the first one."""
    began = time.monotonic()

    def step(title: str) -> None:
        _log(f"{time.monotonic() - began:7.2f} s  {title}")

    return step


def _print(what: RenderableType) -> None:
    from rich.console import Console

    # A pipe or a file gets whole lines, whatever width rich would guess for it.
    width = None if sys.stdout.isatty() else 250
    with _whoever_reads():
        Console(highlight=False, soft_wrap=isinstance(what, str), markup=False, width=width).print(what)


def _print_json(value: Any) -> None:
    with _whoever_reads():
        print(json.dumps(value, indent=2, default=str))


@contextlib.contextmanager
def _whoever_reads() -> Iterator[None]:
    """A reader that went away, as head does, is no error: what was found decides on the exit code."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes a SystemExit of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_rows(found: list[dict[str, Any]], output: Format) -> None:
    if output is Format.json:
        _print_json(found)
    elif found:
        from netlab.report import table

        cells = (tuple(", ".join(v) if isinstance(v, list) else str(v) for v in row.values()) for row in found)
        _print(table.rows(tuple(found[0]), cells))


def _print_reports(reports: list[Report], output: Format, *, single: bool) -> None:
    if output is Format.json:
        from netlab.report.structure import report as structure

        found = [structure(report) for report in reports]
        _print_json(found[0] if single else found)
        return
    from netlab.report import table

    for report in reports:
        _print(table.report(report) if single or len(reports) == 1 or _code(report) else table.verdict(report))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "choose another file") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"cannot read {path}: {why}", "name a readable file") from None


def _put(path: Path | None, text: str) -> None:
    """A text into a file or, without one, to standard output."""
    if path is None:
        print(text, end="")
    else:
        _write(path, text)


def _complain(error: NetlabError) -> None:
    _log(f"netlab: {error.message}")
    for finding in getattr(error, "findings", ()):
        _log(f"  {finding}")
    if error.hint:
        _log(f"  next: {error.hint}")


# --- the way in and the ways out ------------------------------------------------------------------------------------


def _leave(code: ExitCode) -> NoReturn:
    raise typer.Exit(int(code))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"netlab {__version__}")
        raise typer.Exit(int(ExitCode.OK))


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def _interrupt(*_: object) -> NoReturn:
    """The first signal interrupts, and the way back then goes undisturbed by further ones."""
    for number in _SIGNALS:
        # Not SIG_IGN: Python complains of a signal that is already on its way to a handler.
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """What is begun here comes to its end; a signal interrupts after it."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        _interrupt()


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    yield


def main() -> None:
    """Run the command line and exit with an ``ExitCode``."""
    try:
        with _signals():
            code = app(standalone_mode=False)
        if code == ExitCode.INTERRUPTED:  # what typer makes of a KeyboardInterrupt
            _log("netlab: interrupted")
        sys.exit(code)
    except (KeyboardInterrupt, typer.Abort):
        _log("netlab: interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except typer.TyperException as error:
        verb = getattr(getattr(error, "ctx", None), "command_path", "netlab")
        message = error.format_message()
        if message.startswith("Usage:"):  # no arguments: the help itself
            _log(message)
        else:
            _complain(UsageError(message, f"{verb} --help"))
        sys.exit(ExitCode.USAGE)
    except NetlabError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # pydantic wraps what a signal raises in its serializers
            _log("netlab: interrupted")
            sys.exit(ExitCode.INTERRUPTED)
        if os.environ.get("NETLAB_DEBUG"):
            raise
        _log(f"netlab: internal error: {type(error).__name__}: {error}")
        _log("  next: run it again with NETLAB_DEBUG=1 and report what it prints")
        sys.exit(ExitCode.LAB)
