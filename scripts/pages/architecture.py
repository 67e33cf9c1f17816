"""The pictures of the architecture: the layers of the import contract, and the DOT files beside the pages."""

from __future__ import annotations

import ast
import tomllib
from itertools import pairwise

from pages.markdown import CHECKOUT, DOCS, table

PICTURE = "explanation/layers.svg"


def layers() -> list[list[str]]:
    """The packages of each layer, the highest layer first."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    found = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    return [[name.strip() for name in layer.split("|")] for layer in found if not layer.startswith("(")]


def rooms() -> str:
    """The table of the packages: what each of them does."""
    return table(("Package", "What it does"), ((f"`{name}`", _summary(name)) for layer in layers() for name in layer))


def _summary(name: str) -> str:
    path = CHECKOUT / "netlab" / name / "__init__.py"
    path = path if path.exists() else CHECKOUT / "netlab" / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.partition("\n\n")[0].split())


def picture() -> str:
    """The layers as DOT: a layer is a row; an arrow says that the upper layer imports from the lower one."""
    rows = layers()
    lines = [
        "digraph layers {",
        'graph [rankdir=TB, bgcolor=transparent, ranksep=0.3, nodesep=0.3, fontname="Helvetica,Arial,sans-serif"]',
        'node [shape=box, style="rounded,filled", fillcolor="#d9e8f5", color="#7a8794", width=1.5, '
        'fontname="Helvetica,Arial,sans-serif", fontsize=12]',
        'edge [color="#7a8794", arrowsize=0.6]',
    ]
    for row in rows:
        lines.append(f"{{rank=same; {'; '.join(row)}}}")
    for upper, lower in pairwise(rows):
        lines += [f'"{above}" -> "{below}"' for above in upper for below in lower]
    return "\n".join([*lines, "}"])


def pictures() -> dict[str, str]:
    """The picture of the layers, and each picture that a page has as DOT, as SVG by its path."""
    import graphviz

    sources = {PICTURE: picture()}
    sources |= {str(path.relative_to(DOCS).with_suffix(".svg")): path.read_text() for path in DOCS.rglob("*.dot")}
    return {
        name: graphviz.pipe_string("dot", "svg", text, encoding="utf-8", quiet=True) for name, text in sources.items()
    }
