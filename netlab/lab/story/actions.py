"""The actions of a story on a running lab: what each changes there."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.azure import outcome
from netlab.azure.moments import after
from netlab.azure.p2s.sessions import Prefixes
from netlab.azure.state import named
from netlab.lab.build import clients, profile
from netlab.lab.story import changing, faults
from netlab.lab.story.stage import Stage
from netlab.plan.devices import shared_key_name
from netlab.scenario.models import (
    Action,
    Change,
    ClientOnly,
    ClientRoute,
    CustomRoutes,
    NewKey,
    OneClient,
    PeeringSync,
    SitePrefix,
)


def take(stage: Stage, action: Action) -> None:
    """Take an action, written down before it is taken."""
    stage.remember((*stage.taken, action))
    stage.note(f"action: {outcome.action(action)}")
    before, stage.state = stage.state, after(stage.state, action)
    match action.verb, action.subject:
        case "add_route", ClientRoute(client=client, prefix=prefix):
            _change_route(stage, client, add=[str(prefix)])
        case "remove_route", ClientRoute(client=client, prefix=prefix):
            _change_route(stage, client, delete=[str(prefix)])
        case ("download_profile" | "connect" | "reconnect" | "disconnect") as verb, ClientOnly() as subject:
            _act_on_client(stage, verb, subject)
        case "restart_client", OneClient(client=name):
            _restart(stage, name)
        case "set_custom_routes", CustomRoutes() as change:
            set_custom_routes(stage, change)
        case "announce" | "withdraw", SitePrefix(speaker=who):
            announce(stage, who, before.announced[who], stage.state.announced[who])
        case "set_key", NewKey() as change:
            _set_key(stage, change)
        case "change" | "sync_peering", Change() | PeeringSync():
            changing.change(stage, before)
        case _:
            faults.change(stage, action, before.faults, stage.state.faults)


def _change_route(stage: Stage, name: str, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
    """Change a route into a client's first tunnel; without a tunnel there is nothing that it could lead into."""
    plan = stage.lab.plan
    client = clients.tunnel_of(plan, stage.state.network.clients[name].tunnels[0])
    if stage.machine.clients.virtual_address(client):
        stage.machine.clients.change_routes(plan, client, add, delete)


def _act_on_client(stage: Stage, verb: str, subject: ClientOnly) -> None:
    if verb in ("connect", "reconnect"):
        stage.settle()
    plan, port = stage.lab.plan, stage.machine.clients
    for tunnel in named(stage.state.network, subject):
        client = clients.tunnel_of(plan, tunnel)
        if verb == "download_profile":
            profile.download(plan, tunnel, client, port)
        elif verb == "disconnect":
            port.disconnect(plan, client)
        else:
            clients.connect(plan, client, port)


def _restart(stage: Stage, name: str) -> None:
    """Restart a client's computer: its tunnels end, and the routes into them.

    Differs from Azure: The gateway ends the tunnels at once; Azure's notices after a while that the client is silent.
    """
    for tunnel in stage.state.network.clients[name].tunnels:
        stage.machine.clients.disconnect(stage.lab.plan, clients.tunnel_of(stage.lab.plan, tunnel))


def _set_key(stage: Stage, change: NewKey) -> None:
    between = stage.state.scenario.connections[change.connection].between
    ends = (change.end,) if change.end is not None else between
    keys = {shared_key_name(change.connection, end): change.shared_key.get_secret_value() for end in ends}
    stage.machine.ike.load_keys(stage.lab.plan, keys)
    reset(stage, change.connection)


def set_custom_routes(stage: Stage, change: CustomRoutes) -> None:
    """Give the gateways of a VNet that serve point-to-site clients other custom routes."""
    for netns in dict.fromkeys(server.netns for server in stage.lab.plan.servers_of(change.vnet)):
        stage.machine.gateways.set_custom_routes(netns, map(str, change.prefixes))


def announce(stage: Stage, who: str, before: Prefixes, now: Prefixes) -> None:
    """Have an appliance, or every VPN device of a site, announce what it does now."""
    site = stage.state.network.sites.get(who)
    devices = {router.node for router in site.devices} if site is not None else {who}
    add, delete = (tuple(sorted(map(str, prefixes))) for prefixes in (now - before, before - now))
    for speaker in stage.lab.plan.speakers if add or delete else ():
        if speaker.node in devices:
            stage.machine.bgp.announce(speaker, add=add, delete=delete)


def reset(stage: Stage, connection: str) -> None:
    """Take every tunnel of a connection down, and bring it up with what its ends hold now."""
    for tunnel in stage.state.topology.tunnels_by_connection[connection]:
        stage.machine.ike.reset(stage.lab.plan, tunnel.name, stage.state.not_at_once)
