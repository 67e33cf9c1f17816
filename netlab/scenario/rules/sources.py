"""The documents behind the rulebook: what a key such as FAQ26 stands for, and where a user reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from netlab.results.catalogue import ListedSource
from netlab.scenario.document import read

TABLE = Path(__file__).with_name("sources.yaml")
DOCUMENTS = "MicrosoftDocs/azure-docs"
# Where threads of a repository are that rules cite by its short name; GH is that of the documents.
OWNERS = {"GH": DOCUMENTS, "azure-powershell": "Azure/azure-powershell"}


@cache
def sources() -> Mapping[str, ListedSource]:
    """Every document, by its key."""
    data: dict[str, dict[str, str]] = read(TABLE.read_text(encoding="utf-8"), TABLE.name).data
    return {key: _source(key, **fields) for key, fields in data.items()}


def cited(text: str) -> tuple[ListedSource, ...]:
    """What a rule cites, as `FAQ24, GH#100752` or `ARSFAQ21/24`: its documents and threads."""
    return tuple(source for part in re.split(r",\s*", text) for source in _cited(part))


def _cited(part: str) -> Iterator[ListedSource]:
    years = re.fullmatch(r"([A-Z0-9]*[A-Z])(\d\d(?:/\d\d)+)", part)
    if years:
        yield from (_found(f"{years[1]}{year}") for year in years[2].split("/"))
    else:
        yield _found(part)


def _found(part: str) -> ListedSource:
    """A document by its key, which a place in it may follow; else a thread, or another rule."""
    known = sources()
    if part in known:
        return known[part]
    key, _, place = part.partition(" ")
    if key in known:
        found = known[key]
        return ListedSource(key, f"{found.document}, {place}", found.address, found.date)
    thread = re.fullmatch(r"([\w.-]+)#(\d+)", part)
    if thread:
        repository = OWNERS.get(thread[1], f"MicrosoftDocs/{thread[1]}")
        where = f"https://github.com/{repository}/issues/{thread[2]}"
        return ListedSource(part, f"{repository}, thread {thread[2]}", where, "")
    what = f"rule {part}" if re.fullmatch(r"[A-Z]\d{1,3}", part) else part
    return ListedSource(part, what, "", "")


def _source(key: str, document: str, address: str = "", date: str = "") -> ListedSource:
    """A document; a path in the documents' repository is its address, too."""
    folder, _, path = document.partition("/")
    if folder == "articles":
        page = re.sub(r"\.(md|yml)$", "", path)
        address = f"https://learn.microsoft.com/azure/{page}"
    elif folder == "includes":
        address = f"https://github.com/{DOCUMENTS}/blob/main/{document}"
    return ListedSource(key, document, address, date)
