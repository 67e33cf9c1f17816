"""The verb that builds many labs at once."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.options import Format, FormatOption
from netlab.cli.output import log, print_json, print_summed, require_writable, write_text
from netlab.errors import ExitCode

if TYPE_CHECKING:
    from netlab.results.campaign import Campaign, Tried

app = typer.Typer()


@app.command()
def campaign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A campaign: scenarios, data planes, time scales.")],
    results: Annotated[
        Path | None, typer.Option("--results", metavar="FILE", help="Verdicts and reports; else FILE.sqlite.")
    ] = None,
    scheduler: Annotated[str, typer.Option("--scheduler", metavar="ADDRESS", help="As tls://host:8786.")] = "",
    labs: Annotated[int, typer.Option("--labs", metavar="N", min=0, help="At once here; 0: one a processor.")] = 0,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a page over all labs.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """Build, verify and remove many labs at once.

    On this machine, or by the workers of a Dask scheduler. Each verdict is kept as soon as it is known: the same
    command goes on where another one ended, and tries again what ended with an error. Needs netlab-azure[campaign].
    """
    from netlab.api import campaign as api

    prepared = api.prepare(file)
    if page is not None:
        require_writable(page)
    with api.opened(results or file.with_suffix(".sqlite")) as store:
        try:
            with _progress(api.found(prepared, store)) as advance:
                for tried in api.run(prepared, store, api.Place(scheduler, labs), log):
                    advance(tried)
        finally:
            found = api.found(prepared, store)
            if page is not None:
                from netlab.report import campaign as report

                write_text(page, report.page(found))
    _print(found, output)
    leave(_code(found))


@contextlib.contextmanager
def _progress(begun: Campaign) -> Iterator[Callable[[Tried], None]]:
    """Each verdict as it comes, above a bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from netlab.report.campaign import title

    done = sum(lab.verdict != "error" for lab in begun.labs)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(begun.name, total=len(begun.labs) + begun.untried, completed=done)

        def advance(tried: Tried) -> None:
            log(f"{tried.verdict:7}{tried.seconds:8.2f} s  {title(tried)}")
            bar.advance(task)

        yield advance


def _print(found: Campaign, output: Format) -> None:
    if output is Format.json:
        print_json(found)
        return
    from netlab.report import campaign as report

    print_summed(report.rows(found), report.lines(found))


def _code(found: Campaign) -> ExitCode:
    if found.count("error") or found.untried:
        return ExitCode.LAB
    return ExitCode.FAILED if found.count("failed") else ExitCode.OK
