"""IKEv2: selectors are negotiated; Windows takes its routes from the profile, others from the selectors (1.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from netlab.azure.p2s.tunnels.rules import Prefixes, TunnelRules


def _outermost(prefixes: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The prefixes that lie inside no other one.

    strongSwan drops selectors that lie inside others (RFC 7296, section 2.9: the responder narrows as it sees fit).
    """
    everything = tuple(prefixes)
    outermost = frozenset(_of(everything))
    return tuple(prefix for prefix in everything if prefix in outermost)


def _of(prefixes: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    end = -1
    for prefix in sorted(prefixes):
        last = int(prefix.broadcast_address)
        if last > end:
            yield prefix
            end = last


def _selected(selectors: Prefixes) -> Prefixes:
    return selectors


RULES = TunnelRules(
    offers=_outermost,
    by_profile=frozenset({"windows"}),
    offered_as="the negotiated selectors",
    carries=_selected,
    # strongSwan's table comes before the main one.
    before_own_network=frozenset({"linux"}),
)
