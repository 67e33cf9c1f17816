"""The texts of the golden files, from the plain values of `surface`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from surface import Cell, Configuration, Routes, Step, Way

# More prefixes than this are written as their number and a hash.
LISTED = 24


def decisions(steps: Iterable[Step]) -> str:
    """Verdicts, paths and drops, and what is connected, learned and effective; no sentence."""
    return _text(line for step in steps for line in _decisions(step))


def sentences(steps: Iterable[Step]) -> str:
    """Every reason, and every verdict of a dead cell; each once. What mends it, its own test tries."""
    blocks = dict.fromkeys(block for step in steps for block in _sentences(step))
    return _text(blocks)


def configuration(found: Configuration) -> str:
    """A plan with its files, those that are equal only once, and its vici messages."""
    return _text((*_tree("plan", found.plan), *_files(found.files), *_tree("vici", found.vici)))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _decisions(step: Step) -> Iterator[str]:
    yield f"step {step.name}"
    yield from map(_cell, step.cells)
    yield from (line for name, routes in step.clients.items() for line in _routes(f"client {name}", routes))
    yield from (f"connection {name}: {', '.join(words)}" for name, words in step.connections.items())
    yield from (f"tunnel {name}: {state}" for name, state in step.tunnels.items())
    yield from (f"bgp {session}" for session in step.sessions)
    yield from (line for name, routes in step.learned.items() for line in _routes(f"learned {name}", routes))
    yield from (line for name, routes in step.effective.items() for line in _routes(f"effective {name}", routes))


def _cell(cell: Cell) -> str:
    legs = (f"{leg} {_ways(ways)}" for leg, ways in (("forward", cell.forward), ("reverse", cell.reverse)) if ways)
    return f"{cell.source} {cell.target} {cell.verdict}: {'; '.join(legs)}"


def _ways(ways: Iterable[Way]) -> str:
    """Paths in an order of their own; a drop is written as ``!`` and its node."""
    return ", ".join(sorted(">".join(way.nodes) + (f"!{way.dropped_at}" if way.dropped_at else "") for way in ways))


def _routes(title: str, routes: Routes) -> Iterator[str]:
    """A line for all the prefixes that share everything else."""
    by_words: dict[tuple[str, ...], list[str]] = {}
    for words, prefix in routes:
        by_words.setdefault(words, []).append(prefix)
    yield from (f"{title}: {', '.join(words)}: {_prefixes(found)}" for words, found in sorted(by_words.items()))


def _prefixes(prefixes: list[str]) -> str:
    found = sorted(prefixes, key=lambda prefix: IPv4Network(prefix) if prefix else IPv4Network(0))
    return " ".join(found) if len(found) <= LISTED else _hashed(found)


def _hashed(prefixes: list[str]) -> str:
    digest = hashlib.sha256("\n".join(prefixes).encode()).hexdigest()
    return f"{len(prefixes)} prefixes, sha256 {digest}"


def _sentences(step: Step) -> Iterator[str]:
    yield from (f"reason: {reason}" for reason in step.reasons)
    for cell in step.cells:
        yield from (f"reason: {way.reason}" for way in (*cell.forward, *cell.reverse) if way.reason)
        if cell.explained:
            yield cell.explained


def _files(files: Mapping[str, str]) -> Iterator[str]:
    by_text: dict[str, list[str]] = {}
    for name, text in files.items():
        by_text.setdefault(text, []).append(name)
    for text, names in by_text.items():
        yield f"file {' '.join(names)}"
        yield from (f"  {line}" for line in text.splitlines())


def _tree(title: str, item: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """An object as a line, and below it each of those that it holds."""
    inside = {key: value for key, value in item.items() if _holds_objects(value)}
    words = (f"{key}={_word(value)}" for key, value in item.items() if key not in inside)
    yield f"{indent}{' '.join((title, *words))}"
    for key, value in inside.items():
        for each in value if isinstance(value, list) else (value,):
            yield from _tree(key, each, f"{indent}  ")


def _holds_objects(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(item, Mapping) for item in value))


def _word(value: Any) -> str:
    if isinstance(value, list):
        many = len(value) > LISTED and all(map(_is_prefix, value))
        return f"[{_hashed(sorted(value)) if many else ', '.join(map(_word, value))}]"
    return f"{value!r}" if " " in value or not value else str(value)


def _is_prefix(value: Any) -> bool:
    return isinstance(value, str) and "/" in value and value[0].isdigit()
