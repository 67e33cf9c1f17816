"""Networks of namespaces, made by hand."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from netlab.machine.waiting import wait_until
from netlab.probe import all_pairs


@dataclass
class Net:
    """Namespaces and veths of one test; `close` removes them all."""

    prefix: str
    nodes: dict[str, str] = field(default_factory=dict)

    def node(self, *names: str) -> None:
        for name in names:
            netns = f"{self.prefix}{name}"
            _run("ip", "netns", "add", netns)
            self.nodes[name] = netns
            self.ip(name, "link set lo up")
            self.run(name, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def link(self, one: str, other: str, address: str, other_address: str, mtu: int = 1500) -> None:
        """Link two nodes; the interfaces are called `to-r` after the other end."""
        end = f"mtu {mtu} type veth peer name to-{one} mtu {mtu} netns {self.nodes[other]}"
        self.ip(one, f"link add name to-{other} {end}")
        for node, peer, held in ((one, other, address), (other, one, other_address)):
            self.ip(node, f"address add {held} dev to-{peer}", f"link set dev to-{peer} up")
        for node, peer in ((one, other), (other, one)):
            wait_until(partial(self._carries, node, f"to-{peer}"), 5, lambda: f"{one} to {other}: no carrier")

    def _carries(self, node: str, interface: str) -> bool:
        """Whether an interface sends: a work queue gives it its queue (net/core/link_watch.c), noop drops all."""
        shown = subprocess.run(
            ["ip", "-n", self.nodes[node], "-j", "link", "show", interface], check=True, capture_output=True
        )
        return bool(json.loads(shown.stdout)[0]["qdisc"] != "noop")

    def ip(self, node: str, *commands: str) -> None:
        for command in commands:
            _run("ip", "-n", self.nodes[node], *command.split())

    def filter(self, node: str, hook: str, rule: str) -> None:
        table = f"table ip t {{ chain c {{ type filter hook {hook} priority 0; {rule}; }}; }}"
        self.run(node, "nft", "-f", "-", stdin=table)

    def run(self, node: str, *command: str, stdin: str = "") -> None:
        _run("ip", "netns", "exec", self.nodes[node], *command, stdin=stdin)

    def close(self) -> None:
        for netns in self.nodes.values():
            subprocess.run(["ip", "netns", "delete", netns], check=False)


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, text=True, capture_output=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


@contextmanager
def network() -> Iterator[Net]:
    """A network without nodes."""
    built = Net(f"nlt-{os.getpid()}-")
    try:
        yield built
    finally:
        built.close()


def line(net: Net) -> Net:
    """a (10.0.1.10), router r, b (10.0.2.10)."""
    net.node("a", "r", "b")
    net.link("a", "r", "10.0.1.10/24", "10.0.1.1/24")
    net.link("b", "r", "10.0.2.10/24", "10.0.2.1/24")
    net.ip("a", "route add default via 10.0.1.1")
    net.ip("b", "route add default via 10.0.2.1")
    return net


ADDRESSES = {"a": "10.0.1.10", "b": "10.0.2.10"}
"""The ends of a line."""
ALL = all_pairs(ADDRESSES)
TO_B = tuple(probe for probe in ALL if probe.source == "a")
