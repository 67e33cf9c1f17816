"""What a live page shows: a scenario file as it is now, or a lab as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netlab.errors import Finding
from netlab.results.lab import LabNode, Overview
from netlab.results.shown import ConnectionStatus, PeerStatus
from netlab.results.verification import Report


@dataclass(frozen=True, slots=True)
class Design:
    """A scenario file at a moment: what is found about it and, if it is valid, its prediction with a drawing (SVG).

    ``where`` is the file's name. Findings are in the order of their lines; with an error there is no report.
    """

    where: str
    findings: tuple[Finding, ...]
    report: Report | None
    drawing: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A lab at a moment: its health, its nodes, and by gateway the connections with their counters and the BGP peers.

    ``moment`` tells what the model was asked about: where it is the same, so is its prediction.
    """

    overview: Overview
    nodes: tuple[LabNode, ...]
    connections: Mapping[str, tuple[ConnectionStatus, ...]]
    peers: Mapping[str, tuple[PeerStatus, ...]]
    moment: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a flow between two machines, of a hundred packets a second, has lost so far.

    ``outage_seconds`` is its longest gap. A packet counts after a second.
    """

    source: str
    target: str
    sent: int
    lost: int
    outage_seconds: float
