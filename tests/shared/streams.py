"""Flows of data between the machines of a lab, and what of them arrives."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from labs import Lab

SECONDS = 3
WINDOW = 8192
"""What the receiver of a TCP flow asks for; the kernel doubles it (socket(7), SO_RCVBUF), and no more is under way."""
PORT = 7009
_SENDERS = {
    "udp": f"""
import socket, sys, time
flow, end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), time.monotonic() + {SECONDS}
flow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
while time.monotonic() < end:
    flow.sendto(bytes(1000), (sys.argv[1], {PORT}))
""",
    "tcp": f"""
import socket, sys
flow = socket.create_connection((sys.argv[1], {PORT}), 20)
while True:
    flow.send(bytes(1000))
""",
}
_COUNT = f"""
import socket, sys, time
tcp = sys.argv[2] == "tcp"
sink = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, {WINDOW} if tcp else 1 << 20)
sink.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sink.bind((sys.argv[1], {PORT}))
if tcp:
    sink.listen()
print("ready", flush=True)
if tcp:
    sink, _ = sink.accept()
sink.settimeout(20)
total, begun = len(sink.recv(2000)), time.monotonic()
while time.monotonic() < begun + {SECONDS} - 1:
    total += len(sink.recv(2000))
print(total / ({SECONDS} - 1))
"""


@contextmanager
def running(lab: Lab, node: str, script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program at a node, until the end of the context."""
    argv = ["ip", "netns", "exec", f"nl.{lab.name}.{node}", "python3", "-c", script, *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def bytes_a_second(lab: Lab, protocol: str, source: str, target: str, address: str) -> float:
    """What arrives of a flow that sends as fast as it may."""
    with running(lab, target, _COUNT, address, protocol) as sink:
        assert sink.stdout is not None
        assert sink.stdout.readline() == "ready\n"
        with running(lab, source, _SENDERS[protocol], address):
            return float(sink.stdout.readline())
