"""Drawings: DOT in, SVG out, by Graphviz' own program."""

from __future__ import annotations

import graphviz

from netlab.errors import HostError


def svg(source: str) -> str:
    """The SVG of a graph in the DOT language; HostError where there is no `dot`, or it refuses."""
    try:
        drawn: str = graphviz.pipe_string("dot", "svg", source, encoding="utf-8", quiet=True)
    except graphviz.ExecutableNotFound:
        raise HostError(
            "package graphviz: there is no `dot` in the PATH, which draws the SVG",
            "run scripts/bootstrap, or apt-get install graphviz; -f dot and -f mermaid do without it",
        ) from None
    except graphviz.CalledProcessError as error:
        raise HostError(f"`dot` cannot draw this: {str(error.stderr).strip()}", "report it with the scenario") from None
    return drawn
