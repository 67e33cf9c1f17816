"""All that is generated: the blocks in hand-written pages, the pages, the pictures, the schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from pages import (
    architecture,
    catalogue,
    checks,
    code,
    documents,
    drops,
    pictures,
    policy,
    rules,
    scenario,
    schemas,
    timers,
    verbs,
)

BLOCKS: Mapping[str, Callable[[], str]] = {
    "bgp-policy": policy.policies,
    "checks": checks.checks,
    "differences": code.differences,
    "document-classes": documents.classes,
    "documents": documents.index,
    "drop-types": drops.drops,
    "limits": drops.limits,
    "exit-codes": code.exit_codes,
    "json-schemas": schemas.index,
    "rooms": architecture.rooms,
    "rules": rules.rules,
    "scenario-keys": scenario.keys,
    "scenarios": catalogue.index,
    "sources": rules.sources,
    "story-actions": scenario.actions,
    "story-steps": scenario.steps,
    "timers": timers.timers,
    "unmodelled": code.unmodelled,
    "verbs": verbs.index,
}


@cache
def pages() -> dict[str, str]:
    """The pages that are generated as a whole, by their paths."""
    return verbs.pages() | catalogue.pages() | documents.pages() | schemas.pages()


@cache
def files() -> dict[str, str]:
    """The pictures and JSON Schemas, by their paths."""
    return architecture.pictures() | catalogue.pictures() | pictures.pictures() | schemas.files()
