"""Evidence of encryption: what was seen on the underlay of the probes that crossed tunnels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from netlab.azure.prediction import Predicted
from netlab.probe.trace import Observation, Trace, packets
from netlab.scenario.names import INTERNET, Pair


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A packet that entered a tunnel at one public address and left it at another."""

    source: str
    target: str


class Evidence:
    """What was seen on the underlay: whether all that crossed a tunnel did so as ESP and nothing of it in clear.

    ``in_public`` are the pairs whose packets routes lead to the Internet, be it by mistake.
    """

    def __init__(
        self,
        observation: Observation,
        publics: Mapping[tuple[str, str], str],
        underlay: set[str],
        in_public: frozenset[Pair],
    ) -> None:
        self._observation, self._publics = observation, publics
        self._underlay, self._in_public = underlay, in_public
        self._total = Counter(c for trace in observation.traces for c in self._crossings(trace))

    def _crossings(self, trace: Trace) -> Iterator[_Crossing]:
        for packet in (*packets(trace, "forward"), *packets(trace, "reverse")):
            for entry, leaving in pairwise(packet):
                source = self._publics.get((entry.node, entry.interface)) if entry.outgoing else None
                target = self._publics.get((leaving.node, leaving.interface)) if not leaving.outgoing else None
                if source and target:
                    yield _Crossing(source, target)

    def encrypted(self, trace: Trace) -> bool | None:
        """Whether a probe crossed its tunnels encrypted; None if it crossed none."""
        crossings = tuple(self._crossings(trace))
        if not crossings:
            return None
        in_clear = self._is_private(trace) and any(seen.node in self._underlay for seen in trace.sightings)
        esp = self._observation.esp
        return not in_clear and all(esp.get((c.source, c.target), 0) >= self._total[c] for c in crossings)

    @property
    def leaks(self) -> tuple[str, ...]:
        """The nodes of the underlay at which a probe was seen in clear that is not sent to the Internet."""
        traces = (trace for trace in self._observation.traces if self._is_private(trace))
        return tuple(sorted({s.node for trace in traces for s in trace.sightings if s.node in self._underlay}))

    @property
    def words(self) -> str:
        """How much crossed tunnels, and how much of it was seen as ESP."""
        crossings, esp = self._total.total(), sum(self._observation.esp.values())
        return f"{crossings} tunnel crossings, {esp} ESP packets on the underlay"

    def _is_private(self, trace: Trace) -> bool:
        return (trace.probe.source, trace.probe.target) not in self._in_public


def in_public(predicted: Iterable[Predicted]) -> Iterator[Pair]:
    """The pairs of which a request or an answer goes to the Internet."""
    for item in predicted:
        pair = item.source, item.target
        if INTERNET in pair or any(INTERNET in walk.nodes for walk in (*item.forward, *item.reverse)):
            yield pair
