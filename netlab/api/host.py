"""The machine that labs are built on: what it has and lacks."""

from __future__ import annotations

from netlab.machine import host
from netlab.machine.host import require
from netlab.results.catalogue import Need

__all__ = ["require"]


def examine() -> list[Need]:
    """Everything that a lab needs, and the command that mends what is missing."""
    return [_need(found) for found in host.examine()]


def _need(found: host.Finding) -> Need:
    if found.present:
        return Need(found.name, "ok", found.message, "")
    return Need(found.name, "missing" if found.needed else "absent", found.message, found.mend if found.needed else "")
