"""The protocols and ports of probes, and of the packets that the model follows."""

from __future__ import annotations

from typing import Literal

Protocol = Literal["icmp", "udp", "tcp"]

PROTOCOLS: tuple[Protocol, ...] = ("icmp", "udp", "tcp")

# Every endpoint answers here, UDP and TCP. Not an ephemeral port, so that no client sits on it.
PORT = 7007
# Probes come from one of these ports, no ephemeral ones either.
SOURCE_PORTS = range(10_000, 30_000)
