"""The process that keeps a lab's VNets in step: this module as a program, with the lab's name; started by ``up``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Thread

from netlab.controllers import demand, loop
from netlab.lab.build import journal, records
from netlab.machine import bgp, daemons, gateways, ike, logs, members, packets, routers, sas
from netlab.machine.answering import Answering
from netlab.machine.watch import Watch
from netlab.plan import steering
from netlab.plan.names import lab_directory

PORTS = loop.Ports(gateways, routers, sas, bgp, members, Watch)
DEMAND = demand.Ports(packets.PacketTap, sas.children, sas.connecting, ike.initiate_child)


def main() -> None:
    """Run the controllers of the lab that the command line names, until stopped."""
    lab, orders = sys.argv[1], _Orders()
    signal.signal(signal.SIGHUP, lambda *_: orders.come())
    Thread(target=logs.keep_short, args=(lab_directory(lab),), daemon=True).start()
    watched: frozenset[demand.Demand] = frozenset()
    up: steering.Up | None = None
    while True:
        plan = records.read(lab).plan
        watched = demand.start(plan, DEMAND, watched)
        up = loop.run(plan, PORTS, orders, lambda: journal.is_past(lab, journal.INITIATED), up)


class _Orders:
    """The orders of other processes: SIGHUP is that the lab has another plan now."""

    def __init__(self) -> None:
        self._come = False
        self._poke: Callable[[], None] = lambda: None
        self._answering: Answering | None = None

    def come(self) -> None:
        """From the signal handler."""
        self._come = True
        self._poke()

    def ready(self, poke: Callable[[], None]) -> None:
        """Take the name by which other processes find the controller: it is at work."""
        self._poke = poke
        if self._answering is None:
            self._answering = Answering(".", lambda: self._poke())
        daemons.take_name()

    def round(self) -> AbstractContextManager[None]:
        """A round of the loop, after which those are answered that asked before it."""
        return self._answering.round() if self._answering is not None else nullcontext()

    def replanned(self) -> bool:
        """Whether the lab has another plan since it was asked last."""
        come, self._come = self._come, False
        return come


if __name__ == "__main__":
    main()
