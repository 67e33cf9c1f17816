"""What is inside a network namespace, as the usual commands print it."""

from __future__ import annotations

import json

from netlab.machine import processes


def ip(netns: str, *words: str) -> list[dict[str, object]]:
    """What `ip -j` prints inside a namespace."""
    code, output = processes.run(netns, ["ip", "-j", *words], "")
    assert code == 0, output
    found: list[dict[str, object]] = json.loads(output or "[]")
    return found
