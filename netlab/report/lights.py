"""What lights up in the drawing of a topology when a cell is chosen: boxes, frames and lines that a packet passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from netlab.report.bundles import bundled
from netlab.results.topology import Topology, frame
from netlab.results.verification import Down


@dataclass(frozen=True, slots=True)
class Lights:
    """The titles of a drawing's elements, as Graphviz writes them: frames and boxes by the nodes of a lab, lines by
    pairs of what is drawn. ``own`` is what shows a line by itself: of a leaf of a bundle its frame.

    A node that is not drawn, such as an edge router of a circuit, lies on the line between those beside it.
    """

    frames: dict[str, str]
    boxes: dict[str, str]
    lines: dict[frozenset[str], tuple[str, ...]]
    own: dict[frozenset[str], tuple[str, ...]]

    @classmethod
    def of(cls, drawing: Topology) -> Lights:
        """The lights of a topology."""
        frames = {cluster.id: frame(cluster.id) for cluster in drawing.clusters if cluster.kind == "vnet"}
        boxes = (*drawing.nodes, *(node for cluster in drawing.clusters for node in cluster.nodes))
        of_nodes = {name: box.id for box in boxes for name in (*box.holds, box.id)}
        lines: dict[frozenset[str], tuple[str, ...]] = {}
        own: dict[frozenset[str], tuple[str, ...]] = {}
        found = bundled(drawing)
        for edge in found.edges:
            ends = frozenset(frames.get(end, end) for end in (edge.tail, edge.head))
            lines[ends] = own[ends] = (*lines.get(ends, ()), "->".join(found.boxes(edge)))
        for bundle in found.bundles:
            for leaf in bundle.leaves:
                ends = frozenset(frames.get(end, end) for end in (leaf.edge.tail, leaf.edge.head))
                lines[ends], own[ends] = ("->".join(bundle.line),), (frame(leaf.cluster.id),)
        return cls(frames, of_nodes, lines, own)

    @property
    def places(self) -> dict[str, str]:
        """The element in which each node of a lab is drawn."""
        return {**self.boxes, **self.frames}

    def way(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """The elements that a packet passed on its way over these nodes, each once."""
        passed = [title for title in map(self.at, nodes) if title]
        boxes = [title for title in passed if title not in self.frames.values()]
        return tuple(dict.fromkeys((*passed, *self._between(passed), *self._between(boxes))))

    def drawn(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """The elements in which nodes are drawn, each once."""
        return tuple(dict.fromkeys(filter(None, map(self.at, nodes))))

    def down(self, found: Iterable[Down]) -> tuple[str, ...]:
        """What shows that something is down, each once: a box, a line, or a leaf of a bundle in place of its line."""
        ends = [tuple(map(self.at, item.ends)) for item in found]
        lines = (title for both in ends if len(both) > 1 for title in self.own.get(frozenset(both), ()))
        return tuple(dict.fromkeys(filter(None, (*(one[0] for one in ends if len(one) == 1), *lines))))

    def at(self, node: str) -> str:
        """The element in which a node is drawn; empty if there is none."""
        return self.frames.get(node) or self.boxes.get(node, "")

    def _between(self, passed: Iterable[str]) -> Iterator[str]:
        for pair in pairwise(passed):
            yield from self.lines.get(frozenset(pair), ())
