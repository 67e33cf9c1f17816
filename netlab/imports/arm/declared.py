"""What templates must declare: parameters and variables that they use (E16), parameters that are given (E18)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netlab.errors import Finding
from netlab.imports.arm.deployments import DEPLOYMENTS, Source
from netlab.imports.arm.syntax import Call, Literal, is_expression, parsed, walked
from netlab.imports.arm.values import MISSING, EvaluationError, member

_KINDS = {"parameters": "parameter", "variables": "variable"}


@dataclass(frozen=True, slots=True)
class _Names:
    """What a template declares, in small letters."""

    template: Mapping[str, Any]
    by_function: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> _Names:
        return cls(template, {function: frozenset(_declared(template.get(function))) for function in _KINDS})


def undeclared(source: Source) -> list[Finding]:
    """Parameters and variables that a template uses and does not declare, in a branch that is not taken, too (10.7)."""
    found: dict[tuple[str, str], None] = {}
    _search(source.template, _Names.of(source.template), found)
    return [
        Finding(
            f"{_KINDS[function]} {name[:40]} is used and not declared",
            "E16",
            source.path,
            _line(source, function, name),
        )
        for function, name in found
    ]


def _search(raw: Any, names: _Names, found: dict[tuple[str, str], None]) -> None:
    if isinstance(raw, str):
        used = ((function, name) for function, name in _used(raw) if name.lower() not in names.by_function[function])
        found |= dict.fromkeys(used)
    elif isinstance(raw, list):
        for item in raw:
            _search(item, names, found)
    elif isinstance(raw, Mapping):
        inner = _inner(raw)
        for key, item in raw.items():
            if key in ("metadata", "comments") or (key == "functions" and raw is names.template):
                continue
            _search(key, names, found)
            if inner is not None and key == "properties":
                item = {part: value for part, value in item.items() if part != "template"}
            _search(item, names, found)
        if inner is not None:
            _search(inner, _Names.of(inner), found)


def parameters_of(raw: Any, template: Mapping[str, Any]) -> Iterator[str]:
    """The parameters that decide about a value of a template, by its variables, too."""
    left, seen = [raw], set()
    while left:
        item = left.pop()
        if isinstance(item, (list, tuple)):
            left += item
        elif isinstance(item, Mapping):
            left += item.values()
        elif isinstance(item, str):
            for function, name in _used(item):
                if function == "parameters":
                    yield name
                elif name.lower() not in seen:
                    seen.add(name.lower())
                    found = member(template.get("variables"), name)
                    left += [] if found is MISSING else [found]


def _inner(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The template of a nested deployment in inner scope, which has its own names; None of anything else."""
    properties = raw.get("properties")
    if str(raw.get("type", "")).lower() != DEPLOYMENTS or not isinstance(properties, Mapping):
        return None
    options, template = properties.get("expressionEvaluationOptions"), properties.get("template")
    scope = str(options.get("scope", "")).lower() if isinstance(options, Mapping) else ""
    return template if scope == "inner" and isinstance(template, Mapping) else None


def _used(text: str) -> Iterator[tuple[str, str]]:
    if not is_expression(text):
        return
    try:
        tree = parsed(text)
    except EvaluationError:
        return
    for part in walked(tree):
        if isinstance(part, Call) and part.name in _KINDS and len(part.arguments) == 1:
            name = part.arguments[0]
            if isinstance(name, Literal) and isinstance(name.value, str):
                yield part.name, name.value


def _declared(section: Any) -> Iterator[str]:
    if isinstance(section, Mapping):
        copies = section.get("copy")
        loops = copies if isinstance(copies, list) else []
        yield from (str(loop.get("name")).lower() for loop in loops if isinstance(loop, Mapping))
        yield from (str(name).lower() for name in section)


def _line(source: Source, function: str, name: str) -> int:
    """The line where a name is used first; 0 where the text is not known."""
    used = re.search(rf"{function}\s*\(\s*'{re.escape(name)}'", source.text, re.IGNORECASE)
    return source.text.count("\n", 0, used.start()) + 1 if used else 0


def unknown_parameters(sources: Sequence[Source], given: Iterable[str]) -> list[Finding]:
    """Parameters that are given and that no template declares."""
    sections = (source.template.get("parameters") for source in sources)
    names = {name: None for section in sections if isinstance(section, Mapping) for name in section}
    low = {name.lower() for name in names}
    stated = {**dict.fromkeys(given), **{name: None for source in sources for name in source.parameters}}
    missing = [name for name in stated if name.lower() not in low]
    return [
        Finding(f"--parameters: no parameter is called {name[:40]}{_meant(name, names)}", "E18") for name in missing
    ]


def _meant(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*names], n=1)
    return f"; did you mean {near[0]}?" if near else ""
