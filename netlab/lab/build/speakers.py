"""What the BGP speakers of a running lab answer, by the addresses and prefixes that waiting and checking ask for."""

from __future__ import annotations

from netlab.machine.ports import Bgp
from netlab.plan.model import BgpSpeaker

# FRR's state of a session that it gave up for too many prefixes (B16); it never tries such a one again by itself.
GIVEN_UP = "Idle (PfxCt)"


def states(bgp: Bgp, speaker: BgpSpeaker) -> dict[str, str]:
    """The state of each BGP session in FRR's words, by the peer's address."""
    peers = bgp.peers(speaker)
    if peers is None:
        return {neighbor.address: "the BGP daemon does not answer" for neighbor in speaker.neighbors}
    return {peer.address: peer.state for peer in peers}


def as_paths(bgp: Bgp, speaker: BgpSpeaker) -> dict[str, frozenset[str]]:
    """The AS paths of the best routes that a speaker has learned, by prefix; none where it does not answer."""
    found: dict[str, frozenset[str]] = {}
    for route in bgp.routes(speaker) or ():
        if route.peer and route.best:
            found[route.prefix] = found.get(route.prefix, frozenset()) | {route.as_path}
    return found


def count_again(bgp: Bgp, speaker: BgpSpeaker) -> None:
    """Have bgpd give up the sessions in which it has received one prefix too many.

    FRR 8.4.4 compares with maximum-prefix before it counts the new one: it gives up with the next update, and a
    peer that is asked for all its routes again sends one.
    """
    most = {neighbor.address: neighbor.policy.imports.maximum_prefix for neighbor in speaker.neighbors}
    for peer in bgp.peers(speaker) or ():
        if 0 < most.get(peer.address, 0) < peer.received:
            bgp.refresh(speaker, peer.address)
