"""Azure's rules, who says so, and what a lab does with them."""

from __future__ import annotations

from netlab.scenario.rules.rulebook import entries, entry, outline, structure

__all__ = ["entries", "entry", "outline", "structure"]
