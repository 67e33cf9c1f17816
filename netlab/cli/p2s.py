"""Verbs of point-to-site clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.labs import read_lab, require_root
from netlab.cli.options import Format, FormatOption, LabArgument, LabOption
from netlab.cli.output import display, print_rows
from netlab.errors import LabError, UsageError

if TYPE_CHECKING:
    from netlab.lab.build.state import Lab
    from netlab.plan.model import Client

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
    from netlab.lab.build import profile as package

    found = _act("download_profile", client, gateway, lab)
    for tunnel in _tunnels(found, client, gateway):
        display(str(package.path(found.facts.lab, tunnel)))


@app.command()
def connect(client: ClientArgument, gateway: GatewayOption = "", lab: LabOption = "") -> None:
    """Connect a client, or have it authenticate afresh.

    Its gateway may refuse it: then this fails with the reason that the gateway gives.
    """
    from netlab.api.machine import LINUX
    from netlab.lab.build.clients import refusals

    found, machine = _act("connect", client, gateway, lab), LINUX
    for tunnel in _tunnels(found, client, gateway):
        address = machine.clients.virtual_address(tunnel)
        if not address:
            reason = refusals(found.plan, tunnel.gateway, machine.sas).get(tunnel.node, "its gateway does not answer")
            raise LabError(f"{tunnel.name} is not connected to {tunnel.gateway}: {reason}")
        display(f"{tunnel.name} is connected to {tunnel.gateway} and has the address {address}")


@app.command()
def disconnect(client: ClientArgument, gateway: GatewayOption = "", lab: LabOption = "") -> None:
    """Have the gateway drop a client. It does not come back by itself."""
    _act("disconnect", client, gateway, lab)


@app.command()
def certificates(lab: LabArgument = "", output: FormatOption = Format.table) -> None:
    """List certificates, thumbprints, what is revoked."""
    require_root()
    from netlab.lab.build.certificates import listed

    found = read_lab(lab)
    print_rows(listed(found.facts.lab, found.plan.certificates), output)


def _act(verb: str, client: str, gateway: str, name: str) -> Lab:
    """Take an action on a client's tunnels, as a story does: `status` knows of it, and `verify` puts it back."""
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import state
    from netlab.lab.story.actions import take
    from netlab.lab.story.stage import Stage
    from netlab.scenario.models import Action, node_name

    found = read_lab(name)
    own = _tunnels(found, client, gateway)
    (subject,) = (item for item in found.scenario.clients if node_name(item) == own[0].node)
    which = {"gateway": own[0].gateway} if gateway else {}
    with state.locked(found.facts.lab):
        stage = Stage(found, LINUX)
        stage.resume()
        take(stage, Action.model_validate({verb: {"client": subject, **which}}))
    return found


def _tunnels(lab: Lab, client: str, gateway: str) -> tuple[Client, ...]:
    """The tunnels of a client, or the one to the gateway of a VNet."""
    own = [tunnel for tunnel in lab.plan.clients if tunnel.node == client.lower()]
    if not own:
        there = ", ".join(dict.fromkeys(tunnel.node for tunnel in lab.plan.clients)) or "none"
        raise UsageError(f"there is no client {client!r} in {lab.facts.lab}", f"its clients: {there}")
    found = tuple(tunnel for tunnel in own if gateway.lower() in ("", tunnel.gateway.lower()))
    if not found:
        there = ", ".join(tunnel.gateway for tunnel in own)
        raise UsageError(f"{client} is no client of {gateway}'s gateway", f"its gateways: {there}")
    return found
