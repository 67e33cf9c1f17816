"""What is, against what should be: one comparison for all kinds of things. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.plan.model.held import Fact, FactKind, Wanted
from netlab.results.verification import Deviation

Key = tuple[FactKind, str]


def compare(node: str, expected: Iterable[Wanted], present: Iterable[Fact]) -> Iterator[Deviation]:
    """What a node has too much, lacks, or has otherwise."""
    allowed: dict[Key, set[str]] = {}
    required: set[Key] = set()
    for item in expected:
        key = item.kind, item.object
        allowed.setdefault(key, set()).update(item.values)
        if item.required:
            required.add(key)
    found: dict[Key, set[str]] = {}
    for fact in present:
        found.setdefault((fact.kind, fact.object), set()).add(fact.value)
    for key in sorted(allowed.keys() | found.keys()):
        yield from _judged(node, key, allowed.get(key, set()), found.get(key, set()), key in required)


def _judged(node: str, key: Key, allowed: set[str], found: set[str], required: bool) -> Iterator[Deviation]:
    kind, what = key
    strange, lacking = sorted(found - allowed), required and not found & allowed
    if strange and lacking:
        is_now, should_be = " and ".join(strange), " or ".join(sorted(allowed))
        yield Deviation(f"{kind}-changed", node, what, f"it is {is_now or 'plain'}, not {should_be or 'plain'}")
    elif lacking:
        yield Deviation(f"{kind}-missing", node, what, " or ".join(sorted(allowed)))
    else:
        yield from (Deviation(f"{kind}-extra", node, what, value) for value in strange)
