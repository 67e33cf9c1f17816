"""The difference of two plans, for a person and for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from netlab.plan.difference import Change, Difference, Kind, items
from netlab.plan.model import BgpSpeaker, Fabric, Link, Node, Route, Rule
from netlab.render import nftables, text
from netlab.report.outline import route, rule
from netlab.results.lab import PlanChange

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
# What is taken away and made anew where it cannot be changed.
_MADE: tuple[Kind, ...] = (
    "link",
    "IKE daemon",
    "tunnel",
    "BGP speaker",
    "client",
    "point-to-site server",
    "HTTP proxy",
    "RADIUS server",
)


def described(difference: Difference) -> tuple[PlanChange, ...]:
    """What changes, thing by thing."""
    both = items(difference.gone).keys() & items(difference.came).keys()
    nodes = {node.name for node in difference.gone_nodes} & {node.name for node in difference.came_nodes}
    anew = {key for key in both if key[0] in _MADE} | {(_NAMESPACE, name) for name in nodes}
    listed = {(change.kind, change.name) for change in difference.changes}
    return (
        *(_described(change, (change.kind, change.name) in anew) for change in difference.changes),
        *(PlanChange("changed", kind, name, True, (), ()) for kind, name in sorted(anew - listed)),
        *(PlanChange("changed", "secret", name, False, (), ()) for name in sorted(difference.renewed)),
    )


_NAMESPACE: Kind = "namespace"


def lines(found: Iterable[PlanChange]) -> Iterator[str]:
    """Changes as text."""
    for item in found:
        yield f"{_SIGNS[item.change]} {item.kind} {item.name}{' (made anew)' if item.restarted else ''}"
        yield from (f"    - {line}" for line in item.removed)
        yield from (f"    + {line}" for line in item.added)


def _described(change: Change, anew: bool) -> PlanChange:
    if change.before is None or change.after is None:
        return PlanChange("added" if change.before is None else "removed", change.kind, change.name, False, (), ())
    before, after = (tuple(dict.fromkeys(_facts(item))) for item in (change.before, change.after))
    removed = tuple(line for line in before if line not in set(after))
    added = tuple(line for line in after if line not in set(before))
    return PlanChange("changed", change.kind, change.name, anew, removed, added)


def _facts(item: Any) -> Iterator[str]:
    """A thing of a plan, line by line."""
    match item:
        case BgpSpeaker():
            for daemon in item.daemons:
                found = (line for line in text.speaker_conf(item, daemon).splitlines() if line[:1] not in "!#")
                yield from (f"{daemon}: {line.strip()}" for line in found)
        case Fabric():
            for table in item.tables:
                yield from (f"{table.subnet}: {fixed.source} {route(fixed.route)}" for fixed in table.fixed)
                yield from (f"{table.subnet}: gateway routes over {way.node}" for way in table.gateway_ways)
                yield f"{table.subnet}: routes of the Route Server: {table.route_server or 'none'}"
        case Node():
            yield from map(_words, (*item.loopback, *item.rules, *item.routes))
            yield f"forwarding {'on' if item.forwarding else 'off'}"
            yield from (line.strip() for line in nftables.text(item.nftables).splitlines())
        case Link():
            yield from (f"{end.node}:{end.name} {' '.join(end.addresses)}" for end in (item.a, item.b))
        case str():
            yield item
        case _:
            for field in fields(item):
                value = getattr(item, field.name)
                several = value if isinstance(value, tuple) else (value,)
                yield from (f"{field.name}: {_words(each)}" for each in several)


def _words(item: Any) -> str:
    match item:
        case Route():
            return route(item)
        case Rule():
            return rule(item)
        case _:
            return str(item)
