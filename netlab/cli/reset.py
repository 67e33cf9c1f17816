"""Azure's resets, of a gateway and of a connection; and a lab as it was built."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import print_incident, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.cli.output import log
from netlab.errors import ExitCode

app = typer.Typer(name="reset", help="Reset a gateway, a connection or a lab's story.", no_args_is_help=True)


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
    from netlab.api import labs, story

    print_incident(story.reset_gateway(labs.read(lab), vnet), output)


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
    from netlab.api import labs, story

    incident, name, seen = story.reset_connection(labs.read(lab), connection)
    print_incident(incident, output)
    log(f"{name}: {seen.words}")
    leave(ExitCode.OK if seen.state == "Connected" else ExitCode.FAILED)


@app.command("story")
def story_again(lab: LabOption = "") -> None:
    """Put back what a story or a fault has changed.

    The lab is as it was built: where `verify --keep` left it at a step, after faults, after an interrupted `verify`.
    """
    require_root()
    from netlab.api import labs, story

    found = labs.read(lab)
    taken = story.reset_story(found)
    log(f"{found.facts.lab} is as it was built: {taken} action{'' if taken == 1 else 's'} put back")
