"""Which row of a prediction is which row of a recorded answer, and what differs between the two. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netlab.results.recorded import ComparedRow, Kind, Row, Verdict


@dataclass(frozen=True, slots=True)
class Form:
    """The keys of a kind of rows: those that pair a row with another, the strictest first, and those that are compared.

    The values of ``optional`` are compared only where the recorded row has them: older versions of `az` leave them out.
    """

    pairing: tuple[tuple[str, ...], ...]
    compared: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them, in the order in which a row is shown."""
        return tuple(dict.fromkeys((*self.pairing[0], *self.compared, *self.optional)))

    @property
    def required(self) -> tuple[str, ...]:
        """Those that no row lacks: each way to pair rows has them."""
        return tuple(key for key in self.pairing[0] if all(key in keys for keys in self.pairing))


FORMS: Mapping[Kind, Form] = {
    "effective-routes": Form(
        (("addressPrefix", "source"), ("addressPrefix",)),
        ("source", "state", "nextHopType", "nextHopIpAddress"),
        ("disableBgpRoutePropagation", "name"),
    ),
    "learned-routes": Form(
        (("localAddress", "network", "sourcePeer"), ("localAddress", "network", "origin", "asPath")),
        ("sourcePeer", "nextHop", "origin", "asPath"),
        ("weight",),
    ),
    "advertised-routes": Form((("localAddress", "network"),), ("nextHop", "asPath"), ("origin", "weight")),
    "bgp-peers": Form((("localAddress", "neighbor"),), ("state",), ("asn", "routesReceived")),
    "connection": Form((("name",),), ("connectionStatus",), ("connectionType", "enableBgp")),
}

Why = Callable[[Row | None, Row | None, tuple[str, ...]], str]


def rows(kind: Kind, recorded: Sequence[Row], predicted: Sequence[Row], why: Why) -> tuple[ComparedRow, ...]:
    """Each recorded row beside the one that it is in the prediction, then the rows that only the prediction has."""
    form = FORMS[kind]
    partner = _paired(form, recorded, predicted)
    left = [row for number, row in enumerate(predicted) if number not in partner.values()]
    found = [
        _compared(form, row, predicted[partner[number]] if number in partner else None, why)
        for number, row in enumerate(recorded)
    ]
    return (*found, *(_compared(form, None, row, why) for row in left))


def _paired(form: Form, recorded: Sequence[Row], predicted: Sequence[Row]) -> dict[int, int]:
    """The number of the predicted row of each recorded one that has one: equal rows first, then by ever less keys."""
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for keys in ((*form.pairing[0], *form.compared), *form.pairing):
        free: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(predicted):
            if number not in taken:
                free[_values(row, keys)].append(number)
        for number, row in enumerate(recorded):
            if number not in partner and (same := free[_values(row, keys)]):
                partner[number] = same.pop(0)
                taken.add(partner[number])
    return partner


def _compared(form: Form, recorded: Row | None, predicted: Row | None, why: Why) -> ComparedRow:
    if recorded is None or predicted is None:
        verdict: Verdict = "missing here" if predicted is None else "missing there"
        return ComparedRow(verdict, recorded, predicted, (), why(recorded, predicted, ()))
    asked = (*form.compared, *(key for key in form.optional if recorded[key] is not None))
    differs = tuple(key for key in asked if _same(recorded[key]) != _same(predicted[key]))
    reason = why(recorded, predicted, differs) if differs else ""
    return ComparedRow("different" if differs else "equal", recorded, predicted, differs, reason)


def _values(row: Row, keys: Iterable[str]) -> tuple[Any, ...]:
    return tuple(_same(row[key]) for key in keys)


def _same(value: Any) -> Any:
    """A value without what means nothing: the case of letters, the order of a list."""
    if isinstance(value, tuple):
        return tuple(sorted(item.lower() for item in value))
    return value.lower() if isinstance(value, str) else value
