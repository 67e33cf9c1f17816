"""What is wrong with a text that is no YAML, in the words of a person: the slip, in its line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from netlab.scenario.names import short

# YAML 1.1, which libyaml reads, has more line breaks than most editors.
_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TIGHT = re.compile(r"\s*(?:- +)*([\w.-]+):(?=[^\s:/])")
_KEY = re.compile(r"\s*(?:- +)*[\w.-]+\s*:(?:\s|$)")
# What libyaml says where a line before it has slipped.
_AFTER_A_KEY = re.compile("mapping values|could not find expected ':'|did not find expected (key|'-')")
_CLOSERS = {"[": "]", "{": "}"}
_SPACE = "a space is missing after `:`"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a text: line and column, both from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What libyaml says: the problem and where, what it was reading and where that began."""

    problem: str
    at: Spot
    context: str
    began: Spot


def slip(text: str, trouble: Trouble) -> tuple[int, str]:
    """The line, from 1, and the slip in it; libyaml's own words where none is recognised."""
    lines = _BREAKS.split(text)
    # What libyaml misses at the end of a text is in a line that is not there.
    lines += [""] * (max(trouble.at.line, trouble.began.line) + 1 - len(lines))
    found = next(_slips(lines, trouble), None)
    line, message = found if found is not None else (trouble.at.line, trouble.problem)
    return line + 1, message


def _slips(lines: list[str], trouble: Trouble) -> Iterator[tuple[int, str]]:
    problem, at, began = trouble.problem, trouble.at, trouble.began
    before = _before(lines, at.line)
    yield from _strange_spaces(lines, at.line)
    if "scanning a quoted scalar" in trouble.context and "unexpected" in problem:
        yield began.line, f"the quote {_character(lines, began)} is not closed"
    elif "parsing a flow" in trouble.context and "did not find expected" in problem:
        yield _in_brackets(lines, at, began)
    elif "cannot start any token" in problem or "scanning an a" in trouble.context:
        where = at if "any token" in problem else began
        yield where.line, f"a value cannot begin with {_character(lines, where)}; put it in quotes"
    elif "unexpected ':'" in problem:
        yield at.line, _SPACE
    for line in (began.line, before, at.line) if _AFTER_A_KEY.match(problem) else ():
        if found := _TIGHT.match(lines[line]):
            yield line, f"{_SPACE}: write `{short(found[1]).strip('`')}: …`"
    if "mapping values" in problem:
        yield from _second_value(lines, at, before)
    elif "could not find expected ':'" in problem:
        yield began.line, "a `:` is missing after the key"
    elif "did not find expected" in problem:
        yield from _no_key(lines, at, before)


def _strange_spaces(lines: list[str], number: int) -> Iterator[tuple[int, str]]:
    """An indentation of something else than spaces, in the line or the one before."""
    for line in (number, _before(lines, number)):
        indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())]
        if "\t" in indent:
            yield line, "a tab character indents this line; YAML is indented by spaces"
        elif strange := indent.strip(" "):
            yield line, f"the character U+{ord(strange[0]):04X} indents this line; YAML is indented by spaces"


def _in_brackets(lines: list[str], at: Spot, began: Spot) -> tuple[int, str]:
    """A list or mapping in brackets: it is not closed, or lacks a comma."""
    opener = lines[began.line][began.column : began.column + 1]
    closer = _CLOSERS.get(opener, "]")
    rest = "\n".join((lines[began.line][began.column :], *lines[began.line + 1 :]))
    if not _is_closed(rest):
        return began.line, f"the `{opener}` is not closed"
    return at.line, f"a comma or `{closer}` is missing before {_place(lines, at)}"


def _is_closed(text: str) -> bool:
    """Whether the bracket that a text begins with is closed in it, quoted texts and comments left aside."""
    depth = 0
    for token in re.finditer(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|(?<=\s)#[^\n]*|[\[\]{}]", text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return True
    return False


def _second_value(lines: list[str], at: Spot, before: int) -> Iterator[tuple[int, str]]:
    """A `: ` where a value stands already."""
    here = lines[at.line]
    if _KEY.match(here[: at.column]):
        yield at.line, "a text with `: ` in it needs quotes"
    elif before < at.line and not _KEY.match(lines[before]):
        yield before, "a `:` is missing after the key"
    elif _indent(here) > _indent(lines[before]):
        yield at.line, f"{_compared(lines, at.line, before)}; the key of line {before + 1} has a value already"


def _no_key(lines: list[str], at: Spot, before: int) -> Iterator[tuple[int, str]]:
    """Something else where a key or an item should begin."""
    here = lines[at.line]
    if at.column > _indent(here):
        character = here[at.column : at.column + 1]
        if character in ("]", "}"):
            yield at.line, f"the `{character}` closes nothing"
        elif re.search(r"[\"']\s*$", here[: at.column]):
            yield at.line, f"the quotes end before {_place(lines, at)}; put the whole text in one pair of them"
    elif before < at.line and _indent(here) != _inner(lines[before]):
        yield at.line, f"{_compared(lines, at.line, before)}; what belongs together is indented alike"


def _compared(lines: list[str], line: int, before: int) -> str:
    """How far two lines are indented; of a list's item that is where its first key stands."""
    item = lines[line].lstrip().startswith("- ")
    inner = _indent(lines[before]) if item else _inner(lines[before])
    what = f"the key after `-` in line {before + 1}" if inner != _indent(lines[before]) else f"line {before + 1}"
    return f"line {line + 1} is indented by {_indent(lines[line])}, {what} by {inner}"


def _before(lines: list[str], number: int) -> int:
    """The last line before this one that is neither empty nor a comment; itself if there is none."""
    filled = (n for n in range(number - 1, -1, -1) if lines[n].strip() and not lines[n].lstrip().startswith("#"))
    return next(filled, number)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _inner(line: str) -> int:
    """Where the first key of a line stands, after the dashes of items."""
    dashes = re.match(r"\s*(?:- +)*", line)
    return dashes.end() if dashes is not None else 0


def _character(lines: list[str], at: Spot) -> str:
    return short(lines[at.line][at.column : at.column + 1])


def _place(lines: list[str], at: Spot) -> str:
    """A place as a message names it: by the key that begins there, else by its column; a value may be a secret."""
    here = lines[at.line]
    # Two words are one text to libyaml, so that it complains of the colon behind them.
    start = re.search(r"[\w.-]*\s*$", here[: at.column]) if here[at.column :].startswith(":") else None
    key = re.match(r"([\w.-]+)\s*:(?:\s|$)", here[start.start() if start is not None else at.column :])
    return short(key[1]) if key is not None else f"column {at.column + 1}"
