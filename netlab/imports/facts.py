"""Reads the properties of a resource as values of a type; an error names the place of what does not fit (E11, E15)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Body, Resource, dig, entries
from netlab.imports.notes import Notes
from netlab.imports.runtime import Token, Unknown

_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9.]*")


@dataclass(frozen=True)
class Facts:
    """The properties of a resource, or of a part of it: ``at`` is the path to the part, for messages."""

    notes: Notes
    item: Resource
    body: Mapping[str, Any]
    at: str = ""

    @classmethod
    def of(cls, notes: Notes, item: Resource) -> Facts:
        return cls(notes, item, item.properties)

    def part(self, body: Body, at: str) -> Facts:
        """The same of a part."""
        return Facts(self.notes, self.item, body, f"{self.at}{at}.")

    def parts(self, *path: str) -> list[Facts]:
        """The parts of a list."""
        label = self.at + ".".join(path)
        return [
            Facts(self.notes, self.item, body, f"{label}[{body.get('name', index)}].")
            for index, body in enumerate(entries(self.raw(*path)))
        ]

    def raw(self, *path: str) -> Any:
        """A value as it stands there; a value that is not known is an error."""
        value = dig(self.body, *path)
        if isinstance(value, Unknown):
            self.unknown(value, ".".join(path))
            return None
        return value

    def unknown(self, value: Unknown, path: str) -> None:
        """Note a value that the input does not answer."""
        use = f"{self.item.where}: {self.at}{path}"
        if value.parameters:
            for name in value.parameters:
                self.notes.parameters.setdefault(self.item.source, {}).setdefault(name, use)
        elif value.wrong:
            self.notes.fail("E11", self.item.source, f"{use} has no value: {value.expression[:120]}")
        elif self.item.address:
            self.notes.leave_out(
                self.item,
                f"{self.at}{path} is not known before apply ({value.expression}): give --set ADDRESS.ATTRIBUTE=VALUE",
            )
        else:
            self.notes.fail(
                "E15",
                self.item.source,
                f"{use} is known only at run time ({value.expression[:120]}): give --set ADDRESS.ATTRIBUTE=VALUE",
            )

    def wrong(self, path: str, value: Any, what: str) -> None:
        """Note a value of another type than it has to be, or that is missing."""
        said = "is missing" if value is None else f"{_quoted(value)} is no {what}"
        sign = "" if value is None else ":"
        self.notes.fail("E11", self.item.source, f"{self.item.where}: {self.at}{path}{sign} {said}")

    # --- values -------------------------------------------------------------------------------------------------------

    def flag(self, *path: str, default: bool = False) -> bool:
        value = self.raw(*path)
        if isinstance(value, str) and value.lower() in _TRUTH:
            return _TRUTH[value.lower()]
        if isinstance(value, bool) or value is None:
            return default if value is None else value
        self.wrong(".".join(path), value, "boolean")
        return default

    def number(self, *path: str) -> int | None:
        value = self.raw(*path)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.wrong(".".join(path), value, "number")
        return None

    def word(self, *path: str, among: Iterable[str] = ()) -> str:
        """A word, in the spelling of those that it may be; empty where it is not there."""
        value = self.raw(*path)
        if value is None:
            return ""
        known = {word.lower(): word for word in among}
        if not isinstance(value, str) or (known and value.lower() not in known):
            self.wrong(".".join(path), value, f"{' | '.join(known.values())}" if known else "text")
            return ""
        return known.get(value.lower(), value)

    def reference(self, *path: str) -> str:
        """The id that a property names; empty where it is not there."""
        value = self.raw(*path)
        if isinstance(value, Mapping):
            return self.reference(*path, "id")
        if value is None:
            return ""
        if ids.parsed(value) is None:
            self.wrong(".".join(path), value, "resource id")
            return ""
        return str(value)

    def address(self, *path: str) -> str:
        """An IPv4 address; empty where it is not there, or is a token."""
        value = self.raw(*path)
        if value is None or isinstance(value, Token):
            return ""
        text = str(value).strip()
        try:
            return str(IPv4Address(text))
        except ValueError:
            if ":" not in text:
                self.wrong(".".join(path), value, "address")
            return ""

    def prefixes(self, *paths: tuple[str, ...]) -> list[str]:
        """The IPv4 prefixes of several properties, singular and plural, in order and once each (N5, N8)."""
        found: dict[str, None] = {}
        for path in paths:
            value = self.raw(*path)
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, Unknown):
                    self.unknown(text, ".".join(path))
                elif text is not None:
                    found |= dict.fromkeys(self._prefix(".".join(path), text))
        return list(found)

    def _prefix(self, path: str, value: Any) -> list[str]:
        text = str(value).strip() if isinstance(value, str) else ""
        try:
            made = IPv4Network(text, strict=False)
        except ValueError:
            if _is_ipv6(text):
                self.notes.properties[f"{self.item.kind}: {path} (IPv6)"] += 1
            else:
                self.wrong(path, value, "prefix")
            return []
        if "/" in text and text.split("/")[0] != str(made.network_address):
            self.notes.warn(self.item.name, f"{text} has host bits set: {made} is written")
        return [str(made)]


def is_tag(text: str) -> bool:
    """Whether an address prefix is the name of a service."""
    return _WORD.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def _quoted(value: Any) -> str:
    """The beginning of a value; nothing of one that may hold more than an address, a name or a word."""
    if isinstance(value, (bool, int, float)):
        return f"`{str(value).lower()}`"
    text = value if isinstance(value, str) else ""
    return f"`{text[:40]}`" if text and re.fullmatch(r"[\w./:*$ \-]+", text[:40]) else "the value"
