"""What single lines of the code say: exit codes, differences from Azure, and the enum of drop types."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

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


def enums(module: str) -> list[type[Enum]]:
    """The enums that a module defines; none where the module is not there yet."""
    if importlib.util.find_spec(module) is None:
        return []
    found = import_module(module)
    return [
        kind
        for _, kind in inspect.getmembers(found, inspect.isclass)
        if issubclass(kind, Enum) and kind.__module__ == module
    ]


def text_of(value: Any) -> str:
    """A docstring as one paragraph."""
    return " ".join(inspect.cleandoc(value.__doc__ or "").split())
