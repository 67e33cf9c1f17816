"""Evidence of encryption: what was seen on the underlay of the probes that crossed tunnels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from netlab.azure.prediction import Predicted
from netlab.plan.model import Outer
from netlab.probe.trace import Observation, Trace, packets
from netlab.scenario.names import INTERNET, Pair


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A packet that entered a tunnel at one public address and left it at another."""

    source: str
    target: str
    outer: Outer


# The smallest probe: a header of IP and one of TCP.
_LEAST_BYTES = 40


class Evidence:
    """What was seen on the underlay: whether all that crossed a tunnel did so inside it, and nothing of it in clear.

    As many ESP packets must be seen as probes crossed; TLS puts several into a segment, so its bytes are counted.
    ``publics`` are the public address and the outer form of each tunnel's interface. ``in_public`` are the pairs whose
    packets routes lead to the Internet, be it by mistake; ``leaks`` the nodes of the underlay at which a probe was seen
    in clear that is not sent there.
    """

    def __init__(
        self,
        observation: Observation,
        publics: Mapping[tuple[str, str], tuple[str, Outer]],
        underlay: set[str],
        in_public: frozenset[Pair],
    ) -> None:
        self._esp, self._tls, self._publics = observation.esp, observation.tls, publics
        self._underlay, self._in_public = underlay, in_public
        self._total = Counter(c for trace in observation.traces for c in self._crossings(trace))
        traces = (trace for trace in observation.traces if self._is_private(trace))
        self.leaks = frozenset(s.node for trace in traces for s in trace.sightings if s.node in underlay)

    def _crossings(self, trace: Trace) -> Iterator[_Crossing]:
        for packet in (*packets(trace, "forward"), *packets(trace, "reverse")):
            for entry, leaving in pairwise(packet):
                source = self._publics.get((entry.node, entry.interface)) if entry.outgoing else None
                target = self._publics.get((leaving.node, leaving.interface)) if not leaving.outgoing else None
                if source and target:
                    yield _Crossing(source[0], target[0], source[1])

    def encrypted(self, trace: Trace) -> bool | None:
        """Whether a probe crossed its tunnels encrypted; None if it crossed none."""
        crossings = tuple(self._crossings(trace))
        if not crossings:
            return None
        in_clear = self._is_private(trace) and any(seen.node in self._underlay for seen in trace.sightings)
        return not in_clear and all(map(self._is_seen, crossings))

    def _is_seen(self, crossing: _Crossing) -> bool:
        """Whether all that crossed as this packet did was seen inside its tunnel."""
        total, flow = self._total[crossing], (crossing.source, crossing.target)
        if crossing.outer == "TLS":
            return self._tls.get(flow, 0) >= total * _LEAST_BYTES
        return self._esp.get(flow, 0) >= total

    @property
    def crossings(self) -> int:
        """How many packets of probes crossed tunnels."""
        return self._total.total()

    @property
    def sealed(self) -> tuple[int, int]:
        """How many ESP packets and how many bytes of TLS were seen on the underlay."""
        return sum(self._esp.values()), sum(self._tls.values())

    def _is_private(self, trace: Trace) -> bool:
        return (trace.probe.source, trace.probe.target) not in self._in_public


def in_public(predicted: Iterable[Predicted], carriers: Collection[str]) -> Iterator[Pair]:
    """The pairs of which a request or an answer goes to the Internet, or between public addresses of Azure: those pass
    the nodes that carry the underlay, as far as they get."""
    for item in predicted:
        pair = item.source, item.target
        passed = frozenset(node for walk in (*item.forward, *item.reverse) for node in walk.nodes)
        if INTERNET in pair or not passed.isdisjoint(carriers):
            yield pair
