"""Which changed objects a changed cell is because of: changes are undone one by one, and predicted again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from pydantic import ValidationError

from netlab.azure.difference.cells import Matrix
from netlab.azure.moments import after, initial
from netlab.azure.prediction import Forecast, endpoint_addresses
from netlab.azure.state import State
from netlab.errors import ScenarioError
from netlab.results.difference import CellChange, Side
from netlab.scenario import rules
from netlab.scenario.models import Action, Scenario, Step

Raw = dict[str, Any]
MOST_TRIALS = 60
"""Of more changed objects none is tried: a cell names all of them."""
MOST_TOGETHER = 8
_TOLD = "local_network_gateways"


@dataclass
class Trials:
    """What the model makes of the second scenario where some of its changes are undone.

    ``a`` has the names of ``b``; ``paths`` are the changed objects by the name that the result has, ``broken``
    the rules that one of both breaks already.
    """

    a: Raw
    b: Raw
    history: tuple[Action, ...]
    paths: Mapping[str, tuple[str, ...]]
    broken: frozenset[str] = frozenset()
    _known: dict[frozenset[str], Matrix | None] = field(default_factory=dict)

    def because_of(self, cell: CellChange) -> tuple[str, ...]:
        """The objects without whose change the cell would be as before, else those that change it alone, else all."""
        if cell.before is None or cell.after is None or len(self.paths) > MOST_TRIALS:
            return tuple(self.paths) if cell.before and cell.after else ()
        return tuple(dict.fromkeys(meant for name in self._changing(cell) for meant in self._meant(name)))

    def _meant(self, name: str) -> tuple[str, ...]:
        """What changed: of a connection that only has another local network gateway, or the first one, that gateway."""
        section, *place = self.paths[name]
        ends: list[Raw] = [(raw.get(section) or {}).get(place[0]) or {} for raw in (self.a, self.b) if place]
        if section != "connections" or not all(ends):
            return (name,)
        told = {lng for end in ends for lng in (end.get(_TOLD) or {}).values()}
        own = [{key: value for key, value in end.items() if key != _TOLD} for end in ends]
        gateways = tuple(other for other, path in self.paths.items() if path[:1] == (_TOLD,) and path[1] in told)
        return gateways if gateways and own[0] == own[1] else (name,)

    def _changing(self, cell: CellChange) -> tuple[str, ...]:
        assert cell.before is not None
        assert cell.after is not None
        names = tuple(self.paths)
        if len(names) < 2:
            return names
        needed = tuple(name for name in names if self._is(frozenset({name}), cell, cell.before))
        if needed:
            return needed
        enough = tuple(name for name in names if self._is(frozenset(names) - {name}, cell, cell.after))
        return enough or self._together(names, cell)

    def _together(self, names: tuple[str, ...], cell: CellChange) -> tuple[str, ...]:
        """As few objects as can be found whose changes have to be undone together."""
        if len(names) > MOST_TOGETHER:
            return names
        kept = list(names)
        for name in names:
            fewer = [other for other in kept if other != name]
            if fewer and cell.before is not None and self._is(frozenset(fewer), cell, cell.before):
                kept = fewer
        return tuple(kept)

    def _is(self, undone: frozenset[str], cell: CellChange, wanted: Side) -> bool:
        """Whether a cell is as wanted where these changes are undone: reachable, not reachable, or by the same ways."""
        matrix = self._matrix(undone)
        pair = cell.source, cell.target
        if matrix is None or not all(node in matrix.ends for node in pair):
            return False
        found = matrix.sides(pair).get(cell.protocols[0])
        if found is None:
            return False
        return found.verdict == wanted.verdict if cell.kind in ("lost", "gained") else found.end == wanted.end

    def _matrix(self, undone: frozenset[str]) -> Matrix | None:
        if undone not in self._known:
            self._known[undone] = self._tried(undone)
        return self._known[undone]

    def _tried(self, without: Iterable[str]) -> Matrix | None:
        """The predictions; None where `check` refuses the mixture, or where BGP does not settle."""
        raw = reduce(lambda found, name: undone(found, self.a, self.paths[name]), sorted(without), self.b)
        try:
            scenario = Scenario.model_validate(raw)
            step = Step(name="tried", do=self.history)
            found = rules.check(scenario.model_copy(update={"story": (step,)}))
            if any(one.severity == "error" and one.message not in self.broken for one in found):
                return None
            state: State = reduce(after, self.history, initial(scenario))
            return Matrix(Forecast(state, endpoint_addresses(state))) if state.learned is not None else None
        except (ScenarioError, ValidationError):
            return None


def undone(b: Raw, a: Raw, path: tuple[str, ...]) -> Raw:
    """The second contents with one object as the first have it; what stands inside of a VNet stays."""
    if path == ("scenario",):
        return {**{key: value for key, value in b.items() if key not in ("profile", "as_of")},
                **{key: a[key] for key in ("profile", "as_of") if key in a}}  # fmt: skip
    return _placed(b, a, path, whole=len(path) != 2 or path[0] != "vnets")


def _placed(b: Any, a: Any, path: tuple[str, ...], whole: bool) -> Raw:
    key, *rest = path
    inside, source = dict(b or {}), (a or {}).get(key)
    if rest:
        inside[key] = _placed(inside.get(key), source, tuple(rest), whole)
    elif source is None:
        inside.pop(key, None)
    elif whole or key not in inside:
        inside[key] = source
    else:
        own = {name: value for name, value in source.items() if name not in _INSIDE}
        inside[key] = {**own, **{name: value for name, value in inside[key].items() if name in _INSIDE}}
    return inside


_INSIDE = frozenset({"subnets", "vms", "vpn_gateway", "expressroute_gateway", "route_server"})


def explained(cells: Iterable[CellChange], trials: Trials) -> list[CellChange]:
    """The cells with what they are because of; cells of one source and target that changed alike are tried once."""
    return [replace(cell, because_of=trials.because_of(cell)) for cell in cells]
