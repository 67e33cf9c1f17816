"""An answer of one of Azure's operations, as `az -o json` printed it: what it is, what it is about, its rows. Pure.

The content says what it is; the name of its file says what it is about: ``KIND.NAME.json``, ``KIND.NAME.PEER.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netlab.azure.recorded.matching import FORMS
from netlab.results.recorded import KINDS, Kind, Row

_PEER = re.compile(r"(?:^|\.)(\d{1,3}(?:\.\d{1,3}){3})$")
# `az network routeserver peering list-*` has a list for each instance.
_ROLE = re.compile(r"RouteServiceRole_IN_\d+", re.IGNORECASE)
_LISTS = ("addressPrefix", "nextHopIpAddress")
_NUMBERS = ("asn", "weight", "routesReceived")
_FLAGS = ("disableBgpRoutePropagation", "enableBgp")
# What all rows of a kind have. Learned and advertised routes have the same keys.
_TELLING: Mapping[Kind, frozenset[str]] = {
    "effective-routes": frozenset({"addressprefix", "nexthoptype"}),
    "bgp-peers": frozenset({"neighbor", "state"}),
    "connection": frozenset({"name", "connectionstatus"}),
    "learned-routes": frozenset({"network", "aspath"}),
}
_ROUTES: tuple[Kind, ...] = ("learned-routes", "advertised-routes")


class Unrecognised(Exception):
    """A file that holds no such answer, or not as the model can compare it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded answer; ``subject`` and ``peer`` are as the file's name has them, empty if it does not say."""

    kind: Kind
    subject: str
    peer: str
    rows: tuple[Row, ...]
    by_role: bool = False


def answer(file: str, data: Any) -> Answer:
    """The answer that a JSON value is; ``file`` is the last part of its file's path."""
    said, subject, peer = _named(file)
    small = list(_small_rows(data))
    kind = _kind(said, small)
    rows = tuple(_row(kind, number, row) for number, row in enumerate(small, 1))
    return Answer(kind, subject, peer, rows, _is_by_role(data))


def _named(file: str) -> tuple[Kind | None, str, str]:
    stem = re.sub(r"\.json$", "", file, flags=re.IGNORECASE)
    first, _, rest = stem.partition(".")
    kind = next((kind for kind in KINDS if kind == first.lower()), None)
    subject = stem if kind is None else rest
    peer = _PEER.search(subject)
    return kind, subject[: peer.start()] if peer else subject, peer[1] if peer else ""


def _is_by_role(data: Any) -> bool:
    return isinstance(data, dict) and bool(data) and all(_ROLE.fullmatch(key) for key in data)


def _small_rows(data: Any) -> Iterator[dict[str, Any]]:
    """The rows of a value, with their keys in small letters: of a list, a list under a key, one for each instance."""
    if isinstance(data, list):
        for item in data:
            yield from _small_rows(item)
    elif _is_by_role(data):
        yield from _small_rows([rows or [] for rows in data.values()])
    elif isinstance(data, dict):
        small = {key.lower(): value for key, value in data.items()}
        if isinstance(small.get("value"), list):
            yield from _small_rows(small["value"])
        elif isinstance(inner := small.get("properties"), dict):
            yield {**{key.lower(): value for key, value in inner.items()}, **small}
        elif small:
            yield small
    elif data is not None:
        raise Unrecognised("it holds a value that is no row: made by --query? Record it again without --query")


def _kind(said: Kind | None, rows: list[dict[str, Any]]) -> Kind:
    """What an answer is by its content; an empty one is what its name says."""
    if not rows:
        if said is None:
            raise Unrecognised(f"it has no rows, and its name does not begin with one of {', '.join(KINDS)}")
        return said
    if any("connectiontype" in row and row.get("connectionstatus") is None for row in rows):
        # `az network vpn-connection list` prints descriptions only (lab dual-hub-interconnect-ars-route-policy).
        raise Unrecognised(
            "it has connections without connectionStatus: record `az network vpn-connection show` of each"
        )
    found = {_kind_of(row) for row in rows}
    if None in found or len(found) > 1:
        raise Unrecognised(f"it is none of {', '.join(KINDS)} as `az ... -o json` prints them")
    kind = next(kind for kind in found if kind is not None)
    if kind == "learned-routes" and (said == "advertised-routes" or (said is None and _is_advertised(rows))):
        kind = "advertised-routes"
    if kind == "advertised-routes" and any(row.get("sourcepeer") for row in rows):
        raise Unrecognised("its name says advertised-routes, but its rows have a sourcePeer, as learned routes do")
    if said is not None and said != kind:
        raise Unrecognised(f"its name says {said}, but its content is {kind}")
    return kind


def _kind_of(row: Mapping[str, Any]) -> Kind | None:
    return next((kind for kind, keys in _TELLING.items() if keys <= row.keys()), None)


def _is_advertised(rows: list[dict[str, Any]]) -> bool:
    """Whether routes are advertised ones: those have no sourcePeer."""
    return not any(row.get("sourcepeer") for row in rows)


def _row(kind: Kind, number: int, small: Mapping[str, Any]) -> Row:
    """A row with the keys that are compared, as `az` spells them."""
    made = {key: _value(number, key, small.get(key.lower())) for key in FORMS[kind].keys}
    empty = next((key for key in FORMS[kind].required if not made[key]), "")
    if empty:
        raise Unrecognised(f"row {number} has no {empty}")
    return made


def _value(number: int, key: str, value: Any) -> Any:
    wrong = Unrecognised(f"row {number}: {key} has an unexpected value")
    if key in _LISTS:
        items = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(item, str) for item in items):
            raise wrong
        return tuple(items)
    if value is None or value == "":
        return None
    if key in _NUMBERS and str(value).isdecimal() and len(str(value)) < 20:
        return int(value)
    if key in _FLAGS and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    if key in (*_NUMBERS, *_FLAGS) or not isinstance(value, str):
        raise wrong
    return value
