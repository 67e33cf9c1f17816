"""A topology as the parts of a drawing, in Azure's words: clusters, nodes and edges, without their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EdgeKind = Literal["bgp", "static", "p2s", "peering", "initiated"]


@dataclass(frozen=True, slots=True)
class Node:
    """A box: a subnet with its machines, a gateway, a site's device, its hosts, a client.

    ``holds`` are the nodes of the lab in it, where they are not the box itself.
    """

    id: str
    kind: Literal["subnet", "gateway", "device", "hosts", "client"]
    title: str
    lines: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


def frame(cluster: str) -> str:
    """The name of a cluster's frame in a drawing: Graphviz draws one around subgraphs whose names begin so."""
    return f"cluster {cluster}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A frame around nodes, of which there is at least one."""

    id: str
    kind: Literal["vnet", "site"]
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two nodes or, for peerings, two clusters. ``initiated``: a peering with no counterpart (R101)."""

    kind: EdgeKind
    tail: str
    head: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything to draw of a scenario."""

    name: str
    clusters: tuple[Cluster, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def boxes(self, edge: Edge) -> tuple[str, str]:
        """The boxes between which a line is drawn: of a cluster, its last one."""
        last = {cluster.id: cluster.nodes[-1].id for cluster in self.clusters}
        return last.get(edge.tail, edge.tail), last.get(edge.head, edge.head)


@dataclass(frozen=True, slots=True)
class Machine:
    """A row or a column of the matrix: a machine, a host, a client or the Internet, and the VNet or site that it is in.

    ``place`` is empty for a client and for the Internet.
    """

    node: str
    kind: Literal["vm", "host", "client", "private endpoint", "frontend", "internet"]
    place: str = ""
