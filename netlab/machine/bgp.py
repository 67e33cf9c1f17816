"""BGP speakers: what their daemons answer (None where one does not), and what they are ordered to do."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable

from netlab.errors import LabError
from netlab.machine import bird, frr, translator
from netlab.machine.speaking import BgpPeer, BgpRoute, Drift, Program, Runs, answered
from netlab.plan.model import TRANSLATOR, BgpProgram, BgpSpeaker

_PROGRAMS: dict[BgpProgram, Program] = {"frr": frr, "bird": bird}


def program(speaker: BgpSpeaker) -> Program:
    """The program that a speaker runs."""
    return _PROGRAMS[speaker.program]


def of_daemon(speaker: BgpSpeaker, daemon: str) -> Runs:
    """What starts and asks a daemon of a speaker."""
    return translator if daemon == TRANSLATOR else program(speaker)


def peers(speaker: BgpSpeaker) -> tuple[BgpPeer, ...] | None:
    """The peers of a speaker."""
    return answered(lambda: program(speaker).peers(speaker))


def routes(speaker: BgpSpeaker) -> tuple[BgpRoute, ...] | None:
    """Every valid route of a speaker."""
    return answered(lambda: program(speaker).routes(speaker))


def advertised(speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...] | None:
    """The routes that a speaker advertises to a peer."""
    return answered(lambda: program(speaker).advertised(speaker, peer))


def bfd_states(speaker: BgpSpeaker) -> dict[str, str]:
    """The state of each BFD session, by the peer's address; none where the daemon does not answer."""
    return (answered(lambda: program(speaker).bfd_states(speaker)) or {}) if speaker.watches else {}


def drift(speaker: BgpSpeaker, daemon: str, networks: Collection[str], shut: Collection[str]) -> Drift | None:
    """The lines that a daemon's configuration has and should not have, and those that it lacks: it should be what it
    began with, but for the prefixes that the speaker originates now and the peers that are shut down."""
    return answered(lambda: of_daemon(speaker, daemon).drift(speaker, daemon, networks, shut))


def reset_session(speaker: BgpSpeaker, address: str) -> None:
    """End a BGP session and try it anew; a speaker that does not answer has none."""
    with contextlib.suppress(OSError, LabError):
        program(speaker).reset_session(speaker, address)


def shut_down(speaker: BgpSpeaker, address: str) -> None:
    """Shut a BGP session down at this end: the peer learns of it at once (Cease, RFC 4486)."""
    program(speaker).shut_down(speaker, address)


def reopen(speaker: BgpSpeaker, address: str) -> None:
    """Try a BGP session anew that was shut down."""
    program(speaker).reopen(speaker, address)


def refresh(speaker: BgpSpeaker, address: str) -> None:
    """Have a peer advertise all its routes again (route refresh, RFC 2918)."""
    with contextlib.suppress(OSError, LabError):
        program(speaker).refresh(speaker, address)


def announce(speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
    """Announce and withdraw prefixes."""
    program(speaker).announce(speaker, add, delete)


def reconfigure(old: BgpSpeaker, new: BgpSpeaker) -> None:
    """Bring an FRR to another configuration while the sessions that do not change stay up."""
    frr.reconfigure(old, new)
