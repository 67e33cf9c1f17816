"""The live page."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli import completion
from netlab.cli.output import log

app = typer.Typer()


@app.command("ui")
def live(
    subject: Annotated[
        str,
        typer.Argument(metavar="FILE|SCENARIO", help="What to show.", autocompletion=completion.scenarios),
    ],
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Of 127.0.0.1; else any free one.")
    ] = 0,
) -> None:
    """Show a scenario file as a live page in a browser.

    The file is read again whenever it is saved: its findings by line, who reaches whom, and why. The page changes
    nothing, and only this machine can open it, by the address that is printed. It ends with Ctrl-C.
    """
    from functools import partial

    from netlab.api import designing
    from netlab.ui import designer
    from netlab.ui.server import serve

    def announce(address: str) -> None:
        log(f"open {address}\nit ends with Ctrl-C")

    file = designing.path(subject)
    serve(designer.subject(file), partial(designer.watch, file), port, announce)
