"""BGP speakers: what bgpd and bfdd answer (None where one does not), and what they are ordered to do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from netlab.errors import LabError
from netlab.machine import frr
from netlab.plan.model import BgpSpeaker

T = TypeVar("T")


def peers(speaker: BgpSpeaker) -> tuple[frr.BgpPeer, ...] | None:
    """The peers of a speaker."""
    return answered(lambda: frr.peers(speaker.directory))


def routes(speaker: BgpSpeaker) -> tuple[frr.BgpRoute, ...] | None:
    """Every valid route of a speaker."""
    return answered(lambda: frr.routes(speaker.directory))


def advertised(speaker: BgpSpeaker, peer: str) -> tuple[frr.BgpRoute, ...] | None:
    """The routes that a speaker advertises to a peer."""
    return answered(lambda: frr.advertised(speaker.directory, peer))


def bfd_states(speaker: BgpSpeaker) -> dict[str, str]:
    """The state of each BFD session as FRR prints it, by the peer's address; none where bfdd does not answer."""
    return (answered(lambda: frr.bfd_states(speaker.directory)) or {}) if "bfdd" in speaker.daemons else {}


def drift(speaker: BgpSpeaker, daemon: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The lines of a daemon's configuration that came since it began, and those that went."""
    return answered(lambda: frr.drift(speaker.directory, daemon))


def reset_session(speaker: BgpSpeaker, address: str) -> None:
    """End a BGP session and try it anew; a speaker that does not answer has none."""
    _clear(speaker, address)


def shut_down(speaker: BgpSpeaker, address: str) -> None:
    """Shut a BGP session down at this end: the peer learns of it at once (Cease, RFC 4486)."""
    frr.configure(speaker.directory, f"router bgp {speaker.asn}", f"neighbor {address} shutdown")


def reopen(speaker: BgpSpeaker, address: str) -> None:
    """Try a BGP session anew that was shut down."""
    frr.configure(speaker.directory, f"router bgp {speaker.asn}", f"no neighbor {address} shutdown")


def refresh(speaker: BgpSpeaker, address: str) -> None:
    """Have a peer advertise all its routes again (route refresh, RFC 2918)."""
    _clear(speaker, f"{address} soft in")


def announce(speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
    """Announce and withdraw prefixes."""
    frr.configure(
        speaker.directory,
        f"router bgp {speaker.asn}",
        "address-family ipv4 unicast",
        *(f"network {prefix}" for prefix in add),
        *(f"no network {prefix}" for prefix in delete),
    )


def _clear(speaker: BgpSpeaker, what: str) -> None:
    with contextlib.suppress(OSError, LabError):
        frr.command(speaker.directory, "bgpd", f"clear bgp ipv4 unicast {what}")


def answered(ask: Callable[[], T]) -> T | None:
    """What a daemon answers; None where it does not."""
    try:
        return ask()
    except (OSError, LabError):
        return None
