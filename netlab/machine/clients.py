"""Point-to-site clients: their tunnels, and the routes that lead into these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import partial

from netlab.errors import ConvergeError
from netlab.machine import charon, interfaces, processes
from netlab.machine.ike import INITIATE_SECONDS, at_once
from netlab.machine.routes import RTPROT_NETLAB, set_routes
from netlab.machine.routes import routes as kernel_routes
from netlab.machine.sas import sas
from netlab.machine.waiting import wait_until
from netlab.plan.model import CHARON_TABLE, MAIN_TABLE, Client, Plan, Route
from netlab.plan.ports import P2S

_RECONNECT_SECONDS = 120.0
_TERMINATE_SECONDS = 5.0


def connect(plan: Plan, clients: Iterable[Client]) -> dict[str, str]:
    """Connect clients' tunnels, those to one gateway in their order; what went wrong, by the tunnel's name."""
    by_gateway: dict[str, list[Client]] = {}
    for client in clients:
        by_gateway.setdefault(client.gateway, []).append(client)
    failed: dict[str, str] = {}

    def connect_all(group: list[Client]) -> None:
        for client in group:
            try:
                charon.initiate(client.directory, client.connection, INITIATE_SECONDS)
            except ConvergeError as error:
                failed[client.name] = error.message
            else:
                interfaces.set_mtu(plan.netns(client.node), client.interface, client.mtu)
                _follow_selectors(plan, client)

    at_once(tuple(by_gateway.values()), connect_all)
    return failed


def disconnect(plan: Plan, client: Client) -> None:
    """Have the gateway end a client's tunnel, and the client what is left of it, as where the gateway is dead."""
    for view in (v for v in plan.gateways if v.vnet == client.gateway and v.p2s_directory):
        for sa in sas(view.p2s_directory):
            if (sa.connection, sa.remote_id) == (P2S, client.node):
                charon.terminate(view.p2s_directory, P2S, _TERMINATE_SECONDS, sa.number)
    with contextlib.suppress(ConvergeError):
        wait_until(lambda: not virtual_address(client), _TERMINATE_SECONDS, lambda: "still connected")
    if virtual_address(client):
        charon.terminate(client.directory, client.connection, _TERMINATE_SECONDS)
    stale = [Route(prefix, client.interface) for prefix in routes(plan, client)]
    set_routes(plan.netns(client.node), (), stale)


def reconnect(plan: Plan, client: Client) -> None:
    """Have a client authenticate afresh, and wait until it has."""
    before = {spi for sa in _own_sas(client) for spi in sa.spis}

    def renewed() -> bool:
        found = _own_sas(client)
        return len(found) == 1 and charon.installed(found, client.connection) and not before & set(found[0].spis)

    charon.reauthenticate(client.directory, client.connection)
    said = partial(processes.last_words, client.directory, *charon.LOGS)
    what = f"the reauthentication of {client.node} is not there"
    wait_until(renewed, _RECONNECT_SECONDS, lambda: f"{what}; {said()}")
    _follow_selectors(plan, client)


def virtual_address(client: Client) -> str:
    """The address that a client got from the gateway's pool; empty while it has none."""
    return next((ip for sa in _own_sas(client) for ip in sa.local_virtual_ips), "")


def routes(plan: Plan, client: Client) -> tuple[str, ...]:
    """The prefixes that a client sends into its tunnel: in the tables that it uses."""
    tables = {MAIN_TABLE, CHARON_TABLE} if client.os != "windows" else {MAIN_TABLE}
    found = kernel_routes(plan.netns(client.node))
    return tuple(sorted({r.prefix for r in found if client.interface in r.devices and r.table in tables}))


def change_routes(plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
    """Add and delete routes of a client's own, with its virtual address as source."""
    source = virtual_address(client)

    def route(prefix: str) -> Route:
        return Route(prefix, client.interface, source=source, metric=client.metric)

    set_routes(plan.netns(client.node), map(route, add), map(route, delete))


def _follow_selectors(plan: Plan, client: Client) -> None:
    """Give a client the routes of its negotiated selectors, where its charon does not (XFRM interfaces)."""
    if not client.if_id or client.os == "windows":
        return
    netns = plan.netns(client.node)
    wanted = {ts for sa in _own_sas(client) for ts in sa.remote_ts}
    found = (r for r in kernel_routes(netns) if client.interface in r.devices)
    present = {r.prefix for r in found if r.protocol == RTPROT_NETLAB}
    source = virtual_address(client)
    add, delete = (
        [Route(prefix, client.interface, source=source) for prefix in prefixes]
        for prefixes in (wanted - present, present - wanted)
    )
    set_routes(netns, add, delete, RTPROT_NETLAB)


def _own_sas(client: Client) -> list[charon.Sa]:
    return [sa for sa in sas(client.directory) if sa.connection == client.connection]
