"""The process that keeps a lab's VNets in step: ``python -m netlab.lab.controller LAB``, started by ``up``."""

from __future__ import annotations

import sys
from pathlib import Path

from netlab.fabric import controller, demand
from netlab.lab import state
from netlab.lab.state import INITIATED
from netlab.machine.linux import CONTROLLER, Linux


def main() -> None:
    """Run the SDN controller of the lab that the command line names, until stopped."""
    lab, machine = sys.argv[1], Linux()
    plan = state.read(lab).plan
    demand.start(plan, machine)
    controller.run(plan, machine, _take_its_name, lambda: state.is_past(lab, INITIATED))


def _take_its_name() -> None:
    """By this name the others find it: it is at work."""
    Path("/proc/self/comm").write_text(CONTROLLER)


if __name__ == "__main__":
    main()
