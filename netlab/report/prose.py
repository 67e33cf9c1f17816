"""Results that are a few lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netlab.results.catalogue import ListedRule, ListedSource
from netlab.results.lab import Followed, Incident, Overview
from netlab.results.prediction import Explanation
from netlab.results.timers import Timer
from netlab.results.verification import FlowReport, Inferred, Stopped, Unstated

STOPPED: Mapping[Stopped, str] = {
    "until": "played up to the step that was asked for; the steps after it were not measured",
    "failed": "stopped at the first step that is not as expected; the steps after it were not measured",
    "interrupted": "interrupted; the steps that are not listed were not measured",
}


def explained(found: Explanation) -> str:
    """An explanation as text."""
    return "\n".join(_explained(found))


def _explained(found: Explanation) -> Iterator[str]:
    yield found.verdict
    for title, lines in (
        ("forward", found.forward_decisions),
        ("back", found.reverse_decisions),
        ("what would mend it", tuple(each.sentence for each in found.mend)),
        ("nothing mends it, by design of Azure", tuple(each.sentence for each in found.redesign if each.limit)),
        ("no change that was tried mends it; another design", tuple(e.sentence for e in found.redesign if not e.limit)),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)


def overview(found: Overview) -> str:
    """A lab in one line."""
    return (
        f"{found.lab}: {found.state}, scenario {found.scenario or 'unknown'}, {found.namespaces} namespaces, "
        f"data plane {found.data_plane or 'unknown'}, time scale {found.time_scale:g}"
    )


def incident(found: Incident) -> str:
    """How long it took until everything had settled, what a flow lost, and what Azure is known to take."""
    settled = f"settled after {found.seconds:g} s, {found.azure_seconds:g} s in Azure's time"
    if found.flow is None:
        first = f"{settled}; no two machines can talk through it before and after, so no outage was measured"
        return "\n".join((first, *timers(found.timers)))
    return "\n".join((settled, outage(found.flow), *timers(found.timers)))


def outage(found: FlowReport) -> str:
    """What a flow lost, as it was measured here."""
    lost = f"{found.lost} of {found.sent} packets lost, an outage of {found.outage_seconds:g} s"
    return f"{found.source} to {found.target}: {lost}, {found.azure_seconds:g} s in Azure's time"


def timers(found: Iterable[Timer]) -> Iterator[str]:
    """The times that an outage may consist of on Azure, a line each."""
    for timer in found:
        known = f": {timer.azure}" if timer.azure else ""
        source = f" ({timer.source})" if timer.source else ""
        lab = f"; here {timer.lab}" if timer.lab else ""
        yield f"  {timer.standing}: {timer.what}{known}{source}{lab}"


def followed(found: Followed) -> str:
    """Whether a probe was answered, the way that it took, and where it died."""
    outcome = f"answered after {found.rtt_ms:.3f} ms" if found.rtt_ms is not None else "not answered"
    lines = [f"{found.source} to {found.target}, {found.protocol}: {outcome}"]
    lines += [f"  forward: {' > '.join(found.forward) or found.source}"]
    lines += [f"  reverse: {' > '.join(found.reverse) or 'none'}"]
    drop = found.dropped_at
    if drop is not None:
        what = "the answer " if drop.direction == "reverse" else ""
        lines.append(f"  {what}dropped at {drop.node}: {drop.reason}")
    return "\n".join(lines)


def unstated(found: Unstated) -> str:
    """What the scenario states nothing about; empty if there is a statement about everything."""
    parts = [f"{found.pairs} of {found.of_pairs} pairs"] if found.pairs else []
    if found.connections:
        named = ", ".join(found.connections)
        parts.append(f"{len(found.connections)} of {found.of_connections} connections ({named})")
    return f"the scenario states nothing about {' and '.join(parts)}; compared with the model only" if parts else ""


def inferred(found: Iterable[Inferred], cells: int) -> str:
    """How many pairs were not probed, and why; empty if there are none."""
    found = tuple(found)
    pairs, why = sum(item.pairs for item in found), dict.fromkeys(item.why for item in found)
    if not found:
        return ""
    some = "; ".join([*why][:2]) + (f"; and {len(why) - 2} more such" if len(why) > 2 else "")
    return f"{pairs} pairs ({cells} cells) were not probed but inferred: {some}. --all-pairs probes all"


def source(found: ListedSource) -> str:
    """A document that a rule cites, with its address and date."""
    parts = (found.document, found.address, f"as of {found.date}" if found.date else "")
    words = ", ".join(filter(None, parts))
    return words if words.startswith(f"rule {found.key}") else f"{found.key}: {words}"


def rule(found: ListedRule) -> str:
    """A rule with all its data."""
    lines = (
        *(("source", source(item)) for item in found.sources),
        ("confidence", found.confidence),
        ("the lab", ", ".join(found.lab)),
        *(("enforced by", name) for name in found.enforced_by),
        *(("note", found.note) for _ in range(bool(found.note))),
    )
    return "\n".join((f"{found.rule}: {found.statement}", *(f"  {key:<12} {value}" for key, value in lines)))
