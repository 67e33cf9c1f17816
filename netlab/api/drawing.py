"""Drawings: DOT in, SVG out."""

from __future__ import annotations

from netlab.machine.drawing import svg

__all__ = ["svg"]
