"""What Azure's operations show: verbs with Azure's columns and, as JSON, the keys of `az`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.cli.exits import leave
from netlab.cli.labs import read_lab, require_root
from netlab.cli.options import Format, FormatOption, LabOption
from netlab.cli.output import log, print_json, print_rows
from netlab.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from netlab.lab.build.state import Lab
    from netlab.lab.measure.shown.bgp import Speaker
    from netlab.lab.measure.shown.ike import Gateway
    from netlab.lab.measure.shown.rows import Shown
    from netlab.scenario.network import Network, Nic

app = typer.Typer(name="show", help="What Azure's operations show of a gateway or a NIC.", no_args_is_help=True)

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
        help="A VNet with a VPN gateway, a site, an instance of a Route Server (VNET-rs-0) or an appliance (VNET-VM).",
    ),
]


@app.command("learned-routes")
def learned_routes(gateway: SpeakerArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """Show a gateway's own, static and learned routes."""
    _print(_speaker(gateway, lab).learned_routes(), output, wrapped=True)


@app.command("advertised-routes")
def advertised_routes(
    gateway: SpeakerArgument,
    peer: Annotated[str, typer.Option("--peer", metavar="IP", help="The peer's BGP address.", show_default=False)],
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show what a gateway tells a BGP peer."""
    found = _speaker(gateway, lab)
    known = found.peers()
    if peer not in known:
        raise UsageError(f"{found.end} has no BGP peer {peer[:60]!r}", f"its peers: {', '.join(known) or 'none'}")
    _print(found.advertised_routes(peer), output, wrapped=True)


@app.command("bgp-peers")
def bgp_peers(gateway: SpeakerArgument, lab: LabOption = "", output: FormatOption = Format.table) -> None:
    """Show a gateway's BGP peers and their sessions."""
    _print(_speaker(gateway, lab).bgp_peers(), output, wrapped=True)


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
    found = _gateway(gateway, lab)
    item = found.world.scenario.vnets.get(found.end)
    if item is None or item.vpn_gateway is None or item.vpn_gateway.point_to_site is None:
        raise UsageError(f"{found.end} serves no point-to-site clients", "name a VNet whose gateway has point_to_site")
    _print(found.p2s_sessions(), output, wrapped=True)


@app.command("effective-routes")
def effective_routes(
    nic: Annotated[
        str, typer.Argument(metavar="NIC|VNET", help="A virtual machine's, or all of a VNet; else all there are.")
    ] = "",
    lab: LabOption = "",
    output: FormatOption = Format.table,
) -> None:
    """Show NICs' effective routes, invalid ones too.

    Of several NICs, JSON holds what Azure shows of each under its machine's node.
    """
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import state
    from netlab.lab.measure.shown import nics as in_lab
    from netlab.lab.measure.shown.rows import Shown

    found = read_lab(lab)
    world, learned = state.world(found), in_lab.learned(found.plan, LINUX.gateways)
    wanted = _nics(world.network, found.facts.lab, nic)
    rows = {item.node: in_lab.effective_routes(world, learned, item) for item in wanted}
    if nic and nic.lower() not in map(str.lower, found.scenario.vnets):
        (of_one,) = rows.values()
        _print(Shown(of_one), output, wrapped=True)
    elif output is Format.json:
        print_json({node: {"value": shown} for node, shown in rows.items()})
    else:
        _print(Shown(tuple({"nic": node, **row} for node, shown in rows.items() for row in shown)), output)


def _nics(network: Network, lab: str, name: str) -> list[Nic]:
    """The NIC of a virtual machine, or all of a VNet or of the scenario."""
    from netlab.scenario.names import resolve, suggest

    known = [nic for vnet in network.vnets.values() for nic in vnet.nics]
    nodes = resolve(network.scenario, name) if name else [nic.node for nic in known]
    wanted = [nic for nic in known if nic.node in nodes]
    if name and not wanted:
        names = (*(nic.node for nic in known), *network.vnets)
        raise UsageError(
            f"there is no virtual machine {name[:60]!r} in {lab}, and no VNet with any", suggest(name, names)
        )
    return wanted


def _gateway(name: str, lab: str) -> Gateway:
    """A gateway or a site; or an appliance that ends connections."""
    require_root()
    from netlab.api.machine import LINUX
    from netlab.lab.build import state
    from netlab.lab.measure.shown.ike import Gateway

    found = read_lab(lab)
    moment = state.world(found)
    known = tuple(end.name for end in (*moment.network.ends, *moment.network.vpn_servers))
    return Gateway(found, moment, LINUX.sas, _known(found, name, known))


def _speaker(name: str, lab: str) -> Speaker:
    """A gateway or a site; or one of those that speak BGP and nothing else."""
    require_root()
    from netlab.api.machine import LINUX
    from netlab.azure.learning import learners
    from netlab.lab.build import state
    from netlab.lab.measure.shown.bgp import Speaker

    found = read_lab(lab)
    moment = state.world(found)
    known = (*(end.name for end in moment.network.ends), *learners(moment.network))
    return Speaker(found, moment, LINUX.bgp, _known(found, name, known))


def _known(lab: Lab, name: str, ends: tuple[str, ...]) -> str:
    from netlab.scenario.names import suggest

    known = {end.lower(): end for end in ends}
    if name.lower() not in known:
        raise UsageError(f"there is no gateway {name[:60]!r} in {lab.facts.lab}", suggest(name, known.values()))
    return known[name.lower()]


def _print(shown: Shown, output: Format, *, wrapped: bool = False) -> None:
    """Rows under Azure's columns, or as JSON as `az` prints them: some lists under a key."""
    if output is Format.json:
        print_json({"value": shown.rows} if wrapped else shown.rows)
    else:
        print_rows([{_column(key): _cell(value) for key, value in row.items()} for row in shown.rows], output)
    for daemon in shown.dead:
        log(f"netlab: {daemon} does not answer: what it knows is not shown")
    leave(ExitCode.FAILED if shown.dead else ExitCode.OK)


def _column(key: str) -> str:
    return key[0].upper() + key[1:]


def _cell(value: Any) -> Any:
    """A cell of a table: of objects in a list what tells them apart."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [" ".join(str(item[key]) for key in _TELLING if key in item) for item in value]
    return "" if value is None else value


_TELLING = ("tunnel", "connectionStatus", "encryption", "inboundSPI", "outboundSPI")
