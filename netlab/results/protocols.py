"""The protocols of probes, and of the packets that the model follows."""

from __future__ import annotations

from typing import Literal

Protocol = Literal["icmp", "udp", "tcp"]

PROTOCOLS: tuple[Protocol, ...] = ("icmp", "udp", "tcp")
