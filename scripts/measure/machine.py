"""The machine that is measured on."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
NETLAB = str(CHECKOUT / ".venv/bin/netlab")


def answer(*command: str) -> str:
    """What a command prints; empty where there is no such command or it fails."""
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return ""


def machine() -> dict[str, Any]:
    """What was measured on."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return {
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "kernel": platform.release(),
        "cpu": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "load": os.getloadavg()[0],
        "python": answer(str(CHECKOUT / ".venv/bin/python"), "--version").removeprefix("Python "),
        "strongswan": answer("dpkg-query", "-W", "-f", "${Version}", "charon-systemd"),
        "frr": answer("dpkg-query", "-W", "-f", "${Version}", "frr"),
        "netlab": answer(NETLAB, "--version").removeprefix("netlab "),
    }
