"""Azure's resets: of a gateway and of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import act, named, read_lab, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.cli.output import log
from netlab.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from netlab.lab.machine import Machine

app = typer.Typer(name="reset", help="Reset a gateway or a connection.", no_args_is_help=True)


@app.command()
def gateway(
    vnet: Annotated[str, typer.Argument(metavar="VNET", help="A VNet with a VPN gateway.")],
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Reboot a gateway's active instance: the standby takes over.

    A second time it is the other one's turn. Of an active-active gateway the first instance reboots, and comes back.
    """
    require_root()
    from netlab.lab.story import incidents
    from netlab.scenario.names import suggest
    from netlab.scenario.routers import ends

    found = read_lab(lab)
    name = named(found, vnet)
    known = [end for end in ends(found.scenario) if end in found.scenario.vnets]
    if name not in known:
        raise UsageError(f"there is no VNet {vnet[:60]!r} with a VPN gateway", suggest(vnet, known))
    actions = incidents.reset_gateway(found.scenario, name)
    act(found, lambda machine: incidents.take(found, machine, actions), output)


@app.command()
def connection(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="A connection of the scenario.")],
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Take a connection down and bring it up again.

    Its gateway stays. Exit code 1 if it does not come up.
    """
    require_root()
    from netlab.lab.story import incidents
    from netlab.lab.story.connections import Seen
    from netlab.scenario.names import suggest

    found = read_lab(lab)
    name, known = named(found, connection), found.scenario.connections
    if name not in known:
        raise UsageError(f"there is no connection {connection[:60]!r}", suggest(connection, known))
    states: list[Seen] = []

    def reset(machine: Machine) -> incidents.Incident:
        incident, seen = incidents.reset_connection(found, machine, name)
        states.append(seen)
        return incident

    act(found, reset, output)
    log(f"{name}: {states[0].words}")
    leave(ExitCode.OK if states[0].state == "Connected" else ExitCode.FAILED)
