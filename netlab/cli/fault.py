"""Verbs that break a running lab, and mend it: a row for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from netlab.cli.labs import print_incident, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.errors import UsageError

app = typer.Typer(name="fault", help="Break a running lab, and mend it.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Part:
    """An option that says more of what a verb is about: a key of the action's value.

    ``default`` stands for a key that is not given; ``breaks_only``: it has no meaning with --mend.
    """

    key: str
    shape: Any
    default: Any = ""
    breaks_only: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of kinds of faults (``netlab.azure.faults``): its name, its help, and what it is about.

    ``key`` is the key of the action's value that the argument is; empty where there is only one to break.
    """

    name: str
    help: str
    key: str
    metavar: str
    about: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: a verb, whether it mends, the value of its action, the lab, and how to print."""

    verb: str
    mend: bool
    subject: dict[str, Any]
    lab: str = ""
    output: Format = Format.table


def _one_link(value: str) -> str:
    if value not in ("", "primary", "secondary"):
        raise UsageError(f"a circuit has no link {value[:60]!r}", "write primary or secondary")
    return value


MendOption = Annotated[bool, typer.Option("--mend", help="Mend it again.")]
PLANNED = Part("planned", Annotated[bool, typer.Option("--planned", help="As in maintenance.")], False, True)
INSTANCE = Part(
    "instance",
    Annotated[
        int | None, typer.Option("--instance", metavar="N", min=0, max=1, help="Of an active-active gateway: 0 or 1.")
    ],
    None,
)
DEVICE = Part("device", Annotated[str, typer.Option("--device", metavar="DEVICE", help="Of a site with several.")])
LINK = Part(
    "link",
    Annotated[str, typer.Option("--link", metavar="primary|secondary", callback=_one_link, help="Else both links.")],
)
PEER = Part("peer", Annotated[str, typer.Option("--peer", metavar="PEER", help="A VNet, appliance, site or circuit.")])
OF_PEER = Part(
    "instance",
    Annotated[int | None, typer.Option("--instance", metavar="N", min=0, max=1, help="Of the peer: 0 or 1.")],
    None,
)

OF_TWO = Part(
    "instance",
    Annotated[int, typer.Option("--instance", metavar="N", min=0, max=1, help="The instance: 0 or 1.")],
    Parameter.empty,
)

VERBS = (
    Verb(
        "gateway",
        "Have a gateway lose its active instance, or one by number.\n\nMeasures the outage through it.",
        "vnet",
        "VNET",
        "A VNet with a VPN gateway.",
        parts=(PLANNED, INSTANCE),
    ),
    Verb(
        "tunnel",
        "Take a connection's tunnels down, or the one at an instance.",
        "connection",
        "CONNECTION",
        "A connection of the scenario.",
        parts=(INSTANCE,),
    ),
    Verb(
        "link",
        "Cut a link to the Internet.",
        "name",
        "NAME",
        "A gateway's VNet, a site or a client.",
        parts=(DEVICE,),
    ),
    Verb("internet", "Cut the Internet. Microsoft's backbone carries VNet-to-VNet tunnels on.", "", "", ""),
    Verb(
        "device",
        "Have a site's VPN device fall silent, with its link up.",
        "site",
        "SITE",
        "A site of the scenario.",
        parts=(DEVICE,),
    ),
    Verb(
        "vm",
        "Stop a virtual machine, an appliance for instance.",
        "vm",
        "VM",
        "A virtual machine: VM, or VNET-VM.",
    ),
    Verb(
        "circuit",
        "Have a circuit's links to its site carry nothing.",
        "circuit",
        "CIRCUIT",
        "An ExpressRoute circuit of the scenario.",
        parts=(LINK,),
    ),
    Verb(
        "route-server",
        "Have a Route Server lose one of its two instances.",
        "vnet",
        "VNET",
        "A VNet with a Route Server.",
        parts=(OF_TWO,),
    ),
    Verb(
        "bgp-session",
        "Shut BGP sessions of an appliance or a site down.",
        "speaker",
        "SPEAKER",
        "An appliance (VNET-VM) or a site.",
        parts=(PEER, OF_PEER),
    ),
    Verb(
        "bgp-daemon",
        "Stop the BGP daemon of an appliance or a site's device.",
        "speaker",
        "SPEAKER",
        "An appliance (VNET-VM) or a site.",
        parts=(DEVICE,),
    ),
)


def add_verbs(room: typer.Typer, take: Callable[[Typed], None]) -> None:
    """Give a room the verbs; ``take`` does what was typed."""
    for verb in VERBS:
        room.command(verb.name, help=verb.help)(_command(verb, take))


def _command(verb: Verb, take: Callable[[Typed], None]) -> Callable[..., None]:
    """What typer calls for a verb. Typer reads the parameters from the signature (PEP 362)."""

    def command(mend: bool, lab: str, output: Format, **given: Any) -> None:
        told = [part for part in verb.parts if given[part.key] != part.default]
        for part in told:
            if mend and part.breaks_only:
                raise UsageError(f"--{part.key} and --mend exclude each other", "leave one out")
        subject = {key: given[key] for key in (*of, *(part.key for part in told))}
        take(Typed(verb.name, mend, subject, lab, output))

    of = (verb.key,) if verb.key else ()
    argument = Annotated[str, typer.Argument(metavar=verb.metavar, help=verb.about)]
    shared = (("mend", MendOption, False), ("lab", LabOption, ""), ("output", FormatOption, Format.table))
    options = (*((part.key, part.shape, part.default) for part in verb.parts), *shared)
    parameters = [Parameter(key, Parameter.KEYWORD_ONLY, annotation=argument) for key in of]
    parameters += [Parameter(n, Parameter.KEYWORD_ONLY, default=d, annotation=shape) for n, shape, d in options]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return command


def _take(typed: Typed) -> None:
    """Take the verb's action as a story does: `status` knows of it, and `verify` puts it back."""
    require_root()
    from netlab.api import labs, story

    print_incident(story.fault(labs.read(typed.lab), typed.verb, typed.mend, typed.subject), typed.output)


add_verbs(app, _take)
