"""netlab in a process of its own that is forked from one with its modules loaded: Python's start and the imports, a
third of a small lab's processor time, are paid once for all tests of a worker."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

_ROOMS = ("build", "prove", "read", "model", "show", "fault", "connection")
_LOADED = [*(f"netlab.cli.{room}" for room in _ROOMS), "netlab.api.measure", "scapy.layers.inet"]
_context: ForkServerContext = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_LOADED)


def _main(argv: list[str], directory: str, environment: dict[str, str], out: str, err: str) -> None:
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in ((0, os.devnull), (1, out), (2, err)):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 # until its end
    sys.argv = argv
    from netlab.cli import main

    main()


def run(argv: list[str], cwd: str, env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run netlab's command line to its end; ``subprocess.run``'s result, and its errors."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        process = _context.Process(target=_main, args=(argv, cwd, dict(env), str(out), str(err)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(argv, timeout, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess(argv, process.exitcode, out.read_text(), err.read_text())
