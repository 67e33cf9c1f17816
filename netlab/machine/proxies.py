"""HTTP proxies: tinyproxy, asked over its TCP port."""

from __future__ import annotations

import re
import socket
from functools import partial
from pathlib import Path

from netlab.machine import namespaces, processes
from netlab.machine.admission import Refusal
from netlab.machine.secrets import secrets, write_secret
from netlab.machine.waiting import await_daemon
from netlab.plan.model import HttpProxy, Plan
from netlab.render import text

PROGRAM = "/usr/bin/tinyproxy"
NAME = "tinyproxy"
_CONF = "tinyproxy.conf"
_READY_SECONDS = 60.0
_CONNECT_SECONDS = 2.0
# The answers of a proxy to CONNECT (RFC 9110, sections 15.5.4 and 15.5.8).
_REFUSED = {"403": Refusal.PROXY_PORT, "407": Refusal.PROXY_PASSWORD}


def start(plan: Plan, proxy: HttpProxy) -> None:
    """Start a proxy, and wait until it serves."""
    directory = Path(proxy.directory)
    directory.mkdir(mode=0o700, exist_ok=True)
    password = secrets(plan)[proxy.password] if proxy.password else ""
    write_secret(directory / _CONF, text.tinyproxy_conf(proxy, password))
    process = processes.start([PROGRAM, "-d", "-c", _CONF], proxy.directory, proxy.netns)
    said = partial(processes.last_words, proxy.directory, processes.output(PROGRAM))

    def serves() -> bool:
        return namespaces.run_in(proxy.netns, partial(_listens, proxy.address, proxy.port))

    await_daemon(f"the HTTP proxy of {proxy.node}", serves, _READY_SECONDS, said, process.alive)


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), _CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def refusal(directory: str, log: str, answer: re.Pattern[str]) -> Refusal | None:
    """What a proxy answered a client at its last attempt, by the status in the client's log; None if it let it pass."""
    try:
        found = answer.findall(Path(directory, log).read_text(errors="replace"))
    except FileNotFoundError:
        return None
    return _REFUSED.get(found[-1]) if found else None
