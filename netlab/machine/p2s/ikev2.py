"""IKEv2: charons at both ends; what they say of their SAs."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial

from netlab.errors import ConvergeError
from netlab.machine import charon, interfaces, processes, sas
from netlab.machine.admission import Connected, Refusal
from netlab.machine.ike import INITIATE_SECONDS
from netlab.machine.p2s import windows
from netlab.machine.routes import RTPROT_NETLAB, set_routes
from netlab.machine.routes import routes as kernel_routes
from netlab.machine.waiting import wait_until
from netlab.plan.edges import foothold
from netlab.plan.model import Child, Client, IkeServer, Plan, Route, Selector, Server, Timers
from netlab.plan.ports import P2S
from netlab.plan.timers import radius_timeout
from netlab.render import vici

_RECONNECT_SECONDS = 120.0
_TERMINATE_SECONDS = 5.0


# --- the gateway's end ----------------------------------------------------------------------------------------------


def start(plan: Plan, server: Server) -> None:
    """Nothing: its charon is one of the plan's."""
    del plan, server


def offered(server: Server) -> tuple[str, ...]:
    """The local traffic selectors of its connection."""
    try:
        return charon.local_selectors(server.directory, P2S)
    except OSError:
        return ()


def offer(server: Server, prefixes: Collection[str], timers: Timers) -> None:
    """Load its connection with these prefixes as selectors: they count from a client's next authentication on."""
    assert isinstance(server, IkeServer)
    if server.footholds:
        footholds = (foothold(prefix).removesuffix("/32") for prefix in prefixes)
        interfaces.add_loopback_addresses(server.edge_netns, footholds)
    connection = replace(server.connection, local_ts=Selector(tuple(prefixes)))
    charon.load(server.directory, charon.Orders([vici.connection(connection, timers)]))


def refusals(server: Server) -> dict[str, Refusal]:
    """Why its charon refused clients, by their IKE identity, at each one's last attempt."""
    return charon.read_refusals(server.directory)


def connected(server: Server) -> tuple[Connected, ...] | None:
    """The clients that have an established IKE SA."""
    found = sas.listed(server.directory)
    if found is None:
        return None
    return sessions(found)


def sessions(found: Iterable[charon.Listed]) -> tuple[Connected, ...]:
    """The established IKE SAs of clients among these."""
    return tuple(_session(sa) for sa in found if sa.name == P2S and sa.fields["state"] == "ESTABLISHED")


def _session(sa: charon.Listed) -> Connected:
    fields = sa.fields

    def total(key: str) -> int:
        return sum(int(child[key]) for child in sa.children)

    return Connected(
        identifier=f"IKEv2_{fields.get('initiator-spi', '')}",
        user=fields.get("remote-eap-id", fields.get("remote-id", "")),
        public=f"{fields['remote-host']}:{fields['remote-port']}",
        address=next(iter(fields.get("remote-vips", ())), ""),
        seconds=int(fields.get("established", 0)),
        received=(total("bytes-in"), total("packets-in")),
        sent=(total("bytes-out"), total("packets-out")),
    )


def carried_to_clients(server: Server) -> tuple[Child, ...]:
    """The selectors of its clients' CHILD SAs."""
    return sas.children(server.directory, P2S)


def tls_keys(server: Server) -> str:
    """Nothing: charon logs the keys of ESP."""
    del server
    return ""


NO_KEYS = ""


# --- the client's end -----------------------------------------------------------------------------------------------


def connect(plan: Plan, client: Client) -> None:
    """Initiate the connection; the routes of the selectors are charon's, or made of them.

    The lab gives charon its configuration, so the profile is looked at before.

    Differs from Azure: A gateway's charon asks its second RADIUS server from a client's next attempt on, so a client of
    IKEv2 tries again where the first one does not answer (P34).
    """
    windows.check_profile(plan, client)
    for left in reversed(range(max(1, _servers_asked(plan, client)))):
        try:
            charon.initiate(client.directory, client.connection, INITIATE_SECONDS)
            break
        except ConvergeError:
            _await_radius(plan, client)
            if not left or not _lacks_radius(plan, client):
                raise
    interfaces.set_mtu(plan.netns(client.node), client.interface, client.mtu)
    _follow_selectors(plan, client)


def refusal(client: Client) -> None:
    """Nothing: IKE passes no proxy (P8)."""
    del client


def _await_radius(plan: Plan, client: Client) -> None:
    """Wait until the gateway says why it refused a client, if it asks a RADIUS server: it may wait longer than the
    client does."""
    server = plan.server_of(client)
    if server is not None and _servers_asked(plan, client):
        with contextlib.suppress(ConvergeError):
            seconds = radius_timeout(plan.timers) + _TERMINATE_SECONDS
            wait_until(lambda: client.node in refusals(server), seconds, lambda: "the gateway says nothing")


def _servers_asked(plan: Plan, client: Client) -> int:
    """How many RADIUS servers the gateway of a client asks."""
    server = plan.server_of(client)
    own = (item for item in plan.charons if server is not None and item.directory == server.directory)
    return max((len(item.radius) for item in own), default=0)


def _lacks_radius(plan: Plan, client: Client) -> bool:
    """Whether the gateway refused a client because a RADIUS server did not answer."""
    server = plan.server_of(client)
    return server is not None and refusals(server).get(client.node) is Refusal.NO_RADIUS


def disconnect(plan: Plan, client: Client) -> None:
    """Delete the IKE SA, at the gateway and where that is dead at the client."""
    server = plan.server_of(client)
    for sa in sas.sas(server.directory) if server is not None else ():
        if server is not None and (sa.connection, sa.remote_id) == (P2S, client.node):
            charon.terminate(server.directory, P2S, _TERMINATE_SECONDS, sa.number)
    with contextlib.suppress(ConvergeError):
        wait_until(lambda: not virtual_address(client), _TERMINATE_SECONDS, lambda: "still connected")
    if virtual_address(client):
        charon.terminate(client.directory, client.connection, _TERMINATE_SECONDS)


def reconnect(plan: Plan, client: Client) -> None:
    """Have the client reauthenticate, or connect anew where its gateway has several RADIUS servers to ask."""
    if _servers_asked(plan, client) > 1:
        disconnect(plan, client)
        connect(plan, client)
        return
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
    """The virtual IP of its IKE SA."""
    return next((ip for sa in _own_sas(client) for ip in sa.local_virtual_ips), "")


def state(client: Client) -> str:
    """The state of its CHILD SA, where it is INSTALLED."""
    return "INSTALLED" if client.connection in sas.installed(client.directory) else ""


def carried(client: Client) -> tuple[Child, ...]:
    """The selectors of its CHILD SA."""
    return sas.children(client.directory, client.connection)


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
    return [sa for sa in sas.sas(client.directory) if sa.connection == client.connection]


# --- the profile package --------------------------------------------------------------------------------------------


PROFILE = windows.PROFILE


def package(plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
    """VpnSettings.xml with the routes of Windows."""
    return windows.package(plan, client, prefixes)


def profile_routes(client: Client, profile: str) -> tuple[str, ...]:
    """The routes of Windows; others have those of their selectors."""
    return windows.routes(profile) if client.os == "windows" else ()
