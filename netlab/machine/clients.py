"""Point-to-site clients: their tunnels, whatever their type, and the routes that lead into these."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from netlab.errors import ConvergeError
from netlab.machine.admission import Connected, Refusal
from netlab.machine.ike import at_once
from netlab.machine.p2s.types import tunnel_type
from netlab.machine.radius import server as radius
from netlab.machine.routes import routes as kernel_routes
from netlab.machine.routes import set_routes
from netlab.plan.model import Child, Client, Plan, Route, Server
from netlab.plan.names import lab_directory


def connect(plan: Plan, clients: Iterable[Client]) -> dict[str, str]:
    """Connect clients' tunnels, those to one gateway in their order; what went wrong, by the tunnel's name."""
    by_gateway: dict[str, list[Client]] = {}
    for client in clients:
        by_gateway.setdefault(client.gateway, []).append(client)
    failed: dict[str, str] = {}

    def connect_all(group: list[Client]) -> None:
        for client in group:
            try:
                with _attempt(plan, client):
                    tunnel_type(client).connect(plan, client)
            except ConvergeError as error:
                failed[client.name] = error.message

    at_once(tuple(by_gateway.values()), connect_all)
    return failed


def disconnect(plan: Plan, client: Client) -> None:
    """Have the gateway end a client's tunnel; the routes into it go too."""
    tunnel_type(client).disconnect(plan, client)
    stale = [Route(prefix, client.interface) for prefix in routes(plan, client)]
    set_routes(plan.netns(client.node), (), stale)


def reconnect(plan: Plan, client: Client) -> None:
    """Have a client authenticate afresh, and wait until it has."""
    with _attempt(plan, client):
        tunnel_type(client).reconnect(plan, client)


def virtual_address(client: Client) -> str:
    """The address that a client got from the gateway's pool; empty while it has none."""
    return tunnel_type(client).virtual_address(client)


def state(client: Client) -> str:
    """What the daemon calls a tunnel that is there; empty while there is none."""
    return tunnel_type(client).state(client)


def carried(client: Client) -> tuple[Child, ...]:
    """What a client's tunnel carries."""
    return tunnel_type(client).carried(client)


def profile_file(client: Client) -> str:
    """The path of the profile in a client's package."""
    return tunnel_type(client).PROFILE


def package(plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
    """The files of the package that Azure generates for a client with these routes, by their paths in it."""
    found: dict[str, str] = {}
    for each in client.package_types:
        end = replace(client, tunnel_type=each)
        found |= tunnel_type(end).package(plan, end, prefixes)
    return found


def profile_routes(client: Client, profile: str) -> tuple[str, ...]:
    """The routes that a client takes from a profile, which is empty where it has none."""
    return tunnel_type(client).profile_routes(client, profile)


def routes(plan: Plan, client: Client) -> tuple[str, ...]:
    """The prefixes that a client sends into its tunnel: in the tables that it uses."""
    found = kernel_routes(plan.netns(client.node))
    return tuple(sorted({r.prefix for r in found if client.interface in r.devices and r.table in client.tables}))


def change_routes(plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
    """Add and delete routes of a client's own, with its virtual address as source."""
    source = virtual_address(client)

    def route(prefix: str) -> Route:
        return Route(prefix, client.interface, source=source, metric=client.metric)

    set_routes(plan.netns(client.node), map(route, add), map(route, delete))


def refusal(client: Client) -> Refusal | None:
    """What the HTTP proxy on a client's way answered at its last attempt; None where it let the client pass."""
    return tunnel_type(client).refusal(client)


# --- gateways' ends -------------------------------------------------------------------------------------------------


def refusals(plan: Plan, server: Server) -> Mapping[str, Refusal]:
    """Why a gateway refused clients, by their nodes, at each one's last attempt, whichever instance served then."""
    own = (client for client in plan.clients if plan.server_of(client) is server)
    found = {client.node: _remembered(plan.lab, client) for client in own}
    return {node: why for node, why in found.items() if why is not None}


@contextlib.contextmanager
def _attempt(plan: Plan, client: Client) -> Iterator[None]:
    """Keep why a client is refused that tries to connect: an instance that takes over has no log of it."""
    path = _memory(plan.lab, client)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    logged = radius.logged(plan, client)
    try:
        yield
    finally:
        why = _said(plan, client, logged)
        if why is not None:
            path.write_text(why.name)


def _said(plan: Plan, client: Client, logged: Mapping[str, int]) -> Refusal | None:
    """What a client's gateway says of it now; before its attempt RADIUS servers had ``logged`` so much.

    To a RADIUS server with another secret a gateway's questions mean nothing: it does not answer, and says why in its
    own log.
    """
    server = plan.server_of(client)
    why = tunnel_type(server).refusals(server).get(client.node) if server is not None else None
    strange = why is Refusal.NO_RADIUS and radius.has_another_secret(plan, client, logged)
    return Refusal.WRONG_SECRET if strange else why


def _remembered(lab: str, client: Client) -> Refusal | None:
    try:
        return Refusal[_memory(lab, client).read_text()]
    except FileNotFoundError:
        return None


def _memory(lab: str, client: Client) -> Path:
    return Path(lab_directory(lab), "refusals", client.name)


def connected(server: Server) -> tuple[Connected, ...] | None:
    """The clients that a gateway has tunnels with; None where its daemon does not answer."""
    return tunnel_type(server).connected(server)


def carried_to_clients(server: Server) -> tuple[Child, ...]:
    """What a gateway's tunnels to its clients carry."""
    return tunnel_type(server).carried_to_clients(server)


def tls_keys(plan: Plan) -> str:
    """The keys of all tunnels over TLS whose daemons log them, in NSS Key Log Format."""
    return "".join(tunnel_type(server).tls_keys(server) for server in plan.servers)


def keyless(plan: Plan) -> tuple[str, ...]:
    """Of each tunnel type in a plan whose keys no daemon logs, why not."""
    found = (tunnel_type(server).NO_KEYS for server in plan.servers)
    return tuple(dict.fromkeys(why for why in found if why))
