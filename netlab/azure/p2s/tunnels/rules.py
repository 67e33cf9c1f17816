"""What Azure's rules say of one tunnel type of point-to-site (R56): the port that each type fills in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure.sizes import TUNNEL_MTU

Prefixes = frozenset[IPv4Network]


@dataclass(frozen=True, slots=True)
class TunnelRules:
    """A tunnel type.

    ``offers``: what a gateway offers a client of all prefixes that it has for clients, in their order.
    ``by_profile``: the operating systems whose routes come from the downloaded profile; those of others come from
    ``offered_as``, a phrase. ``carries``: the prefixes of the gateway's side that a tunnel carries, by what was offered
    when the client connected. ``before_own_network``: the operating systems that ask the routes into the tunnel before
    the one to their own network, however short. ``reserved``: how many addresses of the pool the gateway's end takes.
    ``most``: the most clients of a gateway with tunnels of this type, whatever its SKU; their part of the pool is then
    their own. None where the SKU limits them, with those of other types. ``mtu``: the biggest packet that a tunnel
    carries.
    """

    offers: Callable[[Iterable[IPv4Network]], tuple[IPv4Network, ...]]
    by_profile: frozenset[str]
    offered_as: str
    carries: Callable[[Prefixes], Prefixes]
    before_own_network: frozenset[str]
    reserved: int = 0
    most: int | None = None
    mtu: int = TUNNEL_MTU

    def origin(self, os: str) -> str:
        """Where the routes of a client come from, as a phrase."""
        return "the downloaded profile" if os in self.by_profile else self.offered_as
