"""The documents that netlab implements, sentence by sentence: what shows each in the lab, or why nothing can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pages.catalogue import scenarios
from pages.markdown import DOCS, keys, table

HOME = DOCS / "reference/documents"

# What a sentence may be if no packet can show it, with the reason.
NOT_PACKETS: Mapping[str, str] = {
    "advice": "The sentence recommends, warns or praises; it states nothing that is true or false of a packet.",
    "include": "The sentence is in another file, which is not part of the document.",
    "link": "The sentence says where to read more.",
    "model": "The sentence is about Classic and Resource Manager, two ways to manage networks. Packets show R79 of it.",
    "name": "The sentence gives a thing another name.",
    "operation": "The sentence is about how Azure runs its service: time to deploy, Azure's own access, its audits.",
    "portal": "The sentence is about the portal, PowerShell or the REST API.",
    "price": "The sentence is about costs.",
    "product": "The sentence is about a program of Windows. The lab has strongSwan, OpenVPN and its own SSTP instead.",
    "scope": "The sentence is about DNS, which netlab does not model.",
    "support": "The sentence is about previews, service levels, terms, vendors, or what they support.",
    "text": "The sentence says what the text is about or lists, or tells of the past.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence: its first words, what it says in netlab's words, and where it is shown.

    ``steps`` are names of steps by scenario, ``rules`` numbers of rules, ``tests`` functions as ``path::name``.
    ``not_packets`` is a class of ``NOT_PACKETS``.
    """

    number: int
    begins: str
    says: str
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    not_packets: str = ""
    remark: str = ""

    @property
    def shown(self) -> str:
        """How the sentence is shown: a heading of the table of documents."""
        if self.not_packets:
            return "not packets"
        return "in packets" if self.steps else "by a rule or a test"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a document with its sentences; without ``heading`` these belong to the table above."""

    level: int
    begins: str
    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its name in the site, its key among the sources, how its file's name begins, its title."""

    name: str
    source: str
    file: str
    title: str
    sections: tuple[Section, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every sentence, in the document's order."""
        return tuple(row for section in self.sections for row in section.rows)


SHOWN = ("in packets", "by a rule or a test", "not packets")


@cache
def documents() -> tuple[Document, ...]:
    """The documents, by the keys of their sources."""
    from netlab.scenario.document import read

    found = ((path.stem, read(path.read_text(encoding="utf-8"), path.name).data) for path in HOME.glob("*.yaml"))
    made = (
        Document(name, data["source"], data["file"], data["title"], tuple(_section(part) for part in data["sections"]))
        for name, data in found
    )
    return tuple(sorted(made, key=lambda document: document.source))


def _section(data: dict[str, Any]) -> Section:
    rows = tuple(_row(dict(row)) for row in data.get("rows", ()))
    return Section(data["level"], data["begins"], data.get("heading", ""), rows)


def _row(data: dict[str, Any]) -> Row:
    steps = {scenario: tuple(names) for scenario, names in data.pop("steps", {}).items()}
    rules, tests = (tuple(data.pop(key, ())) for key in ("rules", "tests"))
    return Row(**data, steps=steps, rules=rules, tests=tests)


def pages() -> dict[str, str]:
    """A page for each document, by its path."""
    return {f"reference/documents/{document.name}.md": _page(document) for document in documents()}


def index() -> str:
    """Every document, with how many of its sentences are shown in which way."""
    rows = (
        (f"[{document.title}]({document.name}.md)", str(len(document.rows)), *_counts(document.rows))
        for document in documents()
    )
    every = tuple(row for document in documents() for row in document.rows)
    total = ("all", str(len(every)), *_counts(every))
    return table(("Document", "Sentences", *SHOWN), (*rows, total))


def _counts(rows: Iterable[Row]) -> tuple[str, ...]:
    found = [row.shown for row in rows]
    return tuple(str(found.count(way)) for way in SHOWN)


def classes() -> str:
    """Every class of sentences that no packet can show: how many they are, and why."""
    found = [row.not_packets for document in documents() for row in document.rows]
    return keys(
        ("Class", "Sentences", "Why no packet shows it"),
        ((f'<a id="{name}"></a>{name}', str(found.count(name)), reason) for name, reason in NOT_PACKETS.items()),
    )


def _page(document: Document) -> str:
    from netlab.scenario.rules.sources import sources

    source = sources()[document.source]
    dated = f", {source.date}" if source.date else ""
    return (
        f"# {document.title}\n\nThe sentences of [this document]({source.address}) (source {document.source}{dated}), "
        "each in netlab's own words, and what shows it. [The documents](index.md) explains the last column.\n\n"
        + "\n".join(_parts(document))
    )


def _parts(document: Document) -> Iterator[str]:
    """The headings and tables of a page; sections without a heading of their own continue a table."""
    rows: list[Row] = []
    for section in document.sections:
        if section.heading and rows:
            yield _table(rows)
            rows = []
        if section.heading and section.level > 1:
            yield f"{'#' * section.level} {section.heading}\n"
        rows += section.rows
    if rows:
        yield _table(rows)


def _table(rows: Iterable[Row]) -> str:
    return keys(("No.", "The document says", "Shown by"), ((str(row.number), row.says, _evidence(row)) for row in rows))


def _evidence(row: Row) -> str:
    """The last cell of a sentence: steps, rules, tests, class, and the remark."""
    cells = [_steps(scenario, names) for scenario, names in row.steps.items()]
    if row.rules:
        cells.append("rule " + ", ".join(f"[{number}](../rules.md#{number})" for number in row.rules))
    cells += [_test(name) for name in row.tests]
    if row.not_packets:
        cells.append(f"not packets: [{row.not_packets}](index.md#{row.not_packets})")
    if row.remark:
        cells.append(f"*{row.remark}*")
    return "<br>".join(cells)


def _steps(scenario: str, names: tuple[str, ...]) -> str:
    story = [step.name for step in scenarios()[scenario][1].story]
    numbers = " and ".join(str(story.index(name) + 1) for name in names)
    return f"[`{scenario}`](../scenarios/{scenario}.md), step{'s' * (len(names) > 1)} {numbers}"


def _test(name: str) -> str:
    path, _, function = name.partition("::")
    return f"test *{function.removeprefix('test_').replace('_', ' ')}* in `{path.rpartition('/')[2]}`"
