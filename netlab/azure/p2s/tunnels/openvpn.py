"""OpenVPN: the gateway pushes routes when a client connects, whatever its system (P16); the profile has none. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.azure.p2s.tunnels.rules import Prefixes, TunnelRules

_ANY = frozenset({IPv4Network("0.0.0.0/0")})


def _everything(offered: Prefixes) -> Prefixes:
    """There are no selectors: what a route leads into the tunnel passes it."""
    del offered
    return _ANY


RULES = TunnelRules(
    offers=tuple,
    by_profile=frozenset(),
    offered_as="the routes pushed when it connected",
    carries=_everything,
    # Its routes are in the main table: the longest prefix wins.
    before_own_network=frozenset(),
    # The next hop of the pushed routes: the first address of the subnet (OpenVPN, topology subnet).
    reserved=1,
    # P23: OpenVPN's own default.
    mtu=1500,
)
