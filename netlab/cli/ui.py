"""The live page."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli import completion
from netlab.cli.labs import one_name, require_root
from netlab.cli.options import LabOption
from netlab.cli.output import log

app = typer.Typer()


@app.command("ui")
def live(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="LAB|FILE|SCENARIO",
            help="A lab (root), or a scenario (no root); else the only lab there is.",
            autocompletion=completion.scenarios,
        ),
    ] = "",
    named: LabOption = "",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Of 127.0.0.1; else any free one.")
    ] = 0,
) -> None:
    """Show a lab, or a scenario that you write, in a browser.

    Of a lab: what is broken, connections and BGP sessions with their counters, nodes and routes, and what the model
    says of it now; trace a pair, watch what a flow loses. A scenario file is read again whenever it is saved: its
    findings by line, who reaches whom, and why.

    The page changes nothing, and only this machine can open it, by the address that is printed. It ends with Ctrl-C.
    """
    from functools import partial

    from netlab.api import designing, model
    from netlab.ui.server import serve

    name = one_name(subject, named)
    if named or not subject or model.is_lab(subject):
        require_root()
        from netlab.api import labs
        from netlab.ui.lab import LabView

        view = LabView(labs.read(name).facts.lab)
        serve(view.subject, view.watch, port, _announce)
        return
    from netlab.ui import designer

    file = designing.path(subject)
    serve(designer.subject(file), partial(designer.watch, file), port, _announce)


def _announce(address: str) -> None:
    log(f"open {address}\nit ends with Ctrl-C")
