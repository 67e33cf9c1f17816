"""Reads a YAML text as plain values, each with its line.

It uses the parser's events, not a constructor. So each value keeps its line, only the core schema of YAML 1.2 counts
(no text becomes a date or a truth value), and anchors, tags and duplicate keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from netlab.characters import commanding
from netlab.errors import Finding, ScenarioError
from netlab.scenario import slips
from netlab.scenario.names import short

MAX_DEPTH = 20

Place = tuple[str | int, ...]
Events = Iterator[Any]  # PyYAML's types lack the marks

# YAML 1.2.2, 10.3.2 (core schema): decimal numbers only, of a limited length.
NULL = ("", "~", "null", "Null", "NULL")
BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INT = re.compile(r"[-+]?[0-9]{1,18}")
FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")
_AZURE = re.compile(r" *[\w-]+: ?[^#]*?# (?:invented, )?Azure: (\S.*?)\s*")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Document:
    """A file's values, the 1-based line of every key and list item, and Azure's names beside keys, by line."""

    data: Any
    lines: dict[Place, int]
    azure: Mapping[int, str] = field(default_factory=dict)

    def known(self, place: Place) -> Place:
        """The longest part of a place that is written in the file."""
        return next(place[:end] for end in range(len(place), -1, -1) if place[:end] in self.lines)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest written place around it."""
        return self.lines[self.known(place)]

    def azure_name(self, place: Place) -> str:
        """Azure's name of what stands at a place, from the comments that an import writes; empty without one."""
        known = self.known(place)
        lines = dict.fromkeys(self.lines[known[:end]] for end in range(1, len(known) + 1))
        return "/".join(self.azure[line] for line in lines if line in self.azure)


# Of a scenario whose text is not at hand.
UNREAD = Document(None, {(): 1})


class _Refused(MarkedYAMLError):  # type: ignore[misc]  # PyYAML has no types
    """What YAML takes and a scenario does not, with our own message."""


def read(text: str, where: str) -> Document:
    """The one document of a text; ``where`` is the file's name for messages."""
    lines: dict[Place, int] = {(): 1}
    try:
        events: Events = yaml.parse(text, Loader=yaml.CSafeLoader)
        return Document(_document(events, lines), lines, _azure_names(text))
    except ReaderError as error:
        # libyaml counts bytes, not characters.
        raise _strange(where, text.encode()[: error.position].count(b"\n") + 1, error.character) from None
    except UnicodeEncodeError as error:
        raise _strange(where, text.count("\n", 0, error.start) + 1, ord(text[error.start])) from None
    except MarkedYAMLError as error:
        raise refusal(where, *_in_words(text, error)) from None


def _in_words(text: str, error: MarkedYAMLError) -> tuple[int, str]:
    """The line of an error, and what is wrong there."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "not YAML"
    if isinstance(error, _Refused) or mark is None:
        return mark.line + 1 if mark is not None else 1, problem
    began = error.context_mark or mark
    spots = slips.Spot(mark.line, mark.column), slips.Spot(began.line, began.column)
    return slips.slip(text, slips.Trouble(problem, spots[0], error.context or "", spots[1]))


def _azure_names(text: str) -> dict[int, str]:
    """The names behind `# Azure:`, by line; only of keys, so that no text of several lines has one."""
    named = ((number, _AZURE.fullmatch(line)) for number, line in enumerate(text.split("\n"), 1))
    return {number: found[1][:_LONGEST_NAME] for number, found in named if found is not None}


def _strange(where: str, line: int, character: int) -> ScenarioError:
    return refusal(where, line, f"the character U+{character:04X} cannot be in YAML")


def refusal(where: str, line: int, message: str) -> ScenarioError:
    """The error for a text that is no scenario file."""
    finding = Finding(message, where=where, line=line)
    return ScenarioError(f"{where}: 1 error", (finding,), "a scenario file is one document of plain YAML 1.2 in UTF-8")


def _document(events: Events, lines: dict[Place, int]) -> Any:
    next(events)
    if not isinstance(next(events), DocumentStartEvent):
        return None
    data = _value(next(events), events, (), lines)
    next(events)
    after = next(events)
    if isinstance(after, DocumentStartEvent):
        raise _refused("a second document begins here; a file holds one scenario", after)
    return data


def _value(event: Any, events: Events, place: Place, lines: dict[Place, int]) -> Any:
    _refuse_extras(event, place)
    if isinstance(event, MappingStartEvent):
        return _mapping(events, place, lines)
    if isinstance(event, SequenceStartEvent):
        return _sequence(events, place, lines)
    return _scalar(event)


def _mapping(events: Events, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        _refuse_extras(event, place)
        if not isinstance(event, ScalarEvent):
            raise _refused("a key is a word, not a list or a mapping", event)
        key = _text(event)
        inner = (*place, key)
        if key in data:
            raise _refused(f"the key {short(key)} is written twice, first in line {lines[inner]}", event)
        lines[inner] = event.start_mark.line + 1
        data[key] = _value(next(events), events, inner, lines)
    return data


def _sequence(events: Events, place: Place, lines: dict[Place, int]) -> list[Any]:
    data: list[Any] = []
    while not isinstance(event := next(events), SequenceEndEvent):
        inner = (*place, len(data))
        lines[inner] = event.start_mark.line + 1
        data.append(_value(event, events, inner, lines))
    return data


def _scalar(event: Any) -> str | int | float | bool | None:
    text = _text(event)
    plain = event.implicit[0]
    if not plain:
        return text
    if text in NULL:
        return None
    if text in BOOL:
        return BOOL[text]
    if INT.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def _text(event: Any) -> str:
    text: str = event.value
    found = commanding(text)
    if found:  # an escape in quotes: YAML itself takes no such character
        raise _refused(f"the character U+{ord(found):04X} cannot be in a scenario", event)
    return text


def _refuse_extras(event: Any, place: Place) -> None:
    if isinstance(event, AliasEvent) or event.anchor is not None:
        raise _refused("anchors (&) and aliases (*) are refused, a few lines of them can grow without end", event)
    if event.tag is not None:
        raise _refused("tags (!) are refused; write the value plainly, text in quotes", event)
    if len(place) > MAX_DEPTH:
        raise _refused(f"nested deeper than {MAX_DEPTH} levels; a scenario needs about 8", event)


def _refused(message: str, event: Any) -> MarkedYAMLError:
    return _Refused(problem=message, problem_mark=event.start_mark)
