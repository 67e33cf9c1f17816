"""FRR: zebra and bgpd (and bfdd) per speaker, without watchfrr, asked through their vty sockets."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from netlab.errors import LabError
from netlab.machine import processes
from netlab.machine.speaking import BgpPeer, BgpRoute, Drift, answered, asking, in_order, lines
from netlab.plan.model import BgpSpeaker
from netlab.render import reconfiguring, text

PROGRAMS = Path("/usr/lib/frr")
# FRR keeps crash logs there and leaves them behind after SIGKILL (platform-facts.md, section 3).
_SCRATCH = Path("/var/tmp/frr")
# FRR makes it, whatever directories it is given; the host's own FRR has it for its user.
_SOCKETS = Path("/run/frr")
_DAEMONS = ("zebra", "bfdd", "bgpd")
_TIMEOUT = 5.0


def start(netns: str, speaker: BgpSpeaker, daemon: str) -> processes.Process:
    """Write the configuration and start zebra, bfdd or bgpd of a speaker."""
    return start_with(netns, speaker.directory, daemon, text.speaker_conf(speaker, daemon))


def start_with(netns: str, directory: str, daemon: str, configuration: str) -> processes.Process:
    """Start a daemon with this configuration; what one that died here left outside goes."""
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
    return answered(lambda: command(directory, daemon, "show version", seconds=seconds)) is not None


def command(directory: str, daemon: str, *lines: str, seconds: float = _TIMEOUT) -> str:
    """What a daemon answers to vty commands in turn; LabError if it refuses one."""
    answers = []
    with asking(directory, daemon, f"{daemon}.vty", seconds) as connection:
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


def routes(speaker: BgpSpeaker) -> tuple[BgpRoute, ...]:
    """Every route of a speaker that it may use, its own first."""
    return routes_in(speaker.directory)


def routes_in(directory: str) -> tuple[BgpRoute, ...]:
    """Every route of the bgpd of a directory that it may use, its own first."""
    table = show(directory, "bgp ipv4 unicast").get("routes", {})
    return in_order(
        _route(item) for items in table.values() for item in items if item.get("valid") or _is_of_itself(item)
    )


def _is_of_itself(item: Any) -> bool:
    """Whether a route leads to its own next hop, as when a device announces the address of its session.

    bgpd resolves no next hop by its own route (bgp_nht.c, bgp_find_or_add_nexthop) and calls the path inaccessible. It
    is learned all the same: the tunnel's route leads there.
    """
    return any(item["network"] == f"{hop['ip']}/32" for hop in item["nexthops"])


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


def advertised(speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...]:
    """What a speaker advertises to a peer, after export policy and before its own AS number is prepended."""
    table = show(speaker.directory, f"bgp ipv4 unicast neighbors {peer} advertised-routes").get("advertisedRoutes", {})
    return in_order(
        BgpRoute(item["network"], as_path=item["path"], next_hop=item.get("nextHop", "")) for item in table.values()
    )


def peers(speaker: BgpSpeaker) -> tuple[BgpPeer, ...]:
    """The peers of a speaker."""
    found = show(speaker.directory, "bgp ipv4 unicast summary").get("peers", {})
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


def bfd_states(speaker: BgpSpeaker) -> dict[str, str]:
    """The state of each BFD session of a bfdd, by the peer's address."""
    found = json.loads(command(speaker.directory, "bfdd", "show bfd peers json"))
    return {item["peer"]: item["status"] for item in found}


def reset_session(speaker: BgpSpeaker, address: str) -> None:
    """End a BGP session and try it anew."""
    command(speaker.directory, "bgpd", f"clear bgp ipv4 unicast {address}")


def refresh(speaker: BgpSpeaker, address: str) -> None:
    """Have a peer advertise all its routes again."""
    command(speaker.directory, "bgpd", f"clear bgp ipv4 unicast {address} soft in")


def shut_down(speaker: BgpSpeaker, address: str) -> None:
    """Shut a BGP session down."""
    _configure(speaker, f"neighbor {address} shutdown")


def reopen(speaker: BgpSpeaker, address: str) -> None:
    """Try a BGP session anew that was shut down."""
    _configure(speaker, f"no neighbor {address} shutdown")


def announce(speaker: BgpSpeaker, add: Iterable[str], delete: Iterable[str]) -> None:
    """Announce and withdraw prefixes."""
    changes = (*(f"network {prefix}" for prefix in add), *(f"no network {prefix}" for prefix in delete))
    _configure(speaker, "address-family ipv4 unicast", *changes)


def reconfigure(old: BgpSpeaker, new: BgpSpeaker) -> None:
    """Bring a bgpd to another configuration while the sessions that do not change stay up, wherever an earlier change
    has left it; its peers advertise all routes again (RFC 2918)."""
    text_before, text_now = (text.speaker_conf(speaker, "bgpd") for speaker in (old, new))
    changes = reconfiguring.commands(text_before, text_now)
    if not changes:
        return
    with asking(new.directory, "bgpd", "bgpd.vty", _TIMEOUT) as connection:
        for line in ("enable", "configure terminal", *changes, "end", "clear bgp ipv4 unicast * soft"):
            connection.sendall(line.encode() + b"\0")
            answer, status = _answer(connection)
            # What is not there cannot be taken away.
            if status > 1 and not line.startswith("no "):
                raise LabError(f"bgpd in {new.directory} refused {line!r}: {answer.strip()}")
    Path(new.directory, "bgpd.conf").write_text(text_now)
    remember(new, "bgpd")


def _configure(speaker: BgpSpeaker, *lines: str) -> None:
    """Change bgpd's running configuration."""
    command(speaker.directory, "bgpd", "configure terminal", f"router bgp {speaker.asn}", *lines, "end")


def remember(speaker: BgpSpeaker, daemon: str) -> None:
    """Write down how a daemon that has just begun is configured, in its own words."""
    running = command(speaker.directory, daemon, "show running-config")
    Path(speaker.directory, f"{daemon}.running").write_text(running)


def drift(speaker: BgpSpeaker, daemon: str, networks: Collection[str], shut: Collection[str]) -> Drift:
    """The lines of a daemon's configuration that are too many, and those that are missing, each after its context."""
    begun = lines(Path(speaker.directory, f"{daemon}.running").read_text(), "!")
    now = lines(command(speaker.directory, daemon, "show running-config"), "!")
    came, went = now - begun, begun - now
    added, taken = (
        _changes(speaker, begun, networks, shut) if daemon == "bgpd" else (frozenset[str](), frozenset[str]())
    )
    return came - added, (added - came) | (went - taken)


def _changes(speaker: BgpSpeaker, begun: Collection[str], networks: Collection[str], shut: Collection[str]) -> Drift:
    """The lines that have come to the configuration of a bgpd since it was written down, and those that have gone."""
    context = f"router bgp {speaker.asn}"
    network, neighbor = f"{context} / address-family ipv4 unicast / network ", f"{context} / neighbor "
    wanted = {*(f"{network}{prefix}" for prefix in networks), *(f"{neighbor}{address} shutdown" for address in shut)}
    held = {
        line for line in begun if line.startswith(network) or (line.startswith(neighbor) and line.endswith(" shutdown"))
    }
    return frozenset(wanted - held), frozenset(held - wanted)


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
