"""A sweep for a terminal, and as JUnit XML for CI."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from typing import Any

from netlab.report.junit import add_case, written
from netlab.results.sweep import Failed, LostPair, Sweep
from netlab.results.verification import Status


def rows(found: Sweep) -> list[dict[str, Any]]:
    """A row per failure: what is lost, what goes another way, and the outage of one pair that does."""
    return [
        {
            "failure": failed.name,
            "pairs lost": f"{len(_pairs(failed.lost))} of {failed.pairs}",
            "another way": len(_pairs(failed.moved)),
            "outage": _outage(failed),
            **({"packets": failed.status or "not measured"} if found.measured else {}),
        }
        for failed in found.failures
    ]


def lines(found: Sweep) -> Iterator[str]:
    """The single points of failure with what each costs, what must survive and does not, and what packets say else."""
    count = len(found.single_points)
    of = f"{len(found.failures)} failures of {found.scenario}, {found.step}"
    yield f"{of}: {count or 'none'} {'costs' if count == 1 else 'cost'} a pair its connection"
    for failed in found.single_points:
        yield f"{failed.name}: {len(_pairs(failed.lost))} of {failed.pairs} pairs are lost"
        yield from (f"  - {line}" for line in _causes(failed.lost))
    for failed in found.failures:
        if failed.must_survive:
            yield f"MUST SURVIVE {failed.name}, and does not: {listed(failed.must_survive)}"
        if failed.untried:
            yield f"predicted only: {failed.name}: {failed.untried}"
        yield from (f"{(failed.status or '').upper()} {failed.name}: {message}" for message in failed.messages)


def junit(found: Sweep) -> str:
    """A case per failure: failed where a pair is lost that must survive, or where packets are not as predicted."""
    root = ElementTree.Element("testsuites", name="netlab")
    statuses = [_status(failed) for failed in found.failures]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=f"sweep of {found.scenario}",
        tests=str(len(statuses)),
        failures=str(statuses.count("failed")),
        errors=str(statuses.count("error")),
    )
    for failed, status in zip(found.failures, statuses, strict=True):
        case = add_case(suite, failed.name, status, "; ".join(_problems(failed)))
        if status == "passed" and failed.lost:
            ElementTree.SubElement(case, "system-out").text = "\n".join(_causes(failed.lost))
    return written(root)


def _status(failed: Failed) -> Status:
    if not _problems(failed):
        return "passed"
    return "error" if failed.status == "error" else "failed"


def _problems(failed: Failed) -> tuple[str, ...]:
    lost = (f"must survive, and is lost: {listed(failed.must_survive)}",) if failed.must_survive else ()
    return (*lost, *failed.messages)


def _outage(failed: Failed) -> str:
    if failed.outage is None:
        return ""
    flow = failed.outage
    return f"{flow.azure_seconds:g} s in Azure's time ({flow.source} to {flow.target})"


def _pairs(found: Iterable[Any]) -> frozenset[tuple[str, str]]:
    return frozenset((one.source, one.target) for one in found)


def _causes(lost: Iterable[LostPair]) -> Iterator[str]:
    """The lost pairs, grouped by why their packets are dropped."""
    by_cause: dict[str, list[LostPair]] = {}
    for pair in lost:
        drop = pair.dropped_at
        by_cause.setdefault(f"{drop.reason}" if drop is not None else "no answer", []).append(pair)
    yield from (f"{cause}: {listed(pairs)}" for cause, pairs in by_cause.items())


_MOST = 8


def listed(pairs: Iterable[LostPair]) -> str:
    """Pairs, those of both directions once; the first ones where there are many."""
    found = dict.fromkeys((pair.source, pair.target) for pair in pairs)
    words = [
        f"{source} <> {target}" if (target, source) in found else f"{source} > {target}"
        for source, target in found
        if (target, source) not in found or source < target
    ]
    return ", ".join((*words[:_MOST], *((f"and {len(words) - _MOST} more",) if len(words) > _MOST else ())))
