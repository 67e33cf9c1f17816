"""FreeRADIUS of a machine: started with its configuration, asked by its log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from netlab.machine import processes
from netlab.machine.secrets import secrets, write_secret
from netlab.machine.waiting import await_daemon
from netlab.plan.model import Client, Plan, RadiusClient, RadiusServer
from netlab.radius.settings import FILE
from netlab.render import radius as texts

PROGRAM = "/usr/sbin/freeradius"
LOG = processes.output(PROGRAM)
CHARONS = "eap-radius.conf"
_READY_SECONDS = 60.0
_READY = "Ready to process requests"
# Received packet from 10.1.255.4 with invalid Message-Authenticator!  (Shared secret is incorrect.) (from client ...)
_STRANGE = re.compile(r"Received packet from (?P<address>\S+) with invalid Message-Authenticator")


def start(plan: Plan, server: RadiusServer) -> None:
    """Write the configuration of a server, start it, and wait until it answers."""
    directory, known = Path(server.directory), secrets(plan)
    directory.mkdir(mode=0o700, exist_ok=True)
    (directory / LOG).unlink(missing_ok=True)
    write_secret(directory / "radiusd.conf", texts.radiusd_conf(server))
    write_secret(directory / "clients.conf", texts.clients_conf(server, known))
    write_secret(directory / "users", texts.users(server, known))
    options = ("-f", "-d", server.directory, "-n", "radiusd", "-l", "stdout")
    process = processes.start([PROGRAM, *options], server.directory, plan.netns(server.node))
    said = partial(processes.last_words, server.directory, LOG)

    def serves() -> bool:
        return _READY in (directory / LOG).read_text(errors="replace")

    await_daemon(f"FreeRADIUS of {server.node}", serves, _READY_SECONDS, said, process.alive)


def write_settings(plan: Plan, servers: Sequence[RadiusClient], directory: str) -> None:
    """Write what the daemon of a gateway that works in a directory asks with."""
    write_secret(Path(directory, FILE), texts.settings(servers, secrets(plan), plan.timers))


def write_charons(plan: Plan, servers: Sequence[RadiusClient], directory: str) -> None:
    """The same for a charon."""
    write_secret(Path(directory, CHARONS), texts.eap_radius(servers, secrets(plan), plan.timers))


def logged(plan: Plan, client: Client) -> dict[str, int]:
    """How many bytes the servers have logged that a client's gateway asks, by their nodes."""
    return {server.node: Path(server.directory, LOG).stat().st_size for server in _asked(plan, client.gateway)}


def has_another_secret(plan: Plan, client: Client, before: Mapping[str, int]) -> bool:
    """Whether a server got questions of a client's gateway with another secret, since it had logged so many bytes."""
    for server in _asked(plan, client.gateway):
        own = {peer.address for peer in server.peers if peer.vnet == client.gateway}
        with Path(server.directory, LOG).open("rb") as log:
            log.seek(before[server.node])
            said = log.read().decode(errors="replace")
        if own & {found["address"] for found in _STRANGE.finditer(said)}:
            return True
    return False


def _asked(plan: Plan, vnet: str) -> Iterator[RadiusServer]:
    return (server for server in plan.radius_servers if vnet in {peer.vnet for peer in server.peers})
