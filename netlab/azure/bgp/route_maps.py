"""Route maps: the rules of an appliance's policy towards a peer, of which the first one for a prefix decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.scenario.models import BgpPolicyRule


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule: for exactly these prefixes, or for every one; whether routes pass, and what becomes of their AS path."""

    prefixes: tuple[IPv4Network, ...] = ()
    permit: bool = True
    as_path_prepend: int = 0
    as_path_exclude: tuple[int, ...] = ()

    def changed(self, as_path: Iterable[int], asn: int) -> tuple[int, ...]:
        """An AS path as a router of this ASN leaves it."""
        kept = (each for each in as_path if each not in self.as_path_exclude)
        return (*(asn,) * self.as_path_prepend, *kept)


RouteMap = tuple[Clause, ...]
_AS_IT_IS = Clause()


def route_map(rules: Iterable[BgpPolicyRule]) -> RouteMap:
    """The route map of these rules of a file."""
    return tuple(Clause(r.prefixes, r.action == "permit", r.as_path_prepend, r.as_path_exclude) for r in rules)


def clause_for(found: RouteMap, prefix: IPv4Network) -> Clause:
    """The clause that decides about a prefix; without one the route passes as it is."""
    return next((clause for clause in found if not clause.prefixes or prefix in clause.prefixes), _AS_IT_IS)
