"""A topology and predicted matrices as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from netlab.report.causes import apart
from netlab.report.matrix import columns, foretold, rows
from netlab.results.prediction import PredictedStep
from netlab.results.topology import EdgeKind, Machine, Node, Topology

_LINES: dict[EdgeKind, str] = {"bgp": "===", "static": "---", "p2s": "-.-", "peering": "<-->", "initiated": "-->"}
_CLASSES = (
    "classDef subnet fill:#ffffff,stroke:#7a8794,color:#000000",
    "classDef gateway fill:#d9e8f5,stroke:#7a8794,color:#000000",
    "classDef client fill:#f2f2f2,stroke:#7a8794,color:#000000",
)
_MATRIX_CLASSES = (
    "classDef yes fill:#c6dff2,stroke:#7a8794,color:#000000",
    "classDef no fill:#f7d9b0,stroke:#7a8794,color:#000000",
    "classDef mixed fill:#f3ecb8,stroke:#7a8794,color:#000000",
    "classDef name fill:none,stroke:none",
)
# The letters in a line of a reason below the matrix.
_WIDTH = 90
_LOOKS = {"subnet": "subnet", "hosts": "subnet", "gateway": "gateway", "device": "gateway", "client": "client"}


def mermaid(drawing: Topology, machines: Sequence[Machine] = (), steps: Iterable[PredictedStep] = ()) -> str:
    """The Mermaid source of a topology and, for each step, of the matrix that the model predicts after it."""
    # Of several matrices, Mermaid draws the last one on top.
    numbered = reversed(list(enumerate(steps, 1)))
    matrices = [line for number, step in numbered for line in _matrix(number, step, machines)]
    classes = (*_CLASSES, *(_MATRIX_CLASSES if matrices else ()))
    head = (f"%% {drawing.name}: made by netlab graph", "flowchart LR")
    return "\n".join([*head, *matrices, *_topology(drawing), *classes]) + "\n"


def _topology(drawing: Topology) -> Iterator[str]:
    """Boxes and lines, by numbers: some names (end, style, ...) are words of Mermaid's own."""
    inside = (name for cluster in drawing.clusters for name in (cluster.id, *(node.id for node in cluster.nodes)))
    names = (*inside, *(node.id for node in drawing.nodes))
    ids = {name: f"n{number}" for number, name in enumerate(names, 1)}
    for cluster in drawing.clusters:
        yield f"subgraph {ids[cluster.id]}[{_quoted(cluster.title)}]"
        yield from (f"    {_box(ids, node)}" for node in cluster.nodes)
        yield "end"
    yield from (_box(ids, node) for node in drawing.nodes)
    for edge in drawing.edges:
        yield f"{ids[edge.tail]} {_LINES[edge.kind]}|{_quoted(*edge.lines)}| {ids[edge.head]}"


def _box(ids: dict[str, str], node: Node) -> str:
    return f"{ids[node.id]}[{_quoted(node.title, *node.lines)}]:::{_LOOKS[node.kind]}"


def _matrix(number: int, step: PredictedStep, machines: Sequence[Machine]) -> Iterator[str]:
    """A row is a chain of invisible links: they keep its cells beside each other."""
    asking = [machine.node for machine in rows(machines, step.cells)]
    asked = [machine.node for machine in columns(machines, step.cells)]
    outcomes = foretold(step.cells)
    yield f"subgraph m{number}[{_quoted(f'{number}. {step.name}, predicted')}]"
    yield "    " + " ~~~ ".join(
        f"m{number}h{x}[{_quoted(name)}]:::name" for x, name in enumerate(("from / to", *asked))
    )
    for y, source in enumerate(asking):
        cells = [f"m{number}r{y}[{_quoted(source)}]:::name"]
        for x, target in enumerate(asked):
            found = outcomes.get((source, target))
            words, look = (found.words, found.kind) if found is not None else ("·", "name")
            cells.append(f"m{number}r{y}c{x}[{_quoted(words)}]:::{look}")
        yield "    " + " ~~~ ".join(cells)
    for y, (cause, pairs) in enumerate(apart(step.cells).items()):
        told = f"Not reached: {cause}: {', '.join(' > '.join(pair) for pair in pairs)}"
        yield f"    m{number}w{y}[{_quoted(*wrap(told, _WIDTH))}]:::name"
    yield "end"


def _quoted(*lines: str) -> str:
    """Lines of text as one label; what Mermaid might read as markup is written as its numeric entity."""
    return '"' + "<br/>".join(re.sub(r'["#&;<>`\\]', lambda found: f"#{ord(found[0])};", line) for line in lines) + '"'
