"""Markdown: tables, blocks of generated text, and links from the numbers of Azure's rules."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
RULES = "explanation/azure-rules"
NUMBER = r"[RBAINLFTPEUWX]\d{1,3}"
BLOCK = re.compile(r"<!-- generated: (?P<name>[a-z-]+) -->")
# A fence, a span of code, a link, an HTML tag, a heading: a rule's number in one of these is left as it is.
LEFT_ALONE = re.compile(
    r"^ *(```|~~~).*?^ *\1|`+[^`\n]*`+|!?\[[^\]\n]*\]\([^)\n]*\)|<[^>\n]*>|^#.*?$", re.DOTALL | re.MULTILINE
)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", r"\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def keys(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table whose cells stand below each other on a phone."""
    return f'<div class="keys" markdown>\n\n{table(head, rows)}\n</div>\n'


def fill(page: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """A page with the text of each block behind its marker; an unknown block is an error."""
    return BLOCK.sub(lambda found: blocks[found["name"]](), page)


def enlargeable(page: str) -> str:
    """A page whose pictures open in full size when they are clicked."""
    return re.sub(r"^(!\[[^\]\n]*\]\(([^)\n]+\.svg)\))$", r"[\1](\2)", page, flags=re.MULTILINE)


def defined(page: str) -> list[str]:
    """The rules that a page of Azure's rules defines: the first cells of its tables of rules."""
    found = []
    inside = False
    for line in page.splitlines():
        if line.startswith(("| Rule | Statement", "| Id | Inconsistency")):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and (cell := re.match(rf"\| ({NUMBER}) \|", line)):
            found.append(cell[1])
    return found + re.findall(rf'<a id="({NUMBER})">', page)


@cache
def homes() -> dict[str, str]:
    """The page that defines each of Azure's rules, by the rule's number."""
    pages = sorted((DOCS / RULES).glob("*.md"))
    return {number: f"{RULES}/{path.name}" for path in pages for number in defined(path.read_text())}


def outside_code(page: str, change: Callable[[str], str]) -> str:
    """A page with its prose changed; code, links, tags and headings stay."""
    pieces, end = [], 0
    for found in LEFT_ALONE.finditer(page):
        pieces += [change(page[end : found.start()]), found[0]]
        end = found.end()
    return "".join((*pieces, change(page[end:])))


def link_rules(page: str, source: str, letters: str = "RBAI") -> str:
    """A page in which each number of a rule is a link to the rule; ``source`` is the page's own path."""

    def link(found: re.Match[str]) -> str:
        home = homes().get(found[0])
        if home is None:
            return found[0]
        return f"[{found[0]}]({posixpath.relpath(home, posixpath.dirname(source) or '.')}#{found[0]})"

    return outside_code(page, lambda prose: re.sub(rf"(?<![\w#.-])[{letters}]\d{{1,3}}(?![\w.-]*\w)", link, prose))
