"""SSTP: a daemon of netlab's own at both ends, since a kernel may have no PPP; a client's ends with its call (R66)."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from pyroute2 import IPRoute

from netlab.errors import ConvergeError
from netlab.machine import processes, proxies
from netlab.machine.admission import Connected, Refusal
from netlab.machine.interfaces import indexes, set_up, with_netlink
from netlab.machine.p2s import tls, windows
from netlab.machine.radius import server as radius
from netlab.machine.routes import routes as kernel_routes
from netlab.machine.routes import set_routes
from netlab.machine.sstp import control
from netlab.machine.waiting import await_daemon, wait_until
from netlab.plan.model import Child, Client, Interface, Plan, Route, Server, SstpServer, Timers
from netlab.render import sstp as texts
from netlab.sstp.settings import FILE, TLS_KEYS

_READY_SECONDS = 60.0
_CONNECT_SECONDS = 90.0
_LOG = processes.output(sys.executable)
_ANSWER = re.compile(r"the proxy answers (\d+)")


def _start(netns: str, directory: str, end: str, settings: str) -> processes.Process:
    """Start the daemon of an end in its directory, with its settings."""
    Path(directory).mkdir(mode=0o700, exist_ok=True)
    Path(directory, control.SOCKET).unlink(missing_ok=True)
    Path(directory, FILE).write_text(settings)
    return processes.start([sys.executable, "-m", f"netlab.machine.sstp.{end}"], directory, netns)


# --- the gateway's end ----------------------------------------------------------------------------------------------


def start(plan: Plan, server: Server) -> None:
    """Start its daemon, and wait until it serves: then its TUN is there."""
    assert isinstance(server, SstpServer)
    settings = texts.gateway_settings(plan.lab, server, plan.timers)
    if server.radius:
        Path(server.directory).mkdir(mode=0o700, exist_ok=True)
        radius.write_settings(plan, server.radius, server.directory)
    process = _start(server.edge_netns, server.directory, "gateway", settings)
    said = partial(processes.last_words, server.directory, _LOG)

    def serves() -> bool:
        return connected(server) is not None

    await_daemon(f"SSTP of {server.node}", serves, _READY_SECONDS, said, process.alive)


def offered(server: Server) -> tuple[str, ...]:
    """Nothing: routes are in the profile."""
    del server
    return ()


def offer(server: Server, prefixes: Collection[str], timers: Timers) -> None:
    """Nothing."""
    del server, prefixes, timers


def refusals(server: Server) -> dict[str, Refusal]:
    """Why it refused clients, as it says itself."""
    refused = (control.ask(server.directory, "status") or {}).get("refused", {})
    return {user: Refusal[why] for user, why in refused.items() if why in Refusal.__members__}


def connected(server: Server) -> tuple[Connected, ...] | None:
    """The clients in its status."""
    status = control.ask(server.directory, "status")
    return tuple(map(_session, status["clients"])) if status is not None else None


def _session(client: Mapping[str, object]) -> Connected:
    fields = dict(client)
    fields["identifier"] = f"SSTP_{fields['identifier']}"
    fields["received"], fields["sent"] = (tuple(fields[key]) for key in ("received", "sent"))  # type: ignore[arg-type]
    return Connected(**fields)  # type: ignore[arg-type]


def carried_to_clients(server: Server) -> tuple[Child, ...]:
    """Whatever is for the address of a client."""
    return tls.carried_to_clients(connected(server))


def tls_keys(server: Server) -> str:
    """What its daemon has logged since it serves."""
    try:
        return Path(server.directory, TLS_KEYS).read_text()
    except FileNotFoundError:
        return ""


NO_KEYS = ""


# --- the client's end -----------------------------------------------------------------------------------------------


def connect(plan: Plan, client: Client) -> None:
    """Start its daemon, wait for an address, and give it to the daemon's TUN; its profile is looked at before."""
    windows.check_profile(plan, client)
    tls.stop(client)
    Path(client.directory, _LOG).unlink(missing_ok=True)
    netns = plan.netns(client.node)
    process = _start(netns, client.directory, "client", texts.client_settings(plan.lab, client, plan.timers))
    said = partial(processes.last_words, client.directory, _LOG)

    def decided() -> bool:
        return bool(virtual_address(client)) or not process.alive()

    wait_until(decided, _CONNECT_SECONDS, lambda: f"{client.name} does not connect; {said()}")
    address = virtual_address(client)
    if not address:
        raise ConvergeError(f"{client.name} did not get in; {said()}")
    _set_address(netns, client, address)


def _set_address(netns: str, client: Client, address: str) -> None:
    end = Interface(client.node, client.interface, client.interface, (f"{address}/32",))

    def change(ipr: IPRoute) -> None:
        index = indexes()[client.interface]
        ipr.link("set", index=index, mtu=client.mtu)
        set_up(ipr, client.node, index, end)

    with_netlink(netns, change)


def refusal(client: Client) -> Refusal | None:
    """What its daemon has logged of the proxy."""
    return proxies.refusal(client.directory, _LOG, _ANSWER)


def disconnect(plan: Plan, client: Client) -> None:
    """Have the gateway end its call; a client whose gateway is dead is stopped."""
    tls.disconnect(plan, client, state(client), lambda directory: control.ask(directory, f"disconnect {client.node}"))


def reconnect(plan: Plan, client: Client) -> None:
    """Connect again. The routes of the client stay as they are: its TUN is another one."""
    netns = plan.netns(client.node)
    own = [r for r in kernel_routes(netns) if client.interface in r.devices and r.table in client.tables]
    disconnect(plan, client)
    connect(plan, client)
    source = virtual_address(client)
    set_routes(netns, (Route(r.prefix, client.interface, source=source, metric=r.metric) for r in own), ())


def virtual_address(client: Client) -> str:
    """The address that IPCP gave it."""
    return str((control.ask(client.directory, "status") or {}).get("address", ""))


def state(client: Client) -> str:
    """The daemon's own word."""
    return str((control.ask(client.directory, "status") or {}).get("state", ""))


def carried(client: Client) -> tuple[Child, ...]:
    """Whatever comes from its address."""
    return tls.carried(client, virtual_address(client))


# --- the profile package --------------------------------------------------------------------------------------------


PROFILE = windows.PROFILE


def package(plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
    """VpnSettings.xml with the routes."""
    return windows.package(plan, client, prefixes)


def profile_routes(client: Client, profile: str) -> tuple[str, ...]:
    """The routes of Windows, its only client."""
    del client
    return windows.routes(profile)
