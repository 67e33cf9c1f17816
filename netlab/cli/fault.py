"""Verbs that break a running lab, and mend it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from netlab.cli.labs import print_incident, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.errors import UsageError

app = typer.Typer(name="fault", help="Break a running lab, and mend it.", no_args_is_help=True)

MendOption = Annotated[bool, typer.Option("--mend", help="Mend it again.")]
InstanceOption = Annotated[
    int | None, typer.Option("--instance", metavar="N", min=0, max=1, help="Of an active-active gateway: 0 or 1.")
]
DeviceOption = Annotated[str, typer.Option("--device", metavar="DEVICE", help="Of a site with several.")]


@app.command()
def gateway(
    vnet: Annotated[str, typer.Argument(metavar="VNET", help="A VNet with a VPN gateway.")],
    planned: Annotated[bool, typer.Option("--planned", help="As in maintenance.")] = False,
    instance: InstanceOption = None,
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Have a gateway lose its active instance, or one by number.

    Measures the outage through it.
    """
    if mend and planned:
        raise UsageError("--planned and --mend exclude each other", "leave one out")
    given = {"planned": planned or None, "instance": instance}
    _take("restore_gateway" if mend else "fail_gateway", {"vnet": vnet, **given}, lab, output)


@app.command()
def tunnel(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="A connection of the scenario.")],
    instance: InstanceOption = None,
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Take a connection's tunnels down, or the one at an instance."""
    subject = {"connection": connection, "instance": instance}
    _take("restore_tunnel" if mend else "fail_tunnel", subject, lab, output)


@app.command()
def link(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A gateway's VNet, a site or a client.")],
    device: DeviceOption = "",
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Cut a link to the Internet."""
    _take("mend_link" if mend else "cut_link", {"name": name, "device": device or None}, lab, output)


@app.command()
def device(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A site of the scenario.")],
    device: DeviceOption = "",
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Have a site's VPN device fall silent, with its link up."""
    _take("wake_device" if mend else "silence_device", {"site": site, "device": device or None}, lab, output)


@app.command()
def vm(
    name: Annotated[str, typer.Argument(metavar="VM", help="A virtual machine: VM, or VNET-VM.")],
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Stop a virtual machine, an appliance for instance."""
    _take("start_vm" if mend else "stop_vm", {"vm": name}, lab, output)


@app.command()
def circuit(
    name: Annotated[str, typer.Argument(metavar="CIRCUIT", help="An ExpressRoute circuit of the scenario.")],
    which: Annotated[str, typer.Option("--link", metavar="primary|secondary", help="Else both links.")] = "",
    mend: MendOption = False,
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Have a circuit's links to its site carry nothing."""
    if which not in ("", "primary", "secondary"):
        raise UsageError(f"a circuit has no link {which[:60]!r}", "write primary or secondary")
    _take("restore_circuit" if mend else "fail_circuit", {"circuit": name, "link": which or None}, lab, output)


def _take(verb: str, subject: dict[str, Any], lab: str, output: Format) -> None:
    """Take an action as a story does: `status` knows of it, and `verify` puts it back."""
    require_root()
    from netlab.api import labs, story

    print_incident(story.act(labs.read(lab), verb, subject), output)
