"""Scenarios by a reference: a name of the catalogue, a file, or a file of git as main:net.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlab.errors import UsageError
from netlab.scenario.document import read
from netlab.scenario.loader import MAX_BYTES, Loaded, load, parse

Sites = Mapping[str, Mapping[str, Any]]
"""What a file says of its sites, by name."""


def scenario(reference: str) -> Loaded:
    """The scenario of a reference; UsageError or ScenarioError where there is none, or it is none."""
    if not is_revision(reference):
        return load(reference)
    content = revision(reference, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{reference[:60]} is larger than {MAX_BYTES} bytes", "name a scenario file")
    try:
        return parse(content.decode("utf-8-sig"), reference)
    except UnicodeDecodeError:
        raise UsageError(f"{reference[:60]} is not UTF-8 text", "name a scenario file") from None


def is_revision(reference: str) -> bool:
    """Whether a reference is to a file of git: it has a colon, and there is no such file."""
    return ":" in reference and not Path(reference).exists()


def revision(reference: str, most: int) -> bytes:
    """The content of a file of git, of so many bytes at most and one more."""
    from netlab.machine import revisions

    return revisions.content(reference, most)


def sites(text: str, where: str) -> Sites:
    """The sites of a scenario's text as they are written."""
    found: Sites = read(text, where).data.get("sites") or {}
    return found
