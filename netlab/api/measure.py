"""Packets through a running lab: to verify it, to follow one, to capture, to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from netlab.api.labs import Lab, find_node, find_pair
from netlab.api.machine import LINUX
from netlab.azure import outcome
from netlab.azure.prediction import Forecast, story_of
from netlab.azure.wording import worded
from netlab.errors import UsageError
from netlab.lab.build import records
from netlab.lab.measure import capturing, trace, verify, witness
from netlab.lab.measure.probing import aimed, all_addresses
from netlab.lab.measure.verify import Ahead, Extent, Pause
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.impairment import impaired
from netlab.probe.trace import Probe
from netlab.results.lab import Followed, MeasuredLink
from netlab.results.prediction import Explanation
from netlab.results.protocols import Protocol
from netlab.results.verification import Report
from netlab.scenario.names import by_node, step_named, suggest

__all__ = ["Ahead", "Extent", "Pause"]

Progress = Callable[[str], None]


def prove(lab: Lab, progress: Progress, extent: Extent, *, all_pairs: bool) -> Report:
    """Play the scenario's story and measure after each step; the lab is as it was afterwards, unless it is to stay."""
    with records.locked(lab.facts.lab):
        return verify.verify(lab, LINUX, progress, _asked(lab, extent), all_pairs=all_pairs)


def _asked(lab: Lab, extent: Extent) -> Extent:
    """What is to be played, its last step by name; UsageError where there is nothing."""
    names = [step.name for step in story_of(lab.scenario)]
    begun = records.played(lab) if extent.onward else 0
    until = step_named(extent.until, names) if extent.until else ""
    if until is None:
        raise UsageError(f"{lab.scenario.name} has no step {extent.until[:60]!r}", suggest(extent.until, names))
    if extent.onward and not begun:
        raise UsageError(f"{lab.facts.lab} stays at no step of its story", "netlab verify --until STEP --keep")
    if begun == len(names) or until in names[:begun]:
        raise UsageError(
            f"{lab.facts.lab} stays at {names[begun - 1]!r}: that was played already", "netlab reset story"
        )
    return replace(extent, until=until)


def follow(lab: Lab, source: str, target: str, protocol: Protocol) -> Followed:
    """Send one probe and see it pass everywhere."""
    addresses = probe_addresses(lab, LINUX.clients)
    state = records.state(lab)
    pair = find_pair(lab, addresses, source, target)
    probe = aimed(state, all_addresses(state, addresses), Probe(*pair, protocol))
    with records.locked(lab.facts.lab):
        return trace.follow(lab, LINUX, addresses, probe)


def explanation(lab: Lab, source: str, target: str, protocol: Protocol) -> Explanation:
    """Why a pair can talk or not, by the way that a probe took."""
    state = records.state(lab)
    addresses = probe_addresses(lab, LINUX.clients)
    nodes = find_pair(lab, addresses, source, target)
    everything = all_addresses(state, addresses)
    with records.locked(lab.facts.lab):
        seen = witness.watch(lab, LINUX, addresses, aimed(state, everything, Probe(*nodes, protocol)))
    ends = by_node(state.scenario)
    foreseen = Forecast(state, everything).pair(ends[nodes[0]], ends[nodes[1]], protocol)
    return outcome.explanation(state, worded(seen, foreseen), everything)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a capture is put, for how many seconds it runs (else until a signal), and whether with keys."""

    file: Path
    seconds: float | None
    keys: bool


def capture(lab: Lab, nodes: Iterable[str], target: Target, progress: Progress) -> None:
    """Capture at nodes, by the names that a user gives them, or at all; say when it has begun and what it brought."""
    wanted = dict.fromkeys(find_node(lab, name) for name in nodes)
    at = tuple(wanted or (node.name for node in lab.plan.nodes))
    order = capturing.Order(at, target.file, target.seconds, target.keys)
    capturing.check(order)
    capturing.run(lab, order, progress)


def impair(lab: Lab, link: str, asked: Mapping[str, str], reset: bool) -> MeasuredLink:
    """Impair a link and measure what it does then, or reset it; the link's name, and what was measured."""
    with records.locked(lab.facts.lab):
        uplink = impaired(lab, link, asked, reset)
        if reset:
            LINUX.links.restore(lab.plan, uplink)
            records.write_impairment(lab, replace(uplink, delay=0, jitter=0, loss=0, rate=0))
            return MeasuredLink(uplink.name, None, None, None)
        found = LINUX.links.impair(lab.plan, uplink)
        records.write_impairment(lab, uplink)
    return MeasuredLink(uplink.name, found.rtt_ms, found.loss, found.rate)
