"""Drawings: DOT in, SVG or PNG out, by Graphviz' own program."""

from __future__ import annotations

import graphviz

from netlab.errors import HostError


def svg(source: str) -> str:
    """The SVG of a graph in the DOT language."""
    return _drawn("svg", source).decode()


def png(source: str) -> bytes:
    """The PNG of a graph in the DOT language."""
    return _drawn("png", source)


def _drawn(kind: str, source: str) -> bytes:
    """A graph as a picture; HostError where there is no `dot`, or it refuses."""
    try:
        drawn: bytes = graphviz.pipe("dot", kind, source.encode(), quiet=True)
    except graphviz.ExecutableNotFound:
        raise HostError(
            f"package graphviz: there is no `dot` in the PATH, which draws the {kind.upper()}",
            "run scripts/bootstrap, or apt-get install graphviz; -f dot and -f mermaid do without it",
        ) from None
    except graphviz.CalledProcessError as error:
        why = error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else str(error.stderr)
        raise HostError(f"`dot` cannot draw this: {why.strip()}", "report it with the scenario") from None
    return drawn
