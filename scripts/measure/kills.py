"""Netlab killed at random moments, in every verb of a lab; then `down` or `gc`, and nothing may be left."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure.traces import host

LAB = "killed"
FILES = Path("/tmp/netlab-killed")
# One tunnel and nothing else is up soon; a site with BGP and clients has every step but impaired links.
SMALL, CLIENTS, WHOLE = "s2s-static", "p2s-branch", "p2s-branch-bgp"


@dataclass(frozen=True)
class Verb:
    """A verb with its arguments; the scenario of the lab that it needs, and how often it comes among the others."""

    words: tuple[str, ...]
    scenario: str = SMALL
    weight: int = 1


def _at_lab(words: str, *more: str, scenario: str = SMALL) -> Verb:
    return Verb((*words.split(), "--lab", LAB, *more), scenario)


CAPTURE = ("--all", "-w", str(FILES / "x.pcapng"), "--seconds", "1")
VERBS = {
    "up": Verb(("up", WHOLE, "--name", LAB), "", 8),
    "down": Verb(("down", LAB), WHOLE, 5),
    "gc": Verb(("gc",)),
    "verify": Verb(("verify", LAB), WHOLE, 4),
    "test": Verb(("test", WHOLE), "", 4),
    "status": Verb(("status", LAB)),
    "nodes": Verb(("nodes", LAB)),
    "report": Verb(("report", LAB, "-o", str(FILES / "x.html"))),
    "routes": _at_lab("routes", "vnet1"),
    "trace": _at_lab("trace", "listed", "vm1"),
    "capture": _at_lab("capture", *CAPTURE),
    "capture --keys": _at_lab("capture", *CAPTURE, "--keys"),
    "impair": _at_lab("impair", "Site1", "--rate", "10mbit"),
    "fault link": _at_lab("fault link", "Site1"),
    "fault gateway": _at_lab("fault gateway", "VNet1"),
    "reset gateway": _at_lab("reset gateway", "VNet1"),
    "reset connection": _at_lab("reset connection", "VNet1-Site1"),
    "connection set-key": _at_lab("connection set-key", "VNet1-Site1", "--generate"),
    "p2s profile": _at_lab("p2s profile", "lin", scenario=CLIENTS),
    "p2s disconnect": _at_lab("p2s disconnect", "lin", scenario=CLIENTS),
    "show effective-routes": _at_lab("show effective-routes", "vm1"),
    "show ike-sas": _at_lab("show ike-sas", "VNet1"),
    "exec": _at_lab("exec", "vm1", "--", "true"),
}
# Longer than most verbs take: of some the first kill comes too late. The next ones aim at what the verb took.
_FIRST_SECONDS = 3.0
_OK = (0, 1)


@dataclass
class Tally:
    """What came of the kills of a verb."""

    kills: int = 0
    too_late: int = 0
    by_gc: int = 0
    by_down: int = 0
    left: list[str] = field(default_factory=list)
    seconds: float = _FIRST_SECONDS


def measure(netlab: str, count: int, seed: int) -> dict[str, Any]:
    """Kill so many times; an interrupted run counts as far as it came. Every lab that this process sees is removed."""
    if labs := _labs():
        raise SystemExit(f"reliability: there are labs, run this by scripts/isolated: {', '.join(sorted(labs))}")
    chance = random.Random(seed)
    names = [name for name, verb in VERBS.items() for _ in range(verb.weight)]
    tallies = {name: Tally() for name in VERBS}
    before, began = host(), time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):  # what has been done counts
        for done in range(1, count + 1):
            # Each verb once, then by chance.
            name = list(VERBS)[done - 1] if done <= len(VERBS) else chance.choice(names)
            _kill(netlab, VERBS[name], tallies[name], chance)
            left = sorted(host() - before)
            tallies[name].left += left
            print(f"reliability: kill {done} of {count}: {name}: {left or 'nothing left'}", file=sys.stderr)
    for lab in _labs():
        _run(netlab, "down", lab)
    rows = {name: {key: value for key, value in vars(t).items() if key != "seconds"} for name, t in tallies.items()}
    left = [trace for tally in tallies.values() for trace in tally.left]
    return {
        "seed": seed,
        "seconds": time.monotonic() - began,
        "kills": sum(tally.kills for tally in tallies.values()),
        "left": left,
        "verbs": rows,
    }


def _kill(netlab: str, verb: Verb, tally: Tally, chance: random.Random) -> None:
    """Run a verb, kill it, and remove what there is then."""
    FILES.mkdir(mode=0o700, exist_ok=True)
    if verb.scenario:
        _run(netlab, "up", verb.scenario, "--name", LAB)
    began = time.monotonic()
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([netlab, *verb.words], stdin=nowhere, stdout=nowhere, stderr=nowhere)
    try:
        code = process.wait(chance.uniform(0, tally.seconds))
        if code not in _OK:
            raise SystemExit(f"reliability: netlab {' '.join(verb.words)} exited with {code}")
        tally.too_late += 1
        tally.seconds = time.monotonic() - began
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    tally.kills += 1
    if chance.random() < 0.5:
        there = _labs()
        _run(netlab, "gc")
        tally.by_gc += bool(there - _labs())
    for lab in _labs():
        _run(netlab, "down", lab)
        tally.by_down += 1
    # What a killed verb had begun to write for the user is the user's.
    shutil.rmtree(FILES)


def _labs() -> set[str]:
    """The labs of which there is a directory or a namespace."""
    namespaces = {path.name.split(".")[1] for path in Path("/run/netns").glob("nl.*")}
    return {path.name for path in Path("/run/netlab").glob("*")} | namespaces


def _run(netlab: str, *words: str) -> None:
    """Run a verb to its end; it must succeed."""
    done = subprocess.run([netlab, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"reliability: netlab {' '.join(words)} exited with {done.returncode}:\n{done.stderr}")
