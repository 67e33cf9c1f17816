"""Traffic selectors: what a side of a connection proposes, what it accepts, and what is left when they meet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import product

from netlab.scenario.network import Side, VpnGateway

Prefixes = tuple[IPv4Network, ...]

ANY = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class Selectors:
    """The traffic selectors of one CHILD SA, as one end sees them: every local prefix with every remote one."""

    local: Prefixes
    remote: Prefixes

    def mirrored(self) -> Selectors:
        """As the other end sees them."""
        return Selectors(self.remote, self.local)

    def cover(self, source: IPv4Address, destination: IPv4Address) -> bool:
        """Whether a packet that this end sends is selected."""
        return any(source in prefix for prefix in self.local) and any(destination in prefix for prefix in self.remote)


ANY_TO_ANY = Selectors((ANY,), (ANY,))


def cover(held: Iterable[Selectors], source: IPv4Address, destination: IPv4Address) -> bool:
    """Whether one of several selectors covers a packet."""
    return any(each.cover(source, destination) for each in held)


# --- how a side is set ----------------------------------------------------------------------------------------------


def proposed(side: Side, in_pairs: bool) -> tuple[Selectors, ...]:
    """The selectors that a side proposes, one for each CHILD SA; IKEv1 has one prefix of each side in each (RFC 2409).

    Custom ones (R50); every combination of local and remote prefixes where the gateway is policy-based (R20) or set to
    do the same (R48); else any to any (R19). A device is set to what its gateway wants, unless it has custom ones.
    """
    found = custom(side) or _by_prefixes(side)
    return tuple(dict.fromkeys(pair for each in found for pair in _pairs(each))) if in_pairs else found


def accepted(side: Side, in_pairs: bool) -> tuple[Selectors, ...]:
    """What a side accepts of its peer's proposals: a route-based gateway everything (R47), a policy-based one and a
    device what they are set to. An appliance that is set to nothing accepts everything, too."""
    is_set = side.end.role == "site" or side.policy_based or (side.is_device and bool(custom(side)))
    return proposed(side, in_pairs) if is_set else (ANY_TO_ANY,)


def local_prefixes(side: Side) -> Prefixes:
    """The prefixes at a side that a CHILD SA of its connection can select, whichever end proposes them."""
    mine = (*proposed(side, False), *accepted(side, False))
    theirs = (*proposed(side.other, False), *accepted(side.other, False))
    found = (*(p for each in mine for p in each.local), *(p for each in theirs for p in each.remote))
    return tuple(dict.fromkeys(prefix for prefix in found if prefix != ANY))


def custom(side: Side) -> tuple[Selectors, ...]:
    """Custom selectors as a side sees them: a connection's are its gateway's (the first one's, of two)."""
    settings = side.settings
    found = (
        Selectors(_widest(each.local_address_ranges), _widest(each.remote_address_ranges))
        for each in settings.traffic_selector_policies
    )
    return tuple(found) if is_written_by(side) else tuple(each.mirrored() for each in found)


def is_written_by(side: Side) -> bool:
    """Whether the custom selectors of a side are written as it sees them, and not as the other side does."""
    first = next(each for each in side.connection.sides if not each.is_device)
    return side.settings is not side.connection.spec or side is first


def by_policy(side: Side) -> bool:
    """Whether the selectors of a side are the combinations of a gateway's prefixes (R20, R48)."""
    is_gateway = isinstance(side.end, VpnGateway)
    return is_gateway and (side.policy_based or side.settings.use_policy_based_traffic_selectors)


def _by_prefixes(side: Side) -> tuple[Selectors, ...]:
    own, other = side.end.prefixes, side.other
    if by_policy(side):
        return _combinations(_with_peer(side, own), _with_peer(other, side.local_network_gateway.address_prefixes))
    if not side.is_device or not by_policy(other):
        return (ANY_TO_ANY,)
    there = () if isinstance(side.end, VpnGateway) else side.end.static_routes.get(side.connection.name)
    return _combinations(_with_peer(side, own), _with_peer(other, other.end.prefixes) if there is None else there)


def _with_peer(side: Side, prefixes: Prefixes) -> Prefixes:
    """The prefixes and, where BGP runs, the addresses from which the side speaks it (B11)."""
    peers = map(IPv4Network, side.bgp_addresses if side.connection.speaks_bgp else ())
    return (*prefixes, *(peer for peer in peers if not any(peer.subnet_of(own) for own in prefixes)))


def _combinations(local: Iterable[IPv4Network], remote: Iterable[IPv4Network]) -> tuple[Selectors, ...]:
    return tuple(Selectors((mine,), (theirs,)) for mine, theirs in product(local, remote))


def _pairs(selectors: Selectors) -> tuple[Selectors, ...]:
    return _combinations(selectors.local, selectors.remote)


# --- two sides meet -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a responder leaves of an offer, as the end that made it sees it; and which of its own selectors answered."""

    selectors: Selectors
    by: Selectors


def answer(offer: Selectors, own: Sequence[Selectors], narrows: bool) -> Answer | None:
    """What a responder with these selectors makes of an offer; None if it refuses.

    It answers with those that fit the offer best. IKEv2 narrows (RFC 7296, section 2.9). IKEv1 has no means for it: an
    offer is inside of what the responder has, or refused (B57).
    """
    best = max(own, key=lambda each: _fit(offer, each.mirrored()))
    left = _narrow(offer, best.mirrored())
    fits = bool(left.local and left.remote)
    return Answer(left, best) if fits and (narrows or left == offer) else None


def _fit(offer: Selectors, own: Selectors) -> int:
    """How well selectors fit an offer, as charon counts it (``get_ts_match`` in peer_cfg.c of strongSwan 5.9)."""
    local, remote = _weight(offer.local, own.local), _weight(offer.remote, own.remote)
    return local + remote if local and remote else 0


def _weight(offered: Prefixes, own: Prefixes) -> int:
    """A prefix that is equal counts five times, one that overlaps once; the first ones of an offer count most."""
    weights = range(len(offered), 0, -1)
    return sum(
        weight * (5 if one == other else 1)
        for weight, one in zip(weights, offered, strict=True)
        for other in own
        if one.overlaps(other)
    )


def _narrow(one: Selectors, other: Selectors) -> Selectors:
    return Selectors(_common(one.local, other.local), _common(one.remote, other.remote))


def _common(ones: Prefixes, others: Prefixes) -> Prefixes:
    """The prefixes that both sides hold: of one that lies in another the smaller, and none that lies in another one."""
    return _widest(one if one.subnet_of(other) else other for one in ones for other in others if one.overlaps(other))


def _widest(prefixes: Iterable[IPv4Network]) -> Prefixes:
    """The prefixes without those that lie in another one: charon leaves them out when it proposes, too."""
    known = tuple(dict.fromkeys(prefixes))
    return tuple(one for one in known if not any(one != other and one.subnet_of(other) for other in known))
