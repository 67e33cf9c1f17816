"""The process that keeps a lab's VNets in step: ``python -m netlab.lab.controller LAB``, started by ``up``."""

from __future__ import annotations

import sys

from netlab.fabric import controller
from netlab.lab import state
from netlab.machine.linux import Linux


def main() -> None:
    """Run the SDN controller of the lab that the command line names, until stopped."""
    controller.run(state.read(sys.argv[1]).plan, Linux())


if __name__ == "__main__":
    main()
