"""The machine that labs are built on: what it has and lacks."""

from __future__ import annotations

from netlab.machine.host import examine, require

__all__ = ["examine", "require"]
