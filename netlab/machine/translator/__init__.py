"""Route translation of a gateway: a process between its bgpd and its peers, which puts other prefixes in messages."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from netlab.machine import processes
from netlab.machine.speaking import Drift
from netlab.plan.model import TRANSLATOR, BgpSpeaker
from netlab.render import text

CONFIGURATION = f"{TRANSLATOR}.conf"


def start(netns: str, speaker: BgpSpeaker, daemon: str) -> processes.Process:
    """Write the configuration and start it."""
    Path(speaker.directory, CONFIGURATION).write_text(text.speaker_conf(speaker, daemon))
    return processes.start([sys.executable, "-m", f"{__name__}.relay"], speaker.directory, netns)


def logs(daemon: str) -> tuple[str]:
    """The file in its directory that has what it says."""
    return (processes.output(sys.executable),)


def ready(directory: str, daemon: str, seconds: float = 0.0) -> bool:
    """Whether it is at work: it takes its name when it has read its configuration."""
    return any(process.name == daemon and not process.stopped for _, process in processes.under(directory))


def remember(speaker: BgpSpeaker, daemon: str) -> None:
    """Nothing: it cannot be configured otherwise while it runs."""


def drift(speaker: BgpSpeaker, daemon: str, networks: Collection[str], shut: Collection[str]) -> Drift:
    """The same: there is none."""
    return frozenset(), frozenset()
