"""Every sentence of the documents has a row that says what shows it, and each row names what is there.

The repository does not hold the documents. Where NETLAB_SEEDS names a directory with them, they are compared with the
rows, sentence by sentence: a sentence without a row, and a number that its row leaves out, fails.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from netlab.scenario.loader import catalogue, load
from netlab.scenario.rules import rulebook
from netlab.scenario.rules.sources import sources

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "scripts"))

from pages import documents  # noqa: E402
from pages.documents import NOT_PACKETS, Document, Row  # noqa: E402

SEEDS = Path(os.environ.get("NETLAB_SEEDS", "none"))
DOCUMENTS = {document.source: document for document in documents.documents()}
ROWS = [
    pytest.param(row, id=f"{document.source}-{row.number}") for document in DOCUMENTS.values() for row in document.rows
]
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")


@cache
def story(scenario: str) -> tuple[str, ...]:
    """The names of a scenario's steps; none if there is no such scenario."""
    path = catalogue().get(scenario)
    return tuple(step.name for step in load(str(path)).scenario.story) if path else ()


def defined(test: str) -> bool:
    """Whether a test, as `path::name`, is in its file."""
    path, _, name = test.partition("::")
    file = CHECKOUT / path
    return path.startswith("tests/") and file.is_file() and f"\ndef {name}(" in file.read_text()


def faults(row: Row) -> Iterator[str]:
    """What is wrong with a row: what it names is not there, or it does not say enough."""
    yield from (f"no step {name!r} in {scenario}" for scenario, names in row.steps.items() for name in names or ("",)
                if name not in story(scenario))  # fmt: skip
    known = rulebook.entries()
    yield from (f"no rule {number}" for number in row.rules if number not in known)
    yield from (f"{number} is left out" for number in row.rules if number in known and known[number].left_out)
    yield from (f"no test {test}" for test in row.tests if not defined(test))
    evidence = bool(row.steps or row.rules or row.tests)
    if row.not_packets and (row.not_packets not in NOT_PACKETS or evidence):
        yield "a class that is none, or that stands beside what shows the sentence"
    if not (evidence or row.not_packets):
        yield "nothing shows it, and it is in no class"
    if (
        row.rules
        and not (row.steps or row.tests)
        and not any("enforced" in known[n].doing for n in row.rules if n in known)
    ):
        yield "a rule alone holds a sentence only if it is enforced"
    if not row.says or not 1 <= len(row.begins.split()) <= 12:
        yield "the first words, 12 at most, and what the sentence says"
    files = "".join(catalogue()[name].read_text() for name in row.steps if name in catalogue())
    yield from (f"{prefix} is in no scenario" for prefix in ADDRESS.findall(row.says) if files and prefix not in files)


# --- the rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_what_is_there(row: Row) -> None:
    assert list(faults(row)) == []


GOOD = {"s2s-static": ("as connected",)}
BAD = [
    (Row(1, "x", "X."), "nothing shows it, and it is in no class"),
    (Row(1, "x", "X.", steps={"s2s-static": ("as built",)}), "no step 'as built' in s2s-static"),
    (Row(1, "x", "X.", steps={"s2s-statik": ("as connected",)}), "no step 'as connected' in s2s-statik"),
    (Row(1, "x", "X.", steps={"s2s-static": ()}), "no step '' in s2s-static"),
    (Row(1, "x", "X.", rules=("R999",), steps=GOOD), "no rule R999"),
    (Row(1, "x", "X.", rules=("P31",), steps=GOOD), "P31 is left out"),
    (Row(1, "x", "X.", rules=("R82",)), "a rule alone holds a sentence only if it is enforced"),
    (Row(1, "x", "X.", tests=("tests/unit/test_documents.py::test_nothing",)),
     "no test tests/unit/test_documents.py::test_nothing"),
    (Row(1, "x", "X.", tests=("scripts/docs::main",)), "no test scripts/docs::main"),
    (Row(1, "x", "X.", not_packets="boredom"), "a class that is none, or that stands beside what shows the sentence"),
    (Row(1, "x", "X.", not_packets="price", steps=GOOD),
     "a class that is none, or that stands beside what shows the sentence"),
    (Row(1, "x", "", steps=GOOD), "the first words, 12 at most, and what the sentence says"),
    (Row(1, "x " * 13, "X.", steps=GOOD), "the first words, 12 at most, and what the sentence says"),
    (Row(1, "x", "Site1: 10.109.0.0/16", steps=GOOD), "10.109.0.0/16 is in no scenario"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "fault"), BAD, ids=[fault for _, fault in BAD])
def test_a_row_that_shows_nothing_is_found(row: Row, fault: str) -> None:
    assert list(faults(row)) == [fault]


def test_the_five_documents_are_there_and_their_sentences_are_numbered() -> None:
    assert list(DOCUMENTS) == ["S0", "S1", "S2", "S3", "S4"]
    for document in DOCUMENTS.values():
        assert document.source in sources()
        assert [row.number for row in document.rows] == list(range(1, len(document.rows) + 1))


# --- the pages ------------------------------------------------------------------------------------------------------


def test_a_page_shows_where_a_sentence_is_held() -> None:
    pages = documents.pages()
    bgp = pages["reference/documents/bgp.md"]
    held = "[`s2s-bgp-prefix-rules`](../scenarios/s2s-bgp-prefix-rules.md), step 2<br>rule [B19](../rules.md#B19)"
    assert f"| 15 | Routes identical with the VNet's prefixes are refused. | {held} |\n" in bgp
    assert "| 26 | How to configure BGP. | not packets: [link](index.md#link) |\n" in bgp
    for document in DOCUMENTS.values():
        page = pages[f"reference/documents/{document.name}.md"]
        found = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
        assert found == [str(row.number) for row in document.rows]


def test_each_sentence_is_counted_once() -> None:
    total = re.search(r"^\| all \| (.*) \|$", documents.index(), re.MULTILINE)
    assert total is not None
    sentences, *ways = map(int, total[1].split(" | "))
    assert sentences == sum(ways) == sum(len(document.rows) for document in DOCUMENTS.values())


# --- the documents themselves ---------------------------------------------------------------------------------------

END = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-z]|[\[*])")
NOISE = re.compile(r"<!--.*?-->|<a name=[^>]*>|</a>|^(?:> ?|[*-] )|\[!(?:NOTE|IMPORTANT)\]")
PICTURE = re.compile(r':::image .*alt-text="([^"]*)".*:::')
# A number that is no part of a name: 128, 8.1, /29, 10.1.0.0/16; not the 4 of IPv4, nor the 365 of a product's name.
FIGURE = re.compile(r"(?<![\w.])/?\d[\d.]*(?:/\d+)?(?<!\.)")


def sentences(text: str) -> list[tuple[int, str, list[str]]]:
    """The headings of a document, each with its level and its sentences; list items and pictures are sentences."""
    found: list[tuple[int, str, list[str]]] = []
    for line in re.split(r"\n|<br>", re.sub(r"\A\s*---\n.*?\n---\n", "", text, flags=re.DOTALL)):
        plain = PICTURE.sub(r"![\1]()", NOISE.sub("", line.strip()).strip())
        plain = re.sub(r"\[(!INCLUDE) \[([^\]]*)\]\([^)]*\)\]", r"[\1 \2]", plain)
        plain = re.sub(r"\]\([^)]*\)", "]", plain).strip()
        if plain.startswith("#"):
            found.append((len(plain) - len(plain.lstrip("#")), plain.lstrip("# "), []))
        elif plain:
            found[-1][2].extend(END.split(plain))
    return found


def unlike(text: str, document: Document) -> Iterator[str]:
    """Where a document's text and its rows differ."""
    headings = sentences(text)
    wanted = [(section.level, section.begins, len(section.rows)) for section in document.sections]
    if [(level, len(rows)) for level, _, rows in headings] != [(level, count) for level, _, count in wanted]:
        yield "other headings, or another number of sentences below one"
    for (_, heading, _), (_, begins, _) in zip(headings, wanted, strict=False):
        if not heading.startswith(begins):
            yield f"the heading {heading!r} begins with {begins!r}"
    written = [sentence for _, _, part in headings for sentence in part]
    for row, sentence in zip(document.rows, written, strict=False):
        if not " ".join(sentence.split()).startswith(row.begins):
            yield f"{row.number}: {sentence!r} begins with {row.begins!r}"
        missing = [figure for figure in FIGURE.findall(sentence) if figure not in row.says]
        yield from (f"{row.number}: {figure} is not in {row.says!r}" for figure in missing)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="NETLAB_SEEDS names no directory with the documents")
@pytest.mark.parametrize("document", [pytest.param(item, id=item.source) for item in DOCUMENTS.values()])
def test_every_sentence_and_number_of_a_document_has_its_row(document: Document) -> None:
    (path,) = SEEDS.glob(f"{document.file}_*.txt")
    assert list(unlike(path.read_text(), document)) == []


TEXT = """---
title: 'A title. Not a sentence.'
---
# <a name="one"></a>One heading
First one, at 10.1.0.0/16. Second [one](x.md) is 8.1! Third one?
<br>**Fourth**<br>
> [!NOTE]
> Fifth one.

## Another heading
* Sixth: 128 of `R2`
* ![Seventh](./a.png)
:::image type="content" source="./b.jpg" alt-text="Eighth" lightbox="./b.jpg":::
[!INCLUDE [ninth](../x.md)]
<!--HONumber=1-->
"""
FOUND = [
    (
        1,
        "One heading",
        ["First one, at 10.1.0.0/16.", "Second [one] is 8.1!", "Third one?", "**Fourth**", "Fifth one."],
    ),
    (2, "Another heading", ["Sixth: 128 of `R2`", "![Seventh]", "![Eighth]", "[!INCLUDE ninth]"]),
]


def test_a_document_is_split_at_its_sentences() -> None:
    assert sentences(TEXT) == FOUND


def rows(*says: str) -> Document:
    given = tuple(Row(number, f"S{number}", text) for number, text in enumerate(says, 1))
    return Document("x", "S0", "0", "x", (documents.Section(1, "Head", "Head", given),))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# Head\nS1 takes 20. S2 at /29.\n", []),
        ("# Head\nS1 takes 20. S2 at /29. S3.\n", ["other headings, or another number of sentences below one"]),
        ("# Head\nS1 takes 21. S2 at /29.\n", ["1: 21 is not in '20 of them'"]),
        ("# Head\nS1 takes 20. S2 at /28.\n", ["2: /28 is not in '/29'"]),
        ("# Head\nS1 takes 20. S3 at /29.\n", ["2: 'S3 at /29.' begins with 'S2'"]),
        ("# Tail\nS1 takes 20. S2 at /29.\n", ["the heading 'Tail' begins with 'Head'"]),
        ("## Head\nS1 takes 20. S2 at /29.\n", ["other headings, or another number of sentences below one"]),
    ],
)
def test_a_document_that_changed_is_noticed(text: str, found: list[str]) -> None:
    assert list(unlike(text, rows("20 of them", "/29"))) == found
