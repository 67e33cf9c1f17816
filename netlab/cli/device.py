"""The verb that writes what a site's administrator would type."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli.labs import load_scenario, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.cli.output import print_json, put

app = typer.Typer()


class Ipsec(StrEnum):
    """Which IPsec a device runs."""

    strongswan = "strongswan"
    libreswan = "libreswan"


class Bgp(StrEnum):
    """Which BGP daemon a device runs."""

    frr = "frr"
    bird = "bird"


@app.command("device-config")
def device_config(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A site.")],
    ipsec: Annotated[Ipsec | None, typer.Option("--for", help="Its IPsec; else that of the scenario.")] = None,
    bgp: Annotated[Bgp | None, typer.Option("--bgp", help="Its BGP daemon; else that of the scenario.")] = None,
    with_secrets: Annotated[bool, typer.Option("--with-secrets", help="Print keys, not words for them.")] = False,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="SCENARIO|FILE", help="Of this, not of a running lab.")
    ] = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Write what the administrator of a site would type.

    As Azure's portal does for its list of devices: IPsec, interfaces of tunnels,
    BGP, with Azure's timers. A lab's BGP daemons and Libreswan run from the same text.
    """
    from netlab.api import devices, labs

    if not scenario:
        require_root()
    where = load_scenario(scenario).scenario if scenario else labs.read(lab)
    found = devices.device_config(
        where,
        site,
        ipsec.value if ipsec is not None else None,
        bgp.value if bgp is not None else None,
        with_secrets=with_secrets,
    )
    if output is Format.json:
        print_json(found)
    else:
        put(None, "\n".join(f"### {file.device}: {file.path}\n{file.text}" for file in found))
