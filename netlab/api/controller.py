"""The process that keeps a lab's VNets in step: ``python -m netlab.api.controller LAB``, started by ``up``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from netlab.controllers import demand
from netlab.controllers import sdn as controller
from netlab.lab.build import state
from netlab.lab.build.state import INITIATED
from netlab.machine.linux import CONTROLLER, Linux
from netlab.plan import steering


def main() -> None:
    """Run the SDN controller of the lab that the command line names, until stopped."""
    lab, machine, orders = sys.argv[1], Linux(), _Orders()
    signal.signal(signal.SIGHUP, lambda *_: orders.come())
    roused: frozenset[demand.Demand] = frozenset()
    up: steering.Up | None = None
    while True:
        plan = state.read(lab).plan
        roused = demand.start(plan, machine, roused)
        up = controller.run(plan, machine, orders, lambda: state.is_past(lab, INITIATED), up)


class _Orders:
    """What others tell the controller: SIGHUP is that the lab has another plan now."""

    def __init__(self) -> None:
        self._come = False
        self._poke: Callable[[], None] = lambda: None

    def come(self) -> None:
        """From the signal handler."""
        self._come = True
        self._poke()

    def ready(self, poke: Callable[[], None]) -> None:
        """By this name the others find it: it is at work."""
        self._poke = poke
        Path("/proc/self/comm").write_text(CONTROLLER)

    def replanned(self) -> bool:
        """Whether the lab has another plan since it was asked last."""
        come, self._come = self._come, False
        return come


if __name__ == "__main__":
    main()
