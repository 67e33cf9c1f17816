"""The kernel's policies and SAs that every node should have: those of its charons where the kernel does ESP."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.lab.measure.kernel.moment import Moment
from netlab.plan.model import Node
from netlab.plan.model.held import Wanted


def of(moment: Moment, node: Node) -> Iterator[Wanted]:
    """What a node should have of IPsec's policies and SAs."""
    yield from ()
