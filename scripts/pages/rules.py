"""Azure's rules: the list that `netlab rules` prints, and the marks in the pages that explain them."""

from __future__ import annotations

import posixpath
import re
from itertools import groupby

from pages.markdown import NUMBER, defined, homes, keys, link_rules, table

LIST = "reference/rules.md"
SUBJECTS = {
    "R": "Gateways, connections, routes, peerings",
    "B": "BGP",
    "A": "Route Server",
    "P": "Point-to-site beyond IKEv2",
    "I": "Contradictions in the article on point-to-site routing",
}


def rules() -> str:
    """Every rule of the rulebook, a table for each letter."""
    from netlab.scenario.rules.rulebook import entries

    return "\n".join(
        f"\n## {SUBJECTS.get(letter, letter)} ({letter})\n\n"
        + keys(("Rule", "What the documents say", "The lab", "Source"), (_row(entry) for entry in found))
        for letter, found in groupby(entries().values(), lambda entry: entry.number[0])
    )


def sources() -> str:
    """Every document that the rules cite: key, document with its address, date of what was read."""
    from netlab.scenario.rules.sources import sources as documents

    found = (
        (source.key, f"[{source.document}]({source.address})" if source.address else source.document, source.date)
        for source in documents().values()
    )
    return table(("Key", "Document", "As of"), found)


def _row(entry: object) -> tuple[str, ...]:
    from netlab.scenario.rules.rulebook import Entry, listed

    assert isinstance(entry, Entry)
    home = homes().get(entry.number)
    number = f"[{entry.number}](../{home}#{entry.number})" if home else entry.number
    functions = "".join(f"<br><code>{name.replace('_', '_<wbr>')}</code>" for name in listed(entry).functions)
    note = f" *{_sentence(entry.note)}*" if entry.note else ""
    source = f"{entry.source}<br>{entry.mark}" if entry.mark else entry.source
    return f'<a id="{entry.number}"></a>{number}', entry.says + note, ", ".join(entry.doing) + functions, source


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:].rstrip(".") + "."


def marked(page: str, source: str) -> str:
    """A page of Azure's rules with an anchor and the lab's doing in front of each rule that it defines."""
    from netlab.scenario.rules.rulebook import entries

    here = set(defined(page))
    listed = posixpath.relpath(LIST, posixpath.dirname(source))

    def mark(line: str) -> str:
        found = re.match(rf"\| ({NUMBER}) \|", line)
        if not found or found[1] not in here:
            return line
        number = found[1]
        here.discard(number)
        entry = entries().get(number)
        doing = ", ".join(entry.doing) if entry else "planned"
        shown = f"[{number}]({listed}#{number})" if entry else f"**{number}**"
        return f'| <a id="{number}"></a>{shown}<br><small class="lab">{doing}</small> |{line[found.end() :]}'

    text = "".join(mark(line) for line in page.splitlines(keepends=True))
    return link_rules(text, source, letters="RBAINFTPEUW")
