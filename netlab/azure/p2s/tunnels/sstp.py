"""SSTP: PPP carries no routes; those of Windows, its only client, come from the profile (P3, P17). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

from netlab.azure.p2s.tunnels.rules import Prefixes, TunnelRules

_ANY = frozenset({IPv4Network("0.0.0.0/0")})


def _nothing(prefixes: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    del prefixes
    return ()


def _everything(offered: Prefixes) -> Prefixes:
    """There are no selectors: what a route leads into the tunnel passes it."""
    del offered
    return _ANY


RULES = TunnelRules(
    offers=_nothing,
    by_profile=frozenset({"windows"}),
    offered_as="its connection",
    carries=_everything,
    before_own_network=frozenset(),
    # P3, P9: its own part of the pool, whatever else a gateway serves.
    most=128,
)
