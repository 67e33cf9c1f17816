"""Probes: tagged packets between all nodes at once, and the witnesses that saw them pass.

`observe` sends, listens and returns an `Observation`; everything else here reads one.
"""

from netlab.probe.observe import observe
from netlab.probe.trace import (
    EspSighting,
    Leg,
    Observation,
    Probe,
    Rejection,
    Sighting,
    Trace,
    all_pairs,
    last,
    looping,
    packets,
    path,
)

__all__ = [
    "EspSighting",
    "Leg",
    "Observation",
    "Probe",
    "Rejection",
    "Sighting",
    "Trace",
    "all_pairs",
    "last",
    "looping",
    "observe",
    "packets",
    "path",
]
