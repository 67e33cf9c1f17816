"""Big networks: VNets or sites that hang alike on one hub are drawn as a grid in a frame, with one line to the hub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

from netlab.results.topology import Cluster, Edge, EdgeKind, Topology, frame

# From so many on; fewer are a column that can be read, each with a line of its own.
_MANY = 6
_ABREAST = 4
# How the second line of a connection begins: its type. Circuits and appliances have lines of other words.
_CONNECTIONS = ("IPsec", "Vnet2Vnet")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A cluster whose only line is one to a hub."""

    cluster: Cluster
    edge: Edge

    @property
    def called(self) -> str:
        """The name of its connection; a peering has none."""
        return "" if self.edge.kind == "peering" else self.edge.lines[0]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Leaves of one hub whose lines say the same: the name of its frame, its words, and the boxes that its line joins.

    Sites are left of their hub, VNets right of it.
    """

    name: str
    kind: EdgeKind
    side: Literal["left", "right"]
    hub: str
    hub_box: str
    words: tuple[str, ...]
    leaves: tuple[Leaf, ...]

    @property
    def rows(self) -> tuple[tuple[Leaf, ...], ...]:
        """The grid: as wide as high, and at most four abreast."""
        width = min(_ABREAST, ceil(sqrt(len(self.leaves))))
        return tuple(self.leaves[start : start + width] for start in range(0, len(self.leaves), width))

    @property
    def joints(self) -> tuple[tuple[str, str], ...]:
        """For each row the boxes by which it hangs on the hub, in the order from left to right."""
        if self.side == "right":
            return tuple((self.hub_box, row[0].cluster.nodes[0].id) for row in self.rows)
        return tuple((row[-1].cluster.nodes[0].id, self.hub_box) for row in self.rows)

    @property
    def line(self) -> tuple[str, str]:
        """The boxes between which its one line is drawn: those of the row in the middle."""
        return self.joints[len(self.joints) // 2]


@dataclass(frozen=True, slots=True)
class Bundled:
    """What is drawn of a topology: its bundles, and all clusters and lines that are in none; ``hubs`` are the boxes of
    the clusters that have bundles."""

    drawing: Topology
    bundles: tuple[Bundle, ...]
    clusters: tuple[Cluster, ...]
    edges: tuple[Edge, ...]
    hubs: frozenset[str]

    def boxes(self, edge: Edge) -> tuple[str, str]:
        """The boxes between which a line is drawn, the left one first: what hangs on a hub singly is left of it."""
        tail, head = self.drawing.boxes(edge)
        return (head, tail) if self.is_turned(edge) else (tail, head)

    def is_turned(self, edge: Edge) -> bool:
        """Whether a line is drawn from its head to its tail; one with an arrow never is."""
        tail, head = self.drawing.boxes(edge)
        return edge.kind != "initiated" and tail in self.hubs and head not in self.hubs

    def is_between_hubs(self, edge: Edge) -> bool:
        """Whether both ends are hubs: these stand above each other."""
        return set(self.drawing.boxes(edge)) <= self.hubs


def bundled(drawing: Topology) -> Bundled:
    """A topology with its bundles; a small one has none."""
    homes = {name: cluster for cluster in drawing.clusters for name in (cluster.id, *(n.id for n in cluster.nodes))}
    alike: dict[tuple[object, ...], list[Leaf]] = {}
    for leaf, hub in _leaves(drawing, homes):
        alike.setdefault((hub, leaf.edge.kind, leaf.cluster.kind, _words(leaf)), []).append(leaf)
    many = [leaves for leaves in alike.values() if len(leaves) >= _MANY]
    bundles = tuple(_bundle(number, leaves, drawing, homes) for number, leaves in enumerate(many, 1))
    gone = {leaf.cluster.id for bundle in bundles for leaf in bundle.leaves}
    lines = {leaf.edge for bundle in bundles for leaf in bundle.leaves}
    clusters = tuple(cluster for cluster in drawing.clusters if cluster.id not in gone)
    edges = tuple(edge for edge in drawing.edges if edge not in lines)
    return Bundled(drawing, bundles, clusters, edges, _hubs(bundles, clusters))


def _hubs(bundles: Iterable[Bundle], clusters: Iterable[Cluster]) -> frozenset[str]:
    """The boxes of the clusters that have bundles."""
    with_bundles = {bundle.hub_box for bundle in bundles}
    boxes = ({node.id for node in cluster.nodes} for cluster in clusters)
    return frozenset().union(*(found for found in boxes if found & with_bundles))


def _leaves(drawing: Topology, homes: Mapping[str, Cluster]) -> Iterator[tuple[Leaf, str]]:
    """Each cluster with one line, and the hub at its other end, which has more than one."""
    lines: dict[str, list[Edge]] = {}
    for edge in drawing.edges:
        for end in dict.fromkeys(homes[end].id for end in (edge.tail, edge.head) if end in homes):
            lines.setdefault(end, []).append(edge)
    for cluster in drawing.clusters:
        if len(found := lines.get(cluster.id, [])) == 1 and _can_be_bundled(edge := found[0]):
            hub = _other(edge, cluster, homes)
            if hub in homes and len(lines[homes[hub].id]) > 1:
                yield Leaf(cluster, edge), hub


def _can_be_bundled(edge: Edge) -> bool:
    """Whether a line is a peering or a connection without words of its own, such as NAT rules."""
    return edge.kind == "peering" or (
        edge.kind in ("bgp", "static") and len(edge.lines) == 2 and edge.lines[1].startswith(_CONNECTIONS)
    )


def _other(edge: Edge, cluster: Cluster, homes: Mapping[str, Cluster]) -> str:
    return edge.head if homes.get(edge.tail) is cluster else edge.tail


def _words(leaf: Leaf) -> tuple[str, ...]:
    """What the line of a leaf says, without the leaf's own name and number."""
    if leaf.edge.kind == "peering":
        own = f"{leaf.cluster.title.partition('  ')[0]}: "
        return tuple(f"each: {line.removeprefix(own)}" if line.startswith(own) else line for line in leaf.edge.lines)
    kind, _, routing = leaf.edge.lines[1].partition(", ")
    return (f"{kind}, {routing.partition(' ')[0]}",)


def _bundle(number: int, leaves: Iterable[Leaf], drawing: Topology, homes: Mapping[str, Cluster]) -> Bundle:
    leaves = tuple(leaves)
    first = leaves[0]
    hub = _other(first.edge, first.cluster, homes)
    tail, head = drawing.boxes(first.edge)
    box = tail if hub == first.edge.tail else head
    site = first.cluster.kind == "site"
    what, how = "sites" if site else "VNets", "peered with" if first.edge.kind == "peering" else "connected to"
    title = f"{len(leaves)} {what}, each {how} {homes[hub].title.partition('  ')[0]}"
    said = tuple(line for line in _words(first) if line != "peering")
    side: Literal["left", "right"] = "left" if site else "right"
    return Bundle(frame(f"bundle {number}"), first.edge.kind, side, hub, box, (title, *said), leaves)
