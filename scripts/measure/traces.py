"""What a lab could leave on this machine: files, mounts, namespaces, links, processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PLACES = ("/run", "/var/tmp")
_DAEMONS = ("charon", "zebra", "bfdd", "bgpd", "netlab", "dumpcap", "tcpdump")


def host() -> set[str]:
    """Everything that could be a trace of a lab, a line each."""
    return {*_files(), *_mounts(), *_links(), *_processes()}


def _files() -> list[str]:
    return [
        f"file {path}" for place in _PLACES for path in Path(place).rglob("*") if not path.is_relative_to("/run/mount")
    ]


def _mounts() -> list[str]:
    fields = (line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return [f"mount of {words[3]} on {words[4]}" for words in fields]


def _links() -> list[str]:
    asked = ("link", "rule", "route show table all")
    said = [subprocess.run(["ip", "-o", *words.split()], capture_output=True, text=True, check=True) for words in asked]
    return [
        f"{words}: {line.split(' ', 1)[0]} {line.split(' ')[1]}"
        for words, done in zip(asked, said, strict=True)
        for line in done.stdout.splitlines()
    ]


def _processes() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            name, cwd = (path / "comm").read_text().strip(), os.readlink(path / "cwd")
        except OSError:
            continue
        if name.startswith(_DAEMONS) or cwd.startswith("/run/netlab"):
            found.append(f"process {path.name} {name}")
    return found


def growth() -> dict[str, float]:
    """What must not grow from one lab to the next: the kernel's namespaces are counted by the kernel."""
    slab = {line.split()[0]: line.split() for line in Path("/proc/slabinfo").read_text().splitlines()[2:]}
    memory = {line.split(":")[0]: int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines()}
    return {
        "used memory, MiB": round((memory["MemTotal"] - memory["MemAvailable"]) / 1024, 1),
        "kernel memory that is not reclaimable, MiB": round(memory["SUnreclaim"] / 1024, 1),
        "network namespaces in the kernel": float(slab["net_namespace"][1]) if "net_namespace" in slab else 0.0,
        "files and mounts": float(len(_files()) + len(_mounts())),
        "processes of labs": float(len(_processes())),
    }
