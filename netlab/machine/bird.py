"""BIRD: one daemon per speaker, asked through its control socket."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from netlab.errors import LabError
from netlab.machine import processes
from netlab.machine.speaking import BgpPeer, BgpRoute, Drift, answered, asking, in_order, lines
from netlab.plan.model import BgpSpeaker
from netlab.render import text

PROGRAM = "/usr/sbin/bird"
_SOCKET, _CONFIGURATION = "bird.ctl", "bird.conf"
_TIMEOUT = 5.0
# FRR's word for a session that is shut down at this end.
_SHUT = "Idle (Admin)"
# BIRD's doc/reply_codes: from 8000 on it refuses a command.
_REFUSED = 8000


def start(netns: str, speaker: BgpSpeaker, daemon: str) -> processes.Process:
    """Write the configuration and start BIRD, in the foreground so that its pid is known."""
    directory = speaker.directory
    Path(directory, _CONFIGURATION).write_text(text.speaker_conf(speaker, daemon))
    # One that was killed has left its socket, and the next one would be asked before it listens.
    Path(directory, _SOCKET).unlink(missing_ok=True)
    argv = [PROGRAM, "-f", "-c", f"{directory}/{_CONFIGURATION}", "-s", f"{directory}/{_SOCKET}"]
    return processes.start(argv, directory, netns)


def logs(daemon: str) -> tuple[str, str]:
    """The files in its directory that have what it says."""
    return f"{daemon}.log", processes.output(daemon)


def ready(directory: str, daemon: str, seconds: float = _TIMEOUT) -> bool:
    """Whether it answers in time."""
    return answered(lambda: command(directory, "show status", seconds)) is not None


def command(directory: str, line: str, seconds: float = _TIMEOUT) -> str:
    """What BIRD answers to a command, without its codes; LabError if it refuses it."""
    with asking(directory, "bird", _SOCKET, seconds) as connection:
        _answer(connection)
        connection.sendall(f"{line}\n".encode())
        answer, code = _answer(connection)
    if code >= _REFUSED:
        raise LabError(f"bird in {directory} refused {line!r}: {answer.strip()}")
    return answer


def _answer(connection: socket.socket) -> tuple[str, int]:
    """One answer and its last code: lines begin with a code and a minus sign, the last one with a code and a space."""
    received = b""
    while not (end := re.search(rb"^(\d{4}) [^\n]*\n\Z", received, re.MULTILINE)):
        chunk = connection.recv(65536)
        if not chunk:
            raise LabError(f"bird closed its control socket: {received.decode(errors='replace')}")
        received += chunk
    return re.sub(r"^(?:\d{4}[- ]| )", "", received.decode(errors="replace"), flags=re.MULTILINE), int(end[1])


# --- what it says ---------------------------------------------------------------------------------------------------


@dataclass
class _Protocol:
    """A BGP protocol as BIRD shows it."""

    name: str
    state: str
    since: str
    said: dict[str, str] = field(default_factory=dict)


def peers(speaker: BgpSpeaker) -> tuple[BgpPeer, ...]:
    """The peers of a speaker."""
    return tuple(map(_peer, _protocols(speaker)))


def _protocols(speaker: BgpSpeaker) -> Iterator[_Protocol]:
    found: _Protocol | None = None
    for line in command(speaker.directory, "show protocols all").splitlines():
        head = re.match(r"(\S+) +BGP +\S+ +(\S+) +(\S+ \S+)", line)
        if head or not line.strip():
            if found is not None:
                yield found
            found = _Protocol(head[1], head[2], head[3]) if head else None
        elif found is not None:
            key, _, value = line.strip().partition(":")
            found.said.setdefault(key, value.strip())
    if found is not None:
        yield found


def _peer(protocol: _Protocol) -> BgpPeer:
    said = protocol.said
    up = said.get("BGP state") == "Established"
    since = datetime.fromisoformat(protocol.since)
    routes = re.match(r"(\d+) imported", said.get("Routes", ""))
    return BgpPeer(
        said["Neighbor address"],
        int(said["Neighbor AS"]),
        _SHUT if protocol.state == "down" else said["BGP state"],
        int((datetime.now() - since).total_seconds() * 1000) if up else 0,
        int(routes[1]) if routes else 0,
    )


@dataclass
class _Shown:
    """A route as BIRD shows it: how it begins, and its attributes."""

    prefix: str
    kind: str
    source: str
    primary: bool
    preference: int
    said: dict[str, str] = field(default_factory=dict)

    @property
    def as_path(self) -> tuple[str, ...]:
        return tuple(self.said.get("BGP.as_path", "").split())

    def goes_with(self, primary: _Shown, internal: Collection[str]) -> bool:
        """Whether it is used together with the best route of its prefix (BIRD's ``merge paths``)."""
        ranks = [
            (s.preference, s.said.get("BGP.local_pref"), len(s.as_path), s.said.get("BGP.origin"), s.source in internal)
            for s in (self, primary)
        ]
        meds = [s.said.get("BGP.med", "0") for s in (self, primary)]
        # RFC 4271, 9.1.2.2: MED is compared between routes from one AS.
        return ranks[0] == ranks[1] and (self.as_path[:1] != primary.as_path[:1] or meds[0] == meds[1])


def routes(speaker: BgpSpeaker) -> tuple[BgpRoute, ...]:
    """Every valid route of a speaker, its own first; one of a peer is valid if there is a way to its next hop."""
    names = _addresses(speaker)
    internal = {_name(neighbor.address) for neighbor in speaker.neighbors if neighbor.internal}
    shown = tuple(_shown(speaker, "show route table bgp4 all"))
    primary = {item.prefix: item for item in shown if item.primary}
    found = (
        BgpRoute(
            item.prefix,
            names.get(item.source, ""),
            item.said.get("BGP.next_hop", ""),
            " ".join(item.as_path),
            item.source in internal,
            item.goes_with(primary[item.prefix], internal),
            item.primary,
        )
        for item in shown
        if item.kind != "unreachable" or item.source not in names
    )
    return in_order(found)


def advertised(speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...]:
    """What a speaker advertises to a peer, after export policy and before its own AS number is prepended."""
    shown = _shown(speaker, f"show route table bgp4 export {_name(peer)} all")
    found = (BgpRoute(s.prefix, as_path=" ".join(s.as_path), next_hop=s.said.get("BGP.next_hop", "")) for s in shown)
    return in_order(found)


def _shown(speaker: BgpSpeaker, line: str) -> Iterator[_Shown]:
    """The routes of an answer; of the routes for one prefix only the first line names it."""
    prefix, found = "", None
    for words in command(speaker.directory, line).splitlines():
        head = re.match(r"(\S+/\d+)? +(\S+) \[(\S+) [^]]*\]( \*)? \((\d+)", words)
        if head:
            if found is not None:
                yield found
            prefix = head[1] or prefix
            found = _Shown(prefix, head[2], head[3], bool(head[4]), int(head[5]))
        elif found is not None and ": " in words:
            key, _, value = words.strip().partition(": ")
            found.said[key] = value
    if found is not None:
        yield found


def bfd_states(speaker: BgpSpeaker) -> dict[str, str]:
    """The state of each BFD session, by the peer's address."""
    answer = command(speaker.directory, "show bfd sessions")
    return {address: state.lower() for address, state in re.findall(r"^(\d[\d.]+) +\S+ +(\S+)", answer, re.MULTILINE)}


# --- what it is ordered to do ---------------------------------------------------------------------------------------


def reset_session(speaker: BgpSpeaker, address: str) -> None:
    """End a BGP session and try it anew."""
    command(speaker.directory, f"restart {_name(address)}")


def refresh(speaker: BgpSpeaker, address: str) -> None:
    """Have a peer advertise all its routes again."""
    command(speaker.directory, f"reload in {_name(address)}")


def shut_down(speaker: BgpSpeaker, address: str) -> None:
    """Shut a BGP session down."""
    command(speaker.directory, f"disable {_name(address)}")


def reopen(speaker: BgpSpeaker, address: str) -> None:
    """Try a BGP session anew that was shut down."""
    command(speaker.directory, f"enable {_name(address)}")


def announce(speaker: BgpSpeaker, add: Iterable[str], delete: Iterable[str]) -> None:
    """Announce and withdraw prefixes: BIRD reads a configuration that has them, and leaves sessions alone."""
    delete = set(delete)
    networks = dict.fromkeys((*(prefix for prefix in _originated(speaker) if prefix not in delete), *add))
    changed = _with(speaker, networks, _shut(speaker))
    Path(speaker.directory, _CONFIGURATION).write_text(text.speaker_conf(changed, "bird"))
    command(speaker.directory, "configure")


def remember(speaker: BgpSpeaker, daemon: str) -> None:
    """Nothing: its configuration is the file beside its socket."""


def drift(speaker: BgpSpeaker, daemon: str, networks: Collection[str], shut: Collection[str]) -> Drift:
    """The lines of its configuration that are too many, and those that are missing, each after its context.

    It does not show what it has read, so the file counts; prefixes and sessions that are shut down are asked for.
    """
    wanted = lines(text.speaker_conf(_with(speaker, networks, shut), daemon), "#")
    written = lines(Path(speaker.directory, _CONFIGURATION).read_text(), "#")
    fixed = {line for line in written if not line.endswith("/ disabled;") and not _ROUTE.fullmatch(line)}
    asked = lines(text.speaker_conf(_with(speaker, _originated(speaker), _shut(speaker)), daemon), "#")
    now = fixed | {line for line in asked if line.endswith("/ disabled;") or _ROUTE.fullmatch(line)}
    return frozenset(now - wanted), frozenset(wanted - now)


_ROUTE = re.compile(r"protocol static originated \{ / route .* unreachable;")


def _with(speaker: BgpSpeaker, networks: Iterable[str], shut: Collection[str]) -> BgpSpeaker:
    """A speaker that originates these prefixes and has shut sessions with these peers down."""
    neighbors = tuple(replace(neighbor, shut=neighbor.address in shut) for neighbor in speaker.neighbors)
    return replace(speaker, networks=tuple(networks), neighbors=neighbors)


def _originated(speaker: BgpSpeaker) -> tuple[str, ...]:
    return tuple(s.prefix for s in _shown(speaker, "show route table bgp4 protocol originated"))


def _shut(speaker: BgpSpeaker) -> tuple[str, ...]:
    return tuple(peer.address for peer in peers(speaker) if peer.state == _SHUT)


def _name(address: str) -> str:
    """The name of the protocol for a peer."""
    return f"peer_{address.replace('.', '_')}"


def _addresses(speaker: BgpSpeaker) -> dict[str, str]:
    """The addresses of peers by the names of their protocols."""
    return {_name(neighbor.address): neighbor.address for neighbor in speaker.neighbors}
