"""Reads the files of an import: bytes -> JSON values, or errors that name file, line and column (E01 to E04)."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netlab import files
from netlab.errors import Finding, UsageError

STANDARD_INPUT = "-"
SUBSCRIPTION = "--subscription"
IN_MEMORY = {STANDARD_INPUT: "standard input", SUBSCRIPTION: "Azure Resource Graph"}
"""The names of what is no file."""
MOST_BYTES = 64 << 20
DEEPEST = 100
MOST_FILES = 10_000
KNOWN = "az, Resource Graph, REST, ARM, what-if, Terraform (`netlab import --commands`)"
_SUFFIXES = (".json", ".tfstate")
# A string, or what JSON does not have: comments, and a comma before what closes.
# Atomic, so that no text is looked at more often than its length allows.
_LENIENT = re.compile(
    r'"(?>[^"\\]|\\.)*+(?:"|\Z)|//[^\n]*|/\*(?>.*?(?:\*/|\Z))|,(?=(?>\s+|//[^\n]*|/\*(?>.*?\*/))*+[\]}])', re.DOTALL
)
_SOURCE = {
    "Bicep": (
        re.compile(
            r"^\s*(?:@\w+\(|param\s+\w+\s|targetScope\s*=|resource\s+\w+\s+'|var\s+\w+\s*=|module\s+\w+\s+')", re.M
        ),
        "run `bicep build`",
    ),
    "Terraform": (
        re.compile(r'^\s*(?:resource|provider|module|variable|data|terraform|locals|output)\s*(?:"[^"]*"\s*)*\{', re.M),
        "run `terraform show -json`",
    ),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A file of an import: its name as given, its text and its JSON value."""

    source: str
    text: str
    data: Any
    duplicates: tuple[str, ...] = ()


class Refused(Exception):
    """A file that cannot be read; the finding says why."""

    def __init__(self, code: str, source: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.finding = Finding(message, code, source, line)


def paths(given: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Every file of the given ones, with its name for messages; of a directory all JSON files below it, in order."""
    found: dict[Path, tuple[str, Path]] = {}
    for name in given:
        path = Path(name)
        if name in IN_MEMORY:
            found[path] = (name, path)
            continue
        if not path.exists():
            raise UsageError(f"there is no file {name[:200]!r}", "name files or directories of descriptions")
        below = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file()) if path.is_dir() else [path]
        if len(below) > MOST_FILES:
            raise UsageError(f"{name} holds more than {MOST_FILES} files", "name those that describe the network")
        if not below:
            raise UsageError(f"{name} holds no *.json and no *.tfstate", "name files or directories of descriptions")
        for item in below:
            found.setdefault(item.resolve(), (str(item), item))
    return list(found.values())


def document(source: str, path: Path) -> Document:
    """The JSON value of a file."""
    try:
        content = files.read(path, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}", "name a readable file") from None
    return parsed(source, content)


def parsed(source: str, content: bytes) -> Document:
    """The JSON value of a file's content."""
    if len(content) > MOST_BYTES:
        raise Refused("E04", source, f"more than {MOST_BYTES >> 20} MiB ({MOST_BYTES} bytes)")
    text = _text(source, content)
    if not text.strip():
        raise Refused("E02", source, f"the file is empty. Known: {KNOWN}")
    duplicates: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            duplicates.extend(sorted({key for key in keys if keys.count(key) > 1}) if len(keys) < 1000 else ["…"])
        return made

    try:
        data = _loaded(source, text, mapping)
    except RecursionError:
        raise Refused("E04", source, f"nested deeper than {DEEPEST}") from None
    _require_shallow(source, data)
    return Document(source, text, data, tuple(dict.fromkeys(duplicates)))


def _text(source: str, content: bytes) -> str:
    """A file's text: UTF-8, or UTF-16 with its mark, as PowerShell's > writes it; without the line of a recording."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        encoding = "UTF-16" if wide else "UTF-8"
        raise Refused("E01", source, f"not JSON: line {line}, column 1: the bytes are no {encoding}", line) from None
    first = text.lstrip()
    if first.startswith("# command:"):
        end = text.find("\n")
        text = "\n" + text[end + 1 :] if end >= 0 else ""
    return text


def _loaded(source: str, text: str, mapping: Any) -> Any:
    """The JSON value of a text; as in Azure a string may go over several lines, which is what `strict` forbids.

    learn.microsoft.com/azure/azure-resource-manager/templates/syntax#multi-line-strings
    """
    try:
        return json.loads(text, object_pairs_hook=mapping, strict=False)
    except ValueError:
        pass
    try:
        return json.loads(_LENIENT.sub(_blank, text), object_pairs_hook=mapping, strict=False)
    except json.JSONDecodeError as error:
        raise _no_json(source, text, error) from None
    except ValueError:
        raise Refused("E01", source, "not JSON: line 1, column 1: a number has too many digits", 1) from None


def _blank(found: re.Match[str]) -> str:
    """A string as it is; all else as white space, so that lines and columns stay."""
    text = found[0]
    return text if text[0] == '"' else re.sub(r"[^\n]", " ", text)


def _no_json(source: str, text: str, error: json.JSONDecodeError) -> Refused:
    if not re.match(r"\s*(?:[\[{]|//|/\*)", text):
        for language, (pattern, command) in _SOURCE.items():
            if pattern.search(text[:100_000]):
                return Refused("E03", source, f"it is {language} source: {command}")
        if re.match(r"\s*using\s+'", text):
            return Refused("E03", source, "it is a Bicep parameters file: run `bicep build-params`")
        begins = _visible_start(text)
        return Refused("E02", source, f"nothing that import knows; it begins with `{begins}`. Known: {KNOWN}")
    return Refused("E01", source, f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}", error.lineno)


def _visible_start(text: str) -> str:
    """The first word of a file: no more of it, for it may be a secret."""
    return re.sub(r"[^\w.:#<!-]", "", (text.split() or [""])[0])[:12]


def _require_shallow(source: str, data: Any) -> None:
    level: list[Any] = [data] if isinstance(data, (dict, list)) else []
    for _ in range(DEEPEST + 1):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise Refused("E04", source, f"nested deeper than {DEEPEST}")


def _inside(item: Any) -> Iterator[Any]:
    values = item.values() if isinstance(item, dict) else item
    return (value for value in values if isinstance(value, (dict, list)))
