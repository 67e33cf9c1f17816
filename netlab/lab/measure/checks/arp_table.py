"""Say whether the kernel's ARP table, one for all labs and containers of the machine, was full while probes were sent.

Success: it was, and no probe was lost. Where it was not full, nothing is said.
Failure: it was, and probes were lost that the model foresees to be answered: they may have found no room in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.results.verification import Cell, Check


def check(cells: Iterable[Cell], overflows: int) -> Iterator[Check]:
    """Whether lost probes are the table's fault: so often it had no room."""
    if not overflows:
        return
    lost = sum(cell.predicted == "reachable" and cell.observed == "unreachable" for cell in cells)
    words = f"the kernel's ARP table, one for all of this machine, had no room {overflows} times"
    words += f"; lost probes: {lost}; raise net.ipv4.neigh.default.gc_thresh3 of the host" if lost else ""
    yield Check("ARP table", "failed" if lost else "passed", words)
