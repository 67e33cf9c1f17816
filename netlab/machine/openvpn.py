"""OpenVPN's daemon, of a gateway and of a client: started by its directory, asked over its management socket."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from pathlib import Path

from netlab.machine import processes
from netlab.machine.admission import Connected, Refusal
from netlab.render.openvpn import MANAGEMENT

PROGRAM = "/usr/sbin/openvpn"
LOG = processes.output(PROGRAM)
_TIMEOUT = 10.0
PROXY_ANSWER = re.compile(r"HTTP proxy returned: 'HTTP/1\.\d (\d+)")


def start(netns: str, directory: str, *options: str) -> processes.Process:
    """Start a daemon; it is stopped as all that netlab started in its directory."""
    return processes.start([PROGRAM, *options], directory, netns)


def ask(directory: str, command: str) -> tuple[str, ...] | None:
    """The lines of a daemon's answer; None where there is no daemon. It serves one who asks at a time."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TIMEOUT)
        try:
            connection.connect(f"{directory}/{MANAGEMENT}")
            connection.sendall(f"{command}\n".encode())
            return tuple(_answer(connection.makefile(errors="replace")))
        except OSError:
            return None


def _answer(lines: Iterable[str]) -> Iterable[str]:
    """The lines up to the end of an answer; one that begins with > is about something else."""
    for line in (line.rstrip("\r\n") for line in lines):
        if line.startswith(("END", "SUCCESS:", "ERROR:")):
            return
        if not line.startswith(">"):
            yield line


def state(directory: str) -> tuple[str, str]:
    """The state of a daemon in its own words, and the address of its tunnel; both are empty where there is none."""
    # 1795781069,CONNECTED,SUCCESS,192.168.0.2,203.0.113.1,443,...
    for line in ask(directory, "state") or ():
        _, name, _, address, *_ = (*line.split(","), "", "", "")
        return name, address
    return "", ""


def is_unheard(log: str) -> bool:
    """Whether a client's daemon has ended because no TCP connection came up."""
    return "SIGTERM[soft,connection-failed]" in log


def clients(status: Iterable[str], now: float) -> tuple[Connected, ...]:
    """The clients with an address in what a gateway's daemon answers to ``status 3``; it counts no packets."""
    found = []
    for line in status:
        kind, *fields = line.split("\t")
        if kind == "CLIENT_LIST" and fields[2]:
            user, public, address, _, received, sent, _, since, _, number, *_ = fields
            seconds = max(0, int(now) - int(since))
            bytes_in, bytes_out = (int(received), None), (int(sent), None)
            found.append(Connected(f"OVPN_{number}", user, public, address, seconds, bytes_in, bytes_out))
    return tuple(found)


# 192.0.2.130:41714 VERIFY ERROR: depth=0, error=certificate revoked: CN=carol, serial=2147...
_VERIFY = re.compile(r"VERIFY ERROR: depth=0, error=(?P<why>[^:]+): (?:.*, )?CN=(?P<user>[^,\s]+)")
# lin/192.0.2.130:41714 MULTI: no free --ifconfig-pool addresses are available
_FULL = re.compile(r" (?P<user>\S+)/\S+ MULTI: no free --ifconfig-pool addresses")
# RADIUS of lin: WRONG_PASSWORD, of the program that asks the server.
_BY_RADIUS = re.compile(r"^RADIUS of (?P<user>\S+): (?P<why>NO_RADIUS|WRONG_PASSWORD|accepted)$")
_LET_IN = re.compile(r"\[(?P<user>[^\]]+)\] Peer Connection Initiated")


def refusals(lines: Iterable[str]) -> dict[str, Refusal]:
    """Why a gateway's daemon refused clients, by the names in their certificates, at each one's last attempt."""
    found: dict[str, Refusal] = {}
    by_radius: dict[str, Refusal | None] = {}
    for line in lines:
        if verified := _VERIFY.search(line):
            revoked = verified["why"] == "certificate revoked"
            found[verified["user"]] = Refusal.REVOKED if revoked else Refusal.UNTRUSTED
        elif judged := _BY_RADIUS.search(line):
            by_radius[judged["user"]] = None if judged["why"] == "accepted" else Refusal[judged["why"]]
        elif let_in := _LET_IN.search(line):
            found.pop(let_in["user"], None)
        elif full := _FULL.search(line):
            found[full["user"]] = Refusal.NO_ADDRESS
    # A user whom a RADIUS server refuses has a connection of TLS all the same.
    return found | {user: why for user, why in by_radius.items() if why is not None}


def read_refusals(directory: str) -> dict[str, Refusal]:
    """The same of a daemon's log; nothing where it has none."""
    try:
        with Path(directory, LOG).open(errors="replace") as log:
            return refusals(log)
    except FileNotFoundError:
        return {}
