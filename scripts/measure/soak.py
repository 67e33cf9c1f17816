"""A large lab that stays up: no session may flap, and its memory may not grow."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure.networks import text

LAB = "soaked"
_EVERY = 30.0
# Daemons fill their buffers at first.
_SETTLED = 60.0


def measure(netlab: str, run: Callable[..., Any], kind: str, size: int, minutes: float) -> dict[str, Any]:
    """Keep the lab of a network up for so many minutes, and look at it every half minute."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "soak.yaml")
        file.write_text(text(kind, size))
        began = time.monotonic()
        run("up", str(file), "--name", LAB)
    up, looks = time.monotonic(), []
    while (now := time.monotonic()) < up + 60 * minutes:
        looks.append(_look(netlab) | {"at": round(now - up, 1)})
        print(f"reliability: soak of {kind} {size}: {looks[-1]}", file=sys.stderr)
        time.sleep(max(0.0, min(_EVERY, up + 60 * minutes - time.monotonic())))
    looks.append(_look(netlab) | {"at": round(time.monotonic() - up, 1)})
    settled = [look for look in looks if look["at"] >= _SETTLED] or looks
    run("down", LAB)
    return {
        "network": kind,
        "size": size,
        "minutes": minutes,
        "up_seconds": up - began,
        "looks": len(looks),
        "unhealthy": [look["at"] for look in looks if not look["healthy"]],
        "flaps": looks[-1]["dropped"] - looks[0]["dropped"],
        "processes": {"first": settled[0]["processes"], "last": settled[-1]["processes"]},
        "memory_mib": {"first": settled[0]["memory"], "last": settled[-1]["memory"]},
        "logs_mib": {"first": settled[0]["logs"], "last": settled[-1]["logs"]},
    }


def _look(netlab: str) -> dict[str, Any]:
    """Whether all is healthy, how often a BGP session has been lost so far, and what the lab takes."""
    said = subprocess.run([netlab, "status", LAB, "-f", "json"], capture_output=True, text=True, check=False).stdout
    found = json.loads(said)[0]
    pids = [path for path in Path("/proc").glob("[0-9]*") if _of_lab(path)]
    return {
        "healthy": found["healthy"],
        "dropped": _dropped(),
        "processes": len(pids),
        "memory": round(sum(map(_private, pids)) / 1024, 1),
        "logs": round(sum(path.stat().st_size for path in Path("/run/netlab", LAB).glob("*/*.log")) / 2**20, 2),
    }


def _of_lab(process: Path) -> bool:
    try:
        return str((process / "cwd").readlink()).startswith(f"/run/netlab/{LAB}")
    except OSError:
        return False


def _private(process: Path) -> int:
    """The memory of a process in KiB that no other one shares: what others share comes and goes with them."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _dropped() -> int:
    """How often BGP sessions of any speaker have been lost."""
    from netlab.machine import frr

    directories = {str(path.parent) for path in Path("/run/netlab", LAB).glob("*/bgpd.vty")}
    peers = [peer for place in directories for peer in frr.show(place, "bgp neighbors").values()]
    return sum(peer.get("connectionsDropped", 0) for peer in peers)
