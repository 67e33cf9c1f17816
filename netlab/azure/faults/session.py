"""BGP sessions are shut down at one end (administratively), and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.azure.bgp.sessions import Session, sessions
from netlab.azure.faults.gateway import topologies
from netlab.azure.faults.kind import Faults, Impact, Kind
from netlab.scenario.models import Action, BgpSession
from netlab.scenario.network import Network


def pair(router: str, peer: str) -> str:
    """The target that a session is, at the router that shuts it down; no name of a node has a space."""
    return f"{router} {peer}"


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    """The sessions of a speaker with a peer, or with all; those of a gateway's instance on standby too."""
    del faults
    subject = action.subject
    assert isinstance(subject, BgpSession)
    return frozenset(
        pair(session.router.node, session.peer.node)
        for session in _possible(network)
        if session.router.end.name == subject.speaker
        and session.peer.end is not session.router.end
        and subject.peer in (None, session.peer.end.name)
        and subject.instance in (None, session.peer.index)
    )


def _possible(network: Network) -> Iterator[Session]:
    for topology in topologies(network):
        yield from sessions(topology, frozenset(topology.tunnel))


def _subject(network: Network, target: str) -> Mapping[str, Any]:
    """The speaker and its peer; all their sessions are one action."""
    found = (s for s in _possible(network) if pair(s.router.node, s.peer.node) == target)
    return next({"speaker": session.router.end.name, "peer": session.peer.end.name} for session in found)


SESSION = Kind(
    "BGP session", "bgp-session", "stop_bgp_session", "start_bgp_session", _named, _subject, Impact.SHUT_DOWN
)
