"""Drawings: DOT in, SVG or PNG out."""

from __future__ import annotations

from netlab.machine.drawing import png, svg

__all__ = ["png", "svg"]
