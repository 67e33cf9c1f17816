"""Functions of strings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, unquote, urljoin

from netlab.imports.arm.functions.function import Function, as_list, as_number, as_text, bounded, text
from netlab.imports.arm.values import EvaluationError, Value

FIXED_TIME = "2000-01-01T00:00:00Z"
"""An import has no clock: the same input gives the same output."""
FIXED_GUID = "00000000-0000-0000-0000-000000000000"
_ITEM = re.compile(r"\{\{|\}\}|\{(\d{1,4})(?:,(-?\d{1,3}))?(?::([A-Za-z])(\d{0,2}))?\}|[{}]")
_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)


def _format(pattern: Value, *arguments: Value) -> str:
    found, at, length = [], 0, 0
    template = as_text(pattern)
    for item in _ITEM.finditer(template):
        made = item[0][0] if item[0] in ("{{", "}}") else _formatted(item, arguments)
        found += [template[at : item.start()], made]
        length += item.start() - at + len(made)
        bounded("", length)
        at = item.end()
    return "".join((*found, template[at:]))


def _formatted(item: re.Match[str], arguments: tuple[Value, ...]) -> str:
    if item[1] is None or int(item[1]) >= len(arguments):
        raise EvaluationError("format() names an argument that is not there")
    value = arguments[int(item[1])]
    made = text(value)
    if item[3] and isinstance(value, int) and not isinstance(value, bool):
        width = int(item[4] or 0)
        kind = item[3].upper()
        sign, digits = ("-" if value < 0 else ""), str(abs(value))
        if kind == "D":
            made = sign + digits.rjust(width, "0")
        elif kind == "X":
            made = format(value, item[3]).rjust(width, "0")
        elif kind == "N":
            made = format(value, ",") + ("." + "0" * int(item[4] or 2) if item[4] != "0" else "")
        else:
            raise EvaluationError(f"format() with {item[3]} is not known")
    width = int(item[2] or 0)
    return made.rjust(width) if width >= 0 else made.ljust(-width)


def _substring(value: Value, start: Value, length: Value = None) -> str:
    found, first = as_text(value), as_number(start)
    last = len(found) if length is None else first + as_number(length)
    if not 0 <= first <= last <= len(found):
        raise EvaluationError("substring() reaches outside of its string")
    return found[first:last]


def _replace(value: Value, old: Value, new: Value) -> str:
    found, before, after = as_text(value), as_text(old), as_text(new)
    if not before:
        raise EvaluationError("replace() of an empty string")
    bounded("", len(found) + found.count(before) * len(after))
    return found.replace(before, after)


def _split(value: Value, delimiter: Value) -> list[Value]:
    marks = [as_text(mark) for mark in (delimiter if isinstance(delimiter, list) else [delimiter])]
    pattern = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True) if mark)
    return [*re.split(pattern, as_text(value))] if pattern else [as_text(value)]


def _join(values: Value, delimiter: Value) -> str:
    parts, mark = [text(value) for value in as_list(values)], as_text(delimiter)
    bounded("", sum(map(len, parts)) + len(parts) * len(mark))
    return mark.join(parts)


def _pad_left(value: Value, width: Value, character: Value = " ") -> str:
    if len(as_text(character)) != 1:
        raise EvaluationError("padLeft() needs one character")
    bounded("", as_number(width))
    return text(value).rjust(width, character)


def _unique_string(*values: Value) -> str:
    # Differs from Azure: uniqueString() makes other letters than Azure's hash, so names made of it differ.
    return _digest(values)[:13]


def _guid(*values: Value) -> str:
    return str(uuid.UUID(_digest(values)[:32]))


def _digest(values: tuple[Value, ...]) -> str:
    return hashlib.sha1("|".join(as_text(value) for value in values).encode(), usedforsecurity=False).hexdigest()


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(as_text(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise EvaluationError("base64ToString() of something that is no text in base64") from None


def _data(value: Value) -> str:
    return "data:text/plain;charset=utf8;base64," + base64.b64encode(text(value).encode()).decode()


def _json(value: Value) -> Value:
    found = as_text(value)
    for candidate in (found, found.replace("'", '"')):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise EvaluationError("json() of something that is no JSON")


def _time_added(base: Value, duration: Value, _: Value = None) -> str:
    found = _DURATION.fullmatch(as_text(duration))
    try:
        start = datetime.fromisoformat(as_text(base).replace("Z", "+00:00"))
        if found is None:
            raise ValueError
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        span = timedelta(
            days=years * 365 + months * 30 + weeks * 7 + days, hours=hours, minutes=minutes, seconds=seconds
        )
        moved = start - span if found[1] else start + span
    except (ValueError, OverflowError):
        raise EvaluationError("dateTimeAdd() of something that is no time or no duration") from None
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")


def position(value: Value, part: Value, last: bool = False) -> int:
    """Where a part of a string begins, without case; -1 where it is not in it."""
    found, wanted = as_text(value).lower(), as_text(part).lower()
    return found.rfind(wanted) if last else found.find(wanted)


FUNCTIONS: Mapping[str, Function] = {
    "format": Function(_format, 1, None),
    "substring": Function(_substring, 2, 3),
    "replace": Function(_replace, 3, 3),
    "split": Function(_split, 2, 2),
    "join": Function(_join, 2, 2),
    "padleft": Function(_pad_left, 2, 3),
    "tolower": Function(lambda value: as_text(value).lower(), 1, 1),
    "toupper": Function(lambda value: as_text(value).upper(), 1, 1),
    "trim": Function(lambda value: as_text(value).strip(), 1, 1),
    "string": Function(lambda value: bounded(text(value)), 1, 1),
    "json": Function(_json, 1, 1),
    "startswith": Function(lambda value, part: as_text(value).lower().startswith(as_text(part).lower()), 2, 2),
    "endswith": Function(lambda value, part: as_text(value).lower().endswith(as_text(part).lower()), 2, 2),
    "uniquestring": Function(_unique_string, 1, None),
    "guid": Function(_guid, 1, None),
    "newguid": Function(lambda: FIXED_GUID, 0, 0),
    "utcnow": Function(lambda _="": FIXED_TIME, 0, 1),
    "datetimeadd": Function(_time_added, 2, 3),
    "uri": Function(lambda base, relative: urljoin(as_text(base), as_text(relative)), 2, 2),
    "uricomponent": Function(lambda value: quote(as_text(value), safe="~()*!'"), 1, 1),
    "uricomponenttostring": Function(lambda value: unquote(as_text(value)), 1, 1),
    "base64": Function(lambda value: base64.b64encode(as_text(value).encode()).decode(), 1, 1),
    "base64tostring": Function(_decoded, 1, 1),
    "base64tojson": Function(lambda value: _json(_decoded(value)), 1, 1),
    "datauri": Function(_data, 1, 1),
    "datauritostring": Function(lambda value: _decoded(as_text(value).rpartition(",")[2]), 1, 1),
}
