"""A topology and predicted matrices in the DOT language; `dot` lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from textwrap import wrap

from graphviz import Digraph

from netlab.report.bundles import Bundle, Bundled, bundled
from netlab.report.causes import apart
from netlab.report.matrix import columns, foretold, rows
from netlab.results.prediction import PredictedStep
from netlab.results.topology import Cluster, Edge, EdgeKind, Machine, Node, Topology, frame

# Told apart by their dashes as well as by their colours, which are Okabe's and Ito's: no eye takes two for one.
_LINES: dict[EdgeKind, dict[str, str]] = {
    "bgp": {"color": "#0072b2", "penwidth": "2.4"},
    "static": {"color": "#444444", "penwidth": "1.2"},
    "p2s": {"color": "#444444", "style": "dotted", "penwidth": "1.6"},
    "peering": {"color": "#b35900", "style": "dashed", "penwidth": "1.4"},
    "initiated": {"color": "#b35900", "style": "dashed", "penwidth": "1.0", "dir": "forward", "arrowhead": "open"},
}
# Graphviz 2.43 puts a grid's columns the farther apart the more rows it has, if frames have 9 points or less.
_ROOM = "12"
_UNSEEN = {"style": "invis"}
_FILLS = {"subnet": "#ffffff", "gateway": "#d9e8f5", "device": "#d9e8f5", "hosts": "#ffffff", "client": "#f2f2f2"}
_FRAMES = {"vnet": "#f4f8fc", "site": "#f7f5f0"}
_COLOURS = {"yes": "#c6dff2", "no": "#f7d9b0", "mixed": "#f3ecb8"}
_ABREAST = 3
# The letters in a line of a cell, and of a reason below the matrix.
_CELL, _WIDTH = 9, 90
_FONT = "Helvetica,Arial,sans-serif"


def dot(drawing: Topology, machines: Sequence[Machine] = (), steps: Iterable[PredictedStep] = ()) -> str:
    """The DOT source of a topology and, for each step, of the matrix that the model predicts after it."""
    graph = Digraph(drawing.name, graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)
    found = bundled(drawing)
    for cluster in found.clusters:
        _frame(graph, cluster)
    for bundle in found.bundles:
        _bundle(graph, bundle)
    for node in drawing.nodes:
        _box(graph, node)
    for edge in found.edges:
        _line(graph, edge, found)
    matrices = [_matrix(number, step, machines) for number, step in enumerate(steps, 1)]
    if matrices:
        graph.attr(label=_label(_rows(matrices)), labelloc="b", labeljust="l")
    source: str = graph.source
    return source


_GRAPH = {
    "rankdir": "LR", "compound": "true", "fontname": _FONT, "fontsize": "12", "nodesep": "0.25", "ranksep": "0.5",
    "bgcolor": "transparent",
}  # fmt: skip
_NODE = {"shape": "box", "style": "rounded,filled", "fontname": _FONT, "fontsize": "11", "margin": "0.08,0.05"}
_EDGE = {"dir": "none", "fontname": _FONT, "fontsize": "10"}


def _frame(graph: Digraph, cluster: Cluster, called: str = "", **more: str) -> None:
    look = {"style": "rounded,filled", "color": "#7a8794", "fillcolor": _FRAMES[cluster.kind], "labeljust": "l"}
    with graph.subgraph(name=frame(cluster.id)) as inside:
        below = f'<BR ALIGN="LEFT"/>{_text(called)}<BR ALIGN="LEFT"/>' if called else ""
        inside.attr(label=_label(f"<B>{_text(cluster.title)}</B>{below}"), **look, **more, **{"class": cluster.kind})
        for node in cluster.nodes:
            _box(inside, node)


def _box(graph: Digraph, node: Node) -> None:
    rows = "".join(f'<TR><TD ALIGN="LEFT">{_text(line)}</TD></TR>' for line in node.lines)
    title = f'<TR><TD ALIGN="LEFT"><B>{_text(node.title)}</B></TD></TR>'
    table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{title}{rows}</TABLE>'
    graph.node(node.id, _label(table), fillcolor=_FILLS[node.kind], color="#7a8794", **{"class": node.kind})


def _bundle(graph: Digraph, bundle: Bundle) -> None:
    """A frame with a grid, which dot keeps by lines that are not seen, and one line that is."""
    look = {"style": "rounded,dashed", "color": "#7a8794", "labeljust": "l"}
    with graph.subgraph(name=bundle.name) as inside:
        words = '<BR ALIGN="LEFT"/>'.join(map(_text, bundle.words))
        inside.attr(label=_label(f'{words}<BR ALIGN="LEFT"/>'), **look, **{"class": "bundle"})
        for leaf in bundle.leaves:
            _frame(inside, leaf.cluster, leaf.called, margin=_ROOM)
        for row in bundle.rows:
            for one, other in pairwise(leaf.cluster.nodes[0].id for leaf in row):
                inside.edge(one, other, style="invis")
    of_hub, of_leaves = ("ltail", "lhead") if bundle.side == "right" else ("lhead", "ltail")
    frames = {of_leaves: bundle.name, **({of_hub: frame(bundle.hub)} if bundle.hub != bundle.hub_box else {})}
    for joint in bundle.joints:
        seen = {**_LINES[bundle.kind], "penwidth": "2.4", "class": bundle.kind} if joint == bundle.line else _UNSEEN
        graph.edge(*joint, **seen, **frames)


def _line(graph: Digraph, edge: Edge, found: Bundled) -> None:
    """A line; one between clusters is drawn between nodes in them, and cut where it meets the frames."""
    look = {**_LINES[edge.kind], "class": edge.kind, "label": _label("<BR/>".join(map(_text, edge.lines)))}
    look |= {"constraint": "false"} if found.is_between_hubs(edge) else {}
    ends = (edge.head, edge.tail) if found.is_turned(edge) else (edge.tail, edge.head)
    boxes = found.boxes(edge)
    frames = {} if boxes == ends else {"ltail": frame(ends[0]), "lhead": frame(ends[1])}
    graph.edge(*boxes, **look, **frames)


def _matrix(number: int, step: PredictedStep, machines: Sequence[Machine]) -> str:
    asking = [machine.node for machine in rows(machines, step.cells)]
    asked = [machine.node for machine in columns(machines, step.cells)]
    outcomes = foretold(step.cells)

    def cells(source: str) -> Iterator[str]:
        for target in asked:
            found = outcomes.get((source, target))
            words = wrap(found.words, _CELL, break_long_words=False) if found is not None else ["·"]
            yield f'<TD BGCOLOR="{_COLOURS[found.kind] if found is not None else "#ffffff"}">{"<BR/>".join(words)}</TD>'

    head = "".join(f"<TD>{_text(name)}</TD>" for name in asked)
    lines = (f'<TR><TD ALIGN="LEFT">{_text(name)}</TD>{"".join(cells(name))}</TR>' for name in asking)
    words = f"<B>{number}. {_text(step.name)}</B>, predicted"
    title = f'<TR><TD COLSPAN="{len(asked) + 1}" BORDER="0" ALIGN="LEFT">{words}</TD></TR>'
    corner = '<TD ALIGN="LEFT">from \\ to</TD>'
    return (
        '<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="4" COLOR="#7a8794">'
        f"{title}<TR>{corner}{head}</TR>{''.join(lines)}{_reasons(step, len(asked) + 1)}</TABLE>"
    )


def _reasons(step: PredictedStep, width: int) -> str:
    """Why not all protocols of a pair are reached: below the matrix, a row for each cause."""
    told = (
        f"Not reached: {cause}: {', '.join(' > '.join(pair) for pair in pairs)}"
        for cause, pairs in apart(step.cells).items()
    )
    lines = ("".join(f'{_text(line)}<BR ALIGN="LEFT"/>' for line in wrap(text, _WIDTH)) for text in told)
    return "".join(f'<TR><TD COLSPAN="{width}" BORDER="0" ALIGN="LEFT">{line}</TD></TR>' for line in lines)


def _rows(matrices: list[str]) -> str:
    """The matrices below the topology, in the order of the steps."""
    lines = (matrices[start : start + _ABREAST] for start in range(0, len(matrices), _ABREAST))
    rows = (f"<TR>{''.join(f'<TD>{matrix}</TD>' for matrix in line)}</TR>" for line in lines)
    return f'<TABLE BORDER="0" CELLSPACING="12">{"".join(rows)}</TABLE>'


def _label(markup: str) -> str:
    """A label in DOT's own markup, which resembles HTML."""
    return f"<{markup}>"


def _text(text: str) -> str:
    """Text in a label: no markup. A backslash becomes its lookalike: before N, G or E, DOT puts names for it."""
    return escape(text).replace("\\", "&#8726;").replace("  ", "&#160; ")
