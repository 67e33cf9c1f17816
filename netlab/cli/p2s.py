"""Verbs of point-to-site clients."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli.labs import one_name, require_root
from netlab.cli.options import Format, FormatOption, LabArgument, LabOption
from netlab.cli.output import display, print_rows

app = typer.Typer(name="p2s", help="Point-to-site clients.", no_args_is_help=True)

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="A client of the scenario.")]
GatewayOption = Annotated[
    str, typer.Option("--gateway", metavar="VNET", help="Its tunnel to this VNet's gateway only, of several.")
]


@app.command()
def profile(client: ClientArgument, gateway: GatewayOption = "", lab: LabOption = "") -> None:
    """Download a client's profile package anew.

    A Windows client takes its routes from it. Prints the file's name.
    """
    require_root()
    from netlab.api import labs, story

    found = labs.read(lab)
    for tunnel in story.act_on_client(found, "download_profile", client, gateway):
        display(story.profile_path(found, tunnel))


@app.command()
def connect(client: ClientArgument, gateway: GatewayOption = "", lab: LabOption = "") -> None:
    """Connect a client, or have it authenticate afresh.

    Its gateway may refuse it: then this fails with the reason that the gateway gives.
    """
    require_root()
    from netlab.api import labs, story

    found = labs.read(lab)
    for tunnel in story.act_on_client(found, "connect", client, gateway):
        address = story.connected_address(found, tunnel)
        display(f"{tunnel.name} is connected to {tunnel.gateway} and has the address {address}")


@app.command()
def disconnect(client: ClientArgument, gateway: GatewayOption = "", lab: LabOption = "") -> None:
    """Have the gateway drop a client. It does not come back by itself."""
    require_root()
    from netlab.api import labs, story

    story.act_on_client(labs.read(lab), "disconnect", client, gateway)


@app.command()
def restart(client: ClientArgument, lab: LabOption = "") -> None:
    """Restart a client's computer. It does not reconnect by itself."""
    require_root()
    from netlab.api import labs, story

    story.act_on_client(labs.read(lab), "restart_client", client, "")


@app.command()
def certificates(lab: LabArgument = "", named: LabOption = "", output: FormatOption = Format.table) -> None:
    """List certificates, thumbprints, what is revoked."""
    require_root()
    from netlab.api import labs, story

    print_rows(story.list_certificates(labs.read(one_name(lab, named))), output)
