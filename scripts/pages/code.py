"""What single lines of the code say: exit codes, and differences from Azure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from netlab.scenario.unmodelled import UNMODELLED
from pages.markdown import CHECKOUT, table

DIFFERENCE = "Differs from Azure: "


def exit_codes() -> str:
    """Every exit code: number, name, meaning. The meaning is the comment behind the enum's line."""
    source = (CHECKOUT / "netlab/errors.py").read_text()
    rows = ((found[2], found[1], found[3]) for found in re.finditer(r"^    ([A-Z]+) = (\d+)  # (.+)$", source, re.M))
    return table(("Code", "Name", "Meaning"), rows)


def differences() -> str:
    """Every `Differs from Azure:` in the code, with the file in which it stands."""
    return "".join(
        f"- {text[0].upper()}{text[1:]} (`{path.relative_to(CHECKOUT)}`)\n"
        for path in sources()
        for text in remarks(path.read_text())
    )


def unmodelled() -> str:
    """Every object of Azure that a scenario file cannot have: its words, and where to read on."""
    rows = (
        (item.name, ", ".join(f"`{word}`" for word in item.words), "planned" if item.planned else "no")
        for item in UNMODELLED
    )
    return table(("Azure has", "Words", "netlab"), rows)


def sources() -> list[Path]:
    """Every source file of netlab."""
    return sorted((CHECKOUT / "netlab").rglob("*.py"))


def remarks(source: str) -> Iterator[str]:
    """The remarks in a source, each to the end of its comment or, in a docstring, of its paragraph."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        before, found, text = line.partition(DIFFERENCE)
        if found:
            words = [text]
            for following in lines[number + 1 :]:
                inside = following.strip().removeprefix("#").strip()
                commented = following.strip().startswith("#")
                if not inside or inside.startswith('"""') or commented != ("#" in before):
                    break
                words.append(inside)
            yield " ".join(words).removesuffix('"""')
