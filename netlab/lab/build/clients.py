"""Point-to-site clients of a running lab: connecting them, ending their tunnels, and who is connected as foreseen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from netlab.azure.moments import initial
from netlab.azure.p2s.refusals import NO_ADDRESS, NO_RADIUS, REVOKED, UNTRUSTED, WRONG_PASSWORD, WRONG_SECRET
from netlab.azure.p2s.sessions import OBSTACLES, Key
from netlab.azure.state import State
from netlab.errors import ConvergeError
from netlab.lab.build import profile
from netlab.machine.admission import Refusal
from netlab.machine.ports import Clients
from netlab.machine.waiting import wait_until
from netlab.plan.model import Client, Plan
from netlab.scenario.models import Scenario
from netlab.scenario.network import ClientTunnel
from netlab.scenario.passage import Obstacle

# Azure's words for what a gateway's daemon says when it refuses a client.
_REFUSED = {
    Refusal.REVOKED: REVOKED,
    Refusal.UNTRUSTED: UNTRUSTED,
    Refusal.WRONG_PASSWORD: WRONG_PASSWORD,
    Refusal.NO_ADDRESS: NO_ADDRESS,
    Refusal.PROXY_PORT: OBSTACLES[Obstacle.PROXY_PORT],
    Refusal.PROXY_PASSWORD: OBSTACLES[Obstacle.PROXY_PASSWORD],
    Refusal.NO_RADIUS: NO_RADIUS,
    Refusal.WRONG_SECRET: WRONG_SECRET,
}


def tunnel_of(plan: Plan, tunnel: ClientTunnel) -> Client:
    """A tunnel of a lab."""
    return next(client for client in plan.clients if client.name == tunnel.name)


def connect_all(plan: Plan, scenario: Scenario, clients: Clients, names: Collection[str] | None = None) -> None:
    """Have all tunnels, or those of these names, download their profiles and connect; ConvergeError if a gateway
    refuses a client that it must accept."""
    state = initial(scenario)
    tunnels = {k: t for k, t in state.network.client_tunnels.items() if names is None or t.name in names}
    for tunnel in tunnels.values():
        profile.fetch(plan, tunnel, tunnel_of(plan, tunnel), clients)
    failed = clients.connect(plan, [tunnel_of(plan, tunnel) for tunnel in tunnels.values()])
    for key, tunnel in tunnels.items():
        client = tunnel_of(plan, tunnel)
        if client.name in failed and not state.sessions[key].absent:
            raise ConvergeError(f"{client.name}: {failed[client.name]}")
        profile.install(plan, client, clients)


def connect(plan: Plan, client: Client, clients: Clients) -> None:
    """Connect a client with the package that it has, or have it authenticate afresh; the gateway may refuse it, or the
    package be from before a change of the gateway (P28), which the checks show."""
    if clients.virtual_address(client):
        clients.reconnect(plan, client)
    else:
        clients.connect(plan, [client])
        profile.install(plan, client, clients)


def restore(plan: Plan, scenario: Scenario, touched: Iterable[Key], clients: Clients) -> None:
    """Bring tunnels back to what ``up`` made of them: those end that did not come up then, and are refused again."""
    state, keys = initial(scenario), frozenset(touched)
    tunnels = [tunnel for key, tunnel in state.network.client_tunnels.items() if key in keys]
    absent, present = ([t for t in tunnels if bool(state.sessions[t.key].absent) is gone] for gone in (True, False))
    for tunnel in absent:
        clients.disconnect(plan, tunnel_of(plan, tunnel))
    for tunnel in (*present, *absent):
        client = tunnel_of(plan, tunnel)
        profile.download(plan, tunnel, client, clients)
        connect(plan, client, clients)


def await_departures(plan: Plan, state: State, clients: Clients, seconds: float) -> None:
    """Wait until each client has noticed that its way to the gateway is cut, or that its gateway is lost."""
    tunnels = state.network.client_tunnels
    gone = [tunnel_of(plan, tunnels[key]) for key, session in state.sessions.items() if session.absent]

    def left() -> list[str]:
        return [client.name for client in gone if clients.state(client)]

    wait_until(lambda: not left(), seconds, lambda: f"{', '.join(left())} still has a tunnel")


def refusals(plan: Plan, vnet: str, clients: Clients) -> dict[str, str]:
    """Why the gateway of a VNet, or a proxy before it, refused clients, by their nodes, at their last attempts."""
    found = [clients.refusals(plan, server) for server in plan.servers_of(vnet)]
    on_the_way = ((client.node, clients.refusal(client)) for client in plan.clients if client.gateway == vnet)
    found.append({node: why for node, why in on_the_way if why is not None})
    return {node: _REFUSED[why] for refused in found for node, why in refused.items()}
