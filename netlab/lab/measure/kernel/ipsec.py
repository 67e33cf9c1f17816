"""The kernel's policies and SAs of IPsec: where charon does ESP itself, there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.lab.measure.kernel.moment import Moment
from netlab.plan.model.held import Fact


def compared(moment: Moment, present: Iterable[Fact]) -> Iterator[Fact]:
    """What is compared of a node: all, but for what charon puts into the kernel where that does ESP."""
    in_kernel = moment.plan.data_plane == "kernel"
    return (fact for fact in present if not (in_kernel and fact.kind in ("policy", "sa")))
