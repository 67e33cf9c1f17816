"""FRR: zebra and bgpd (and bfdd) per speaker, without watchfrr, asked through their vty sockets."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from netlab.errors import LabError
from netlab.machine import processes

PROGRAMS = Path("/usr/lib/frr")
# FRR keeps crash logs there and leaves them behind after SIGKILL (platform-facts.md, section 3).
_SCRATCH = Path("/var/tmp/frr")
# FRR makes it, whatever directories it is given; the host's own FRR has it for its user.
_SOCKETS = Path("/run/frr")
_DAEMONS = ("zebra", "bfdd", "bgpd")
_TIMEOUT = 5.0


def start(netns: str, directory: str, daemon: str, configuration: str) -> processes.Process:
    """Write the configuration and start zebra, bfdd or bgpd; what one that died here left outside goes."""
    number = Path(directory, f"{daemon}.pid")
    _remove(_ended([number]))
    Path(directory, f"{daemon}.conf").write_text(configuration)
    argv = [
        str(PROGRAMS / daemon),
        *("-f", f"{directory}/{daemon}.conf"),
        *("-i", str(number)),
        *("-z", f"{directory}/zserv.api"),
        *("--vty_socket", directory),
        *("-A", "127.0.0.1", "-P", "0"),
        # The run directory is root's alone; FRR insists that its user is in the vty group.
        *("-u", "root", "-g", "frrvty"),
        *(("--bfdctl", f"{directory}/bfdd.sock") if daemon == "bfdd" else ()),
    ]
    process = processes.start(argv, directory, netns)
    # FRR writes the same, but only once it serves.
    number.write_text(f"{process.pid}\n")
    return process


def logs(daemon: str) -> tuple[str, str]:
    """The files in its directory that have what a daemon says."""
    return f"{daemon}.log", processes.output(daemon)


def ready(directory: str, daemon: str, seconds: float = _TIMEOUT) -> bool:
    """Whether a daemon serves, in time: zebra its clients, any daemon its vty."""
    if daemon == "zebra" and not Path(directory, "zserv.api").exists():
        return False
    try:
        command(directory, daemon, "show version", seconds=seconds)
    except (OSError, LabError):
        return False
    return True


def command(directory: str, daemon: str, *lines: str, seconds: float = _TIMEOUT) -> str:
    """What a daemon answers to vty commands in turn; LabError if it refuses one."""
    answers = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(f"{directory}/{daemon}.vty")
        listening = processes.peer(connection)
        if listening is not None and listening.stopped:
            raise LabError(f"{daemon} in {directory} is stopped by a signal", "kill -CONT lets it go on")
        for line in ("enable", *lines):
            connection.sendall(line.encode() + b"\0")
            answer, status = _answer(connection)
            # FRR's lib/command.h: 0 success, 1 a warning that is no failure.
            if status > 1:
                raise LabError(f"{daemon} in {directory} refused {line!r}: {answer.strip()}")
            answers.append(answer)
    return "".join(answers[1:])


def _answer(connection: socket.socket) -> tuple[str, int]:
    """One answer: text, three zero bytes, a status byte."""
    received = b""
    while len(received) < 4 or received[-4:-1] != b"\0\0\0":
        chunk = connection.recv(65536)
        if not chunk:
            raise LabError(f"vty closed: {received.decode(errors='replace')}")
        received += chunk
    return received[:-4].decode(errors="replace"), received[-1]


def show(directory: str, what: str) -> Any:
    """A ``show … json`` of bgpd, parsed."""
    return json.loads(command(directory, "bgpd", f"show {what} json") or "{}")


@dataclass(frozen=True, slots=True)
class BgpRoute:
    """A route of bgpd: its peer (empty: it is bgpd's own), the next hop, and whether it is one of the best.

    Of several best ones the ``first`` is advertised.
    """

    prefix: str
    peer: str = ""
    next_hop: str = ""
    as_path: str = ""
    inside: bool = False
    best: bool = True
    first: bool = True

    @property
    def as_path_length(self) -> int:
        """How many AS it came over."""
        return len(self.as_path.split())


def routes(directory: str) -> tuple[BgpRoute, ...]:
    """Every valid route of a bgpd, its own first."""
    table = show(directory, "bgp ipv4 unicast").get("routes", {})
    found = [_route(item) for items in table.values() for item in items if item.get("valid")]
    return tuple(sorted(found, key=lambda route: (route.peer != "", IPv4Network(route.prefix), route.peer)))


def _route(item: Any) -> BgpRoute:
    own = item["peerId"] == "(unspec)"
    return BgpRoute(
        prefix=item["network"],
        peer="" if own else item["peerId"],
        next_hop="" if own else item["nexthops"][0]["ip"],
        as_path=item["path"],
        inside=item.get("pathFrom") == "internal",
        best=bool(item.get("bestpath") or item.get("multipath")),
        first=bool(item.get("bestpath")),
    )


def advertised(directory: str, peer: str) -> tuple[BgpRoute, ...]:
    """What a bgpd advertises to a peer, after export policy and before its own AS number is prepended."""
    table = show(directory, f"bgp ipv4 unicast neighbors {peer} advertised-routes").get("advertisedRoutes", {})
    found = (
        BgpRoute(item["network"], as_path=item["path"], next_hop=item.get("nextHop", "")) for item in table.values()
    )
    return tuple(sorted(found, key=lambda route: IPv4Network(route.prefix)))


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """A peer of a bgpd, and how its session is."""

    address: str
    asn: int
    state: str
    up_milliseconds: int = 0
    received: int = 0
    messages_sent: int = 0
    messages_received: int = 0


def peers(directory: str) -> tuple[BgpPeer, ...]:
    """The peers of a bgpd."""
    found = show(directory, "bgp ipv4 unicast summary").get("peers", {})
    return tuple(
        BgpPeer(
            address,
            item["remoteAs"],
            item["state"],
            item.get("peerUptimeMsec", 0),
            item.get("pfxRcd", 0),
            item["msgSent"],
            item["msgRcvd"],
        )
        for address, item in found.items()
    )


def bfd_states(directory: str) -> dict[str, str]:
    """The state of each BFD session of a bfdd, by the peer's address."""
    return {item["peer"]: item["status"] for item in json.loads(command(directory, "bfdd", "show bfd peers json"))}


def configure(directory: str, *lines: str) -> None:
    """Change bgpd's running configuration."""
    command(directory, "bgpd", "configure terminal", *lines, "end")


def remember(directory: str, daemon: str) -> None:
    """Write down how a daemon that has just begun is configured, in its own words."""
    Path(directory, f"{daemon}.running").write_text(command(directory, daemon, "show running-config"))


def drift(directory: str, daemon: str) -> tuple[frozenset[str], frozenset[str]]:
    """The lines of a daemon's configuration that came since it began, and those that went, each after its context."""
    begun = _lines(Path(directory, f"{daemon}.running").read_text())
    now = _lines(command(directory, daemon, "show running-config"))
    return now - begun, begun - now


def _lines(configuration: str) -> frozenset[str]:
    found: list[str] = []
    contexts: list[tuple[int, str]] = []
    for line in configuration.splitlines():
        words, depth = line.strip(), len(line) - len(line.lstrip())
        if words and not words.startswith("!"):
            contexts = [*(context for context in contexts if context[0] < depth), (depth, words)]
            found.append(" / ".join(context for _, context in contexts))
    return frozenset(found)


def remove_scratch(stopped: Iterable[processes.Process]) -> None:
    """Remove what daemons that have just been stopped left outside their directories."""
    _remove((process.name, process.pid) for process in stopped if process.name in _DAEMONS)


def remove_all_scratch(directory: str) -> None:
    """Remove what the daemons of a lab's directory left outside it, by their pid files: none of them runs."""
    _remove(_ended(Path(directory).glob("*/*.pid")))


def _ended(files: Iterable[Path]) -> Iterator[tuple[str, int]]:
    """The daemons of pid files that have ended: another one may have the process id since."""
    for path in files:
        with contextlib.suppress(OSError, ValueError):
            process = processes.find(number := int(path.read_text()))
            if process is None or process.name != path.stem:
                yield path.stem, number


def _remove(daemons: Iterable[tuple[str, int]]) -> None:
    for name, pid in daemons:
        shutil.rmtree(_SCRATCH / f"{name}.{pid}", ignore_errors=True)
    for path in (_SCRATCH, _SOCKETS):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == 0:
                path.rmdir()
