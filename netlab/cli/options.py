"""The arguments and options that several verbs share, and what may be chosen."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from netlab.cli import completion


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
    png = "png"


class Plane(StrEnum):
    """Who does ESP."""

    auto = "auto"
    kernel = "kernel"
    userspace = "userspace"


class PeeringName(StrEnum):
    """Which of the peerings of a circuit."""

    AzurePrivatePeering = "AzurePrivatePeering"
    MicrosoftPeering = "MicrosoftPeering"


class Link(StrEnum):
    """Which of the two links of a circuit."""

    primary = "primary"
    secondary = "secondary"


ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO|FILE", help="A name from `netlab list`, or a file.", autocompletion=completion.scenarios
    ),
]
LabArgument = Annotated[
    str,
    typer.Argument(metavar="LAB", help="Not needed where only one lab is up.", autocompletion=completion.labs),
]
LabOption = Annotated[
    str,
    typer.Option(
        "--lab", "-l", metavar="LAB", help="Not needed where only one lab is up.", autocompletion=completion.labs
    ),
]
NodeArgument = Annotated[
    str,
    typer.Argument(metavar="NODE", help="A name from `netlab nodes`, or a short one.", autocompletion=completion.nodes),
]
UserOption = Annotated[bool, typer.Option("--user", help="As the user who called netlab by sudo, not as root.")]
NameOption = Annotated[str, typer.Option("--name", metavar="LAB", help="The lab's name; else the scenario's.")]
ScaleOption = Annotated[
    float | None,
    typer.Option("--time-scale", metavar="N", min=1, max=60, help="Azure's timers are divided by it; else the file's."),
]
PlaneOption = Annotated[Plane, typer.Option("--data-plane", help="Who does ESP; auto: the kernel, if it can.")]
FileOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.")]
AllPairsOption = Annotated[bool, typer.Option("--all-pairs", help="Ask every machine, however many are alike.")]
EverythingOption = Annotated[bool, typer.Option("--all", help="Print every step in full, not only what it changed.")]
UntilOption = Annotated[str, typer.Option("--until", metavar="STEP", help="Up to this step: its name, or its number.")]
FailFastOption = Annotated[bool, typer.Option("--fail-fast", help="Stop after the first step that is not as expected.")]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="Stay at the last step played: `netlab continue`, `netlab reset story`.")
]
PauseOption = Annotated[
    bool, typer.Option("--step", help="Before each step, say what it will do, and wait for Enter; q ends.")
]
PredictedOption = Annotated[
    str,
    typer.Option(
        "--predicted",
        metavar="SCENARIO|FILE",
        help="Ask the model, not a running lab.",
        autocompletion=completion.scenarios,
    ),
]
AfterOption = Annotated[
    str, typer.Option("--step", help="After this step of the story; else as built.", autocompletion=completion.steps)
]
StepOption = Annotated[
    str,
    typer.Option("--step", help="With --predicted: after this step of the story.", autocompletion=completion.steps),
]
ProtocolOption = Annotated[Asking, typer.Option("--protocol", "-p", help="What the probe is.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]

# Of what takes descriptions of a deployment: `import` and `diff`.
_Many = list[str] | None
LinkedOption = Annotated[_Many, typer.Option("--linked", metavar="DIR", help="Where linked templates lie.")]
LocationOption = Annotated[str, typer.Option("--location", metavar="REGION", help="Where a template's group is.")]
GroupOption = Annotated[str, typer.Option("--resource-group", metavar="NAME", help="The group of a template.")]
ValuesOption = Annotated[
    _Many,
    typer.Option("--set", metavar="ADDRESS.ATTRIBUTE=VALUE", help="A value that a plan does not know yet."),
]
SitesOption = Annotated[_Many, typer.Option("--site", metavar="LNG=PREFIX[,PREFIX]", help="The prefixes of a site.")]
AsnsOption = Annotated[_Many, typer.Option("--asn", metavar="SITE=ASN", help="The ASN of a site.")]
JoinedOption = Annotated[_Many, typer.Option("--join", metavar="LNG,LNG", help="Devices of one site.")]
AnnouncedOption = Annotated[
    _Many,
    typer.Option("--announce", metavar="VNET-VM=PREFIX[,PREFIX]", help="What an appliance advertises."),
]
FirewallOption = Annotated[str, typer.Option("--firewall", metavar="forward|deny", help="What an Azure Firewall does.")]
ProbesOption = Annotated[str, typer.Option("--probes", metavar="subnets|all|none", help="Which subnets get a probe.")]
StubsOption = Annotated[bool, typer.Option("--stubs", help="Make what is only referred to.")]
ClientsOption = Annotated[str, typer.Option("--clients", metavar="linux,windows|none", help="Point-to-site clients.")]
