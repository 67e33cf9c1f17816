"""What Azure's operations show: verbs with Azure's columns and, as JSON, the keys of `az`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import load_scenario, require_root
from netlab.cli.options import Format, FormatOption, LabOption, Link, PeeringName, PredictedOption, StepOption
from netlab.cli.output import display, log, print_json, print_table
from netlab.errors import ExitCode

if TYPE_CHECKING:
    from netlab.api.show import Gateway, Speaker, Where
    from netlab.results.shown import GatewayRoute, Shown

app = typer.Typer(name="show", help="What Azure's operations show of a gateway or a NIC.", no_args_is_help=True)

NicsArgument = Annotated[
    str, typer.Argument(metavar="NIC|VNET", help="A NIC, or those of a virtual machine or a VNet; else all.")
]
GatewayArgument = Annotated[
    str,
    typer.Argument(
        metavar="GATEWAY", help="A VNet with a VPN gateway, a site, or an appliance that ends connections (VNET-VM)."
    ),
]
SpeakerArgument = Annotated[
    str,
    typer.Argument(
        metavar="GATEWAY",
        help="A VNet with a VPN gateway, a site, an ExpressRoute gateway (VNET-er), a Route Server (VNET-rs) or one "
        "of its instances (VNET-rs-0), or an appliance (VNET-VM).",
    ),
]


@app.command("learned-routes")
def learned_routes(
    gateway: SpeakerArgument,
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show a gateway's own, static and learned routes."""
    found = _speaker(gateway, _where(predicted, step, lab))
    _print_routes(found, found.learned_routes(), output)


@app.command("advertised-routes")
def advertised_routes(
    gateway: SpeakerArgument,
    peer: Annotated[str, typer.Option("--peer", metavar="IP", help="The peer's BGP address.", show_default=False)],
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show what a gateway advertises to a BGP peer."""
    from netlab.api import show

    found = _speaker(gateway, _where(predicted, step, lab))
    _print_routes(found, show.advertised_routes(found, peer), output)


@app.command("bgp-peers")
def bgp_peers(
    gateway: SpeakerArgument,
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show a gateway's BGP peers and their sessions."""
    _print(_speaker(gateway, _where(predicted, step, lab)).bgp_peers(), output, wrapped=True)


@app.command("circuit-routes")
def circuit_routes(
    circuit: Annotated[str, typer.Argument(metavar="CIRCUIT", help="An ExpressRoute circuit.")],
    path: Annotated[Link, typer.Option("--path", help="Which of its two edge routers.")] = Link.primary,
    peering: Annotated[
        PeeringName, typer.Option("--peering-name", help="Which of its peerings.")
    ] = PeeringName.AzurePrivatePeering,
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show the routes of a circuit's edge router."""
    from netlab.api import show

    found = show.circuit_routes(_where(predicted, step, lab), circuit, list(Link).index(path), peering.value)
    _print(found, output, wrapped=True)


@app.command("connections")
def connections(gateway: GatewayArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """Show a gateway's connections: state, bytes, tunnels."""
    _print(_gateway(gateway, lab).connections(), output)


@app.command("ike-sas")
def ike_sas(gateway: GatewayArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """Show the IKE SAs of a gateway's connections."""
    _print(_gateway(gateway, lab).ike_sas(), output)


@app.command("p2s-sessions")
def p2s_sessions(gateway: GatewayArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """Show who is connected to a gateway's point-to-site."""
    require_root()
    from netlab.api import labs, show

    _print(show.p2s_sessions(labs.read(lab), gateway), output, wrapped=True)


@app.command("effective-routes")
def effective_routes(
    nic: NicsArgument = "",
    everything: Annotated[bool, typer.Option("--all", help="Also built-in None routes to public prefixes.")] = False,
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show NICs' effective routes.

    Of several NICs, JSON holds what Azure shows of each under its name: VNET-VM, or with several of a machine
    VNET-VM-NIC.
    """
    from netlab.api import show
    from netlab.results.shown import Listing, Shown

    there = _where(predicted, step, lab)
    rows = show.effective_routes(there, nic, everything=everything)
    if show.is_one(there, nic, rows):
        (of_one,) = rows.values()
        _print(Shown(of_one), output, wrapped=True)
    elif output is Format.json:
        print_json({node: Listing(found) for node, found in rows.items()}, sparse=True)
    else:
        from netlab.report.tables import shown

        print_table([{"Nic": node, **row} for node, found in rows.items() for row in shown(found)])


@app.command("nat-rules")
def nat_rules(
    gateway: Annotated[str, typer.Argument(metavar="GATEWAY", help="A VNet with a VPN gateway.")],
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show a gateway's NAT rules and who uses them."""
    from netlab.api import show

    _print(show.nat_rules(_where(predicted, step, lab), gateway), output)


@app.command("firewall-rules")
def firewall_rules(
    firewall: Annotated[str, typer.Argument(metavar="FIREWALL", help="An Azure Firewall.")],
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show a firewall's rules as it asks them."""
    from netlab.api import show

    _print(show.firewall_rules(_where(predicted, step, lab), firewall), output)


@app.command("effective-nsg")
def effective_nsg(
    nic: NicsArgument = "",
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show NICs' security rules and what service tags hold.

    Of several NICs, JSON holds what Azure shows of each under its name: VNET-VM, or with several of a machine
    VNET-VM-NIC.
    """
    from netlab.api import show
    from netlab.report import tables
    from netlab.results.shown import Listing

    there = _where(predicted, step, lab)
    found = show.effective_groups(there, nic)
    listings = {node: Listing(groups) for node, groups in found.items()}
    if output is Format.json:
        print_json(listings[next(iter(listings))] if show.is_one(there, nic, found) else listings, sparse=True)
        return
    if rules := tables.security_rules(found):
        print_table(rules)
        display("")
        print_table(tables.security_tags(found))
    for node in (node for node, groups in found.items() if not groups):
        log(f"netlab: {node} has no network security group: everything passes (N2)")


@app.command("member-health")
def member_health(
    predicted: PredictedOption = "",
    step: StepOption = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show which members of load balancers answer probes.

    A running lab is asked anew; --predicted says what the model sees.
    """
    from netlab.api import show

    _print(show.member_health(_where(predicted, step, lab)), output)


def _where(predicted: str, step: str, lab: str) -> Where:
    """A moment of a scenario's story in the model, or else a running lab."""
    from netlab.api import labs, model

    if predicted:
        return model.state(load_scenario(predicted).scenario, step)
    require_root()
    return labs.read(lab)


def _gateway(name: str, lab: str) -> Gateway:
    require_root()
    from netlab.api import labs, show

    return show.gateway(labs.read(lab), name)


def _speaker(name: str, where: Where) -> Speaker:
    from netlab.api import show

    return show.speaker(where, name)


def _print_routes(speaker: Speaker, found: Shown[GatewayRoute], output: Format) -> None:
    """Routes as `az` prints them: those of a Route Server by its instances."""
    if speaker.is_route_server and output is Format.json and not found.dead:
        print_json(speaker.by_role(found.rows), sparse=True)
    else:
        _print(found, output, wrapped=True)


def _print(found: Shown[Any], output: Format, *, wrapped: bool = False) -> None:
    """Rows under Azure's columns, or as JSON as `az` prints them: some lists under a key."""
    from netlab.results.shown import Listing

    if output is Format.json:
        print_json(Listing(found.rows) if wrapped else found.rows, sparse=True)
    else:
        from netlab.report.tables import shown

        print_table(shown(found.rows))
    for daemon in found.dead:
        log(f"netlab: {daemon} does not answer: what it knows is not shown")
    leave(ExitCode.FAILED if found.dead else ExitCode.OK)
