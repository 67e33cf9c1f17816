"""What the tests on the real kernel share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# What is the host's own business: clocks that run, counters, and what a loaded module adds to a list of names.
_VOLATILE_KEYS = {"valid_life_time", "preferred_life_time", "expires", "used", "packets", "bytes"}
_VOLATILE_SYSCTLS = ("tcp_available_congestion_control", "tcp_available_ulp")
_DAEMONS = ("charon", "zebra", "bfdd", "bgpd", "netlab")
# Made, and bound to itself, by whoever uses namespaces first; it stays.
_NETNS = "/run/netns"

Facts = dict[str, str]


@pytest.fixture
def host_changes() -> Callable[[], list[str]]:
    """What is different on the host since the test began."""
    before = host_state()
    return lambda: changes(before, host_state())


@pytest.fixture
def host_unchanged(host_changes: Callable[[], list[str]]) -> Iterator[None]:
    """The host is after the test as it was before it."""
    yield
    if found := host_changes():
        pytest.fail("\n".join(("the host is not as it was before the test:", *found)), pytrace=False)


def host_state() -> Facts:
    """Everything on the host that a lab could leave a trace in: what it is, and its value."""
    return {name: value for read in _READERS for name, value in read()}


def changes(before: Facts, after: Facts) -> list[str]:
    """What is gone, new or different."""
    gone = [f"gone: {name} {before[name]}" for name in before.keys() - after.keys()]
    new = [f"new: {name} {after[name]}" for name in after.keys() - before.keys()]
    both = before.keys() & after.keys()
    changed = [f"changed: {name} {before[name]} to {after[name]}" for name in both if before[name] != after[name]]
    return sorted(gone + new + changed)


def _ip(*what: str, options: tuple[str, ...] = ()) -> Callable[[], Iterator[tuple[str, str]]]:
    """Several questions to one process: on an emulated machine each process costs 50 ms."""

    def read() -> Iterator[tuple[str, str]]:
        said = _output("ip", *options, "-j", "-batch", "-", stdin="\n".join(what))
        found, at = json.JSONDecoder(), 0
        for question in what:
            items, at = found.raw_decode(said, at)
            at += said[at:].startswith("\n")
            name = " ".join((*options, question))
            yield from ((f"{name}: {json.dumps(_stable(item), sort_keys=True)}", "") for item in items if item)

    return read


def _nftables() -> Iterator[tuple[str, str]]:
    for item in json.loads(_output("nft", "-j", "list", "ruleset") or '{"nftables": []}')["nftables"]:
        yield f"nftables: {json.dumps(_stable(item), sort_keys=True)}", ""


def _stable(value: Any) -> Any:
    """A value without what changes by itself."""
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items() if key not in _VOLATILE_KEYS}
    return [_stable(item) for item in value] if isinstance(value, list) else value


def _output(*command: str, stdin: str = "") -> str:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def _sysctls() -> Iterator[tuple[str, str]]:
    for family in ("ipv4", "ipv6"):
        for directory, _, names in os.walk(f"/proc/sys/net/{family}"):
            for name in names:
                if name not in _VOLATILE_SYSCTLS:
                    try:
                        yield f"sysctl {directory[len('/proc/sys/') :]}/{name}", _read(f"{directory}/{name}")
                    except OSError:
                        # Write-only, or a key that was never made.
                        continue


def _read(path: str) -> str:
    """A small file without Python's own layers: there are a thousand of them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536).decode().strip()
    finally:
        os.close(descriptor)


def _mounts() -> Iterator[tuple[str, str]]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        root, place, (kind, source) = fields[3], fields[4], fields[fields.index("-") + 1 :][:2]
        if place != _NETNS:
            yield f"mount of {kind} {source} {root} on {place}", ""


def _processes() -> Iterator[tuple[str, str]]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            name = (path / "comm").read_text().strip()
            cwd = str((path / "cwd").readlink())
        except OSError:
            continue
        if name.startswith(_DAEMONS) or cwd.startswith("/run/netlab"):
            yield f"process {path.name}", name


def _files() -> Iterator[tuple[str, str]]:
    for root in map(Path, (_NETNS, "/run/netlab", "/var/tmp/frr")):
        found = (*root.rglob("*"), *([root] if root.exists() and str(root) != _NETNS else []))
        yield from ((f"file {path}", "") for path in found)


_READERS = (
    _ip("link", "address", "route show table all", "rule"),
    _ip("route show table all", "rule", options=("-6",)),
    _nftables,
    _sysctls,
    _mounts,
    _processes,
    _files,
)
