"""OpenVPN: a daemon at both ends; it installs its routes itself, and ends when its connection does (R66)."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from netlab.errors import ConvergeError
from netlab.machine import openvpn, processes, proxies
from netlab.machine.admission import Connected, Refusal
from netlab.machine.p2s import tls
from netlab.machine.radius import server as radius
from netlab.machine.secrets import secrets, write_secret
from netlab.machine.waiting import wait_until
from netlab.plan.certificates import certificate_name, server_root_name
from netlab.plan.model import Child, Client, OpenVpnServer, Plan, Server, Timers
from netlab.plan.names import certificate_path, key_path, package_directory
from netlab.plan.p2s.openvpn import tls_key_name
from netlab.render import openvpn as texts

_READY_SECONDS = 60.0
_CONNECT_SECONDS = 60.0
_PATIENCE_AT_LEAST = 5.0
# How long a client waits for the gateway's TCP, whatever the time scale: a lost SYN is sent again after a second.
_TCP_SECONDS = "3"
# What the user of a client types where passwords count.
_USER = "user"
# The line of a profile by which its user is asked for a name and a password.
_ASKS = "auth-user-pass"
# What a user without a password, or without a certificate, types.
_NOTHING = "none"


# --- the gateway's end ----------------------------------------------------------------------------------------------


def start(plan: Plan, server: Server) -> None:
    """Write its configuration, start it, and wait until it serves: then its TUN is there."""
    assert isinstance(server, OpenVpnServer)
    directory = Path(server.directory)
    (directory / texts.PUSHED).mkdir(mode=0o700, parents=True, exist_ok=True)
    offer(server, server.static, plan.timers)
    for file, names in (("roots.pem", server.credentials.trusted), ("revoked.pem", server.credentials.revoked)):
        found = (Path(certificate_path(plan.lab, name)).read_text() for name in names)
        (directory / file).write_text("".join(found))
    if server.radius:
        radius.write_settings(plan, server.radius, server.directory)
    (directory / "server.conf").write_text(texts.server_conf(plan.lab, server, plan.timers))
    process = openvpn.start(server.edge_netns, server.directory, "--config", "server.conf")
    said = partial(processes.last_words, server.directory, openvpn.LOG)

    def decided() -> bool:
        return not process.alive() or openvpn.state(server.directory)[0] == "CONNECTED"

    wait_until(decided, _READY_SECONDS, lambda: f"OpenVPN of {server.node} is not there; {said()}")
    if not process.alive():
        raise ConvergeError(f"OpenVPN of {server.node} has ended; {said()}")


def offered(server: Server) -> tuple[str, ...]:
    """The routes in the file that the daemon reads when a client connects, and the subnet of its address."""
    assert isinstance(server, OpenVpnServer)
    try:
        return (*texts.prefixes_in(_pushed(server).read_text()), server.subnet)
    except FileNotFoundError:
        return ()


def offer(server: Server, prefixes: Collection[str], timers: Timers) -> None:
    """Write that file anew, at once: a client may be connecting."""
    del timers
    assert isinstance(server, OpenVpnServer)
    new = Path(server.directory, "pushed.new")
    new.write_text(texts.pushed(server, prefixes))
    os.replace(new, _pushed(server))


def _pushed(server: Server) -> Path:
    return Path(server.directory, texts.PUSHED, "DEFAULT")


def refusals(server: Server) -> dict[str, Refusal]:
    """Why it refused clients, as its log says."""
    return openvpn.read_refusals(server.directory)


def connected(server: Server) -> tuple[Connected, ...] | None:
    """The clients in its status."""
    status = openvpn.ask(server.directory, "status 3")
    return openvpn.clients(status, time.time()) if status is not None else None


def carried_to_clients(server: Server) -> tuple[Child, ...]:
    """Whatever is for the address of a client."""
    return tls.carried_to_clients(connected(server))


def tls_keys(server: Server) -> str:
    """Nothing: see below."""
    del server
    return ""


# OpenVPN 2.6 sets no SSL_CTX_set_keylog_callback, and Debian 12's OpenSSL 3.0 heeds no SSLKEYLOGFILE. The keys of the
# data channel are made from the TLS of the control channel (RFC 5705); Wireshark decrypts no data channel.
NO_KEYS = "OpenVPN logs no keys: Wireshark shows its packets and the handshake of TLS in them, and decrypts none"


# --- the client's end -----------------------------------------------------------------------------------------------


def connect(plan: Plan, client: Client) -> None:
    """Start the daemon with the profile that was downloaded, and wait for an address.

    A gateway that is not heard is asked again for a while; a client whose connection has ended does not come back by
    itself (R66). A gateway whose pool has no address left does not say so to the client.
    """
    tls.stop(client)
    directory = Path(client.directory)
    directory.mkdir(mode=0o700, exist_ok=True)
    _write_filled(plan, client, directory)
    patience = max(_PATIENCE_AT_LEAST, _CONNECT_SECONDS / plan.timers.scale)
    said = partial(processes.last_words, client.directory, openvpn.LOG)
    wait_until(lambda: _is_heard(plan, client), patience, lambda: f"{client.name} does not connect; {said()}")
    if not virtual_address(client):
        tls.stop(client)
        raise ConvergeError(f"{client.name} did not get in; {said()}")


def _is_heard(plan: Plan, client: Client) -> bool:
    """Begin to connect, and wait until the gateway has let the client in, or has refused it, or was not heard."""
    log = Path(client.directory, openvpn.LOG)
    log.unlink(missing_ok=True)
    own = ("--dev", client.interface, "--dev-type", "tun", "--route-metric", str(client.metric))
    managed = ("--management", texts.MANAGEMENT, "unix", "--remap-usr1", "SIGTERM")
    address, _, port = client.proxy.partition(":")
    through = ("--http-proxy", address, port) if client.proxy else ()
    asks = _ASKS in Path(client.directory, "vpnconfig.ovpn").read_text().splitlines()
    user = ("--auth-user-pass", _USER) if asks else ()
    options = ("--config", "vpnconfig.ovpn", *own, *managed, *through, *user, "--connect-timeout", _TCP_SECONDS)
    process = openvpn.start(plan.netns(client.node), client.directory, *options)

    def decided() -> bool:
        return not process.alive() or openvpn.state(client.directory)[0] == "CONNECTED"

    wait_until(decided, _CONNECT_SECONDS, lambda: f"OpenVPN of {client.name} neither connects nor ends")
    return process.alive() or not openvpn.is_unheard(log.read_text(errors="replace"))


def _write_filled(plan: Plan, client: Client, directory: Path) -> None:
    """The profile with the client's certificate and key, and the name and the password that the user types, in files
    that only root may read. A profile from before a change of authentication has no place for what counts now (P28)."""
    profile = Path(package_directory(plan.lab, client.name), PROFILE)
    if not profile.exists():
        raise ConvergeError(f"{client.name} does not connect: its package has no profile of OpenVPN")
    password = secrets(plan)[client.password] if client.password else _NOTHING
    if _ASKS in profile.read_text().splitlines():
        write_secret(directory / _USER, f"{client.node}\n{password}\n")
    paths = [Path(path_of(plan.lab, certificate_name(client.node))) for path_of in (certificate_path, key_path)]
    own = (path.read_text() if path.exists() else _NOTHING for path in paths)
    write_secret(directory / "vpnconfig.ovpn", texts.filled(profile.read_text(), *own))


def refusal(client: Client) -> Refusal | None:
    """What its daemon has logged of the proxy."""
    return proxies.refusal(client.directory, openvpn.LOG, openvpn.PROXY_ANSWER) if client.proxy else None


def disconnect(plan: Plan, client: Client) -> None:
    """Have the gateway drop it; a client whose gateway is dead is stopped."""
    tls.disconnect(plan, client, state(client), lambda directory: openvpn.ask(directory, f"kill {client.node}"))


def reconnect(plan: Plan, client: Client) -> None:
    """Connect again: it gets what the gateway offers now."""
    disconnect(plan, client)
    connect(plan, client)


def virtual_address(client: Client) -> str:
    """The address of its tunnel."""
    name, address = openvpn.state(client.directory)
    return address if name == "CONNECTED" else ""


def state(client: Client) -> str:
    """The daemon's own word."""
    return "CONNECTED" if virtual_address(client) else ""


def carried(client: Client) -> tuple[Child, ...]:
    """Whatever comes from its address."""
    return tls.carried(client, virtual_address(client))


# --- the profile package --------------------------------------------------------------------------------------------


PROFILE = "OpenVPN/vpnconfig.ovpn"


def package(plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
    """The vpnconfig.ovpn: no route is in it."""
    del prefixes
    root = Path(certificate_path(plan.lab, server_root_name(client.gateway))).read_text()
    key = Path(key_path(plan.lab, tls_key_name(client.gateway))).read_text()
    return {PROFILE: texts.vpnconfig(client, root, key)}


def profile_routes(client: Client, profile: str) -> tuple[str, ...]:
    """None: they come with the connection."""
    del client, profile
    return ()
