"""Overlapping prefixes, found by sorting: two prefixes overlap if one of them contains the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

_ALL_ONES = 0xFFFFFFFF


def overlapping(prefixes: Sequence[IPv4Network]) -> list[tuple[int, int]]:
    """The places of each two prefixes that overlap, the smaller place first, in ascending order.

    The work grows with the prefixes and with the pairs that are found, not with all pairs.
    """
    return sorted((min(pair), max(pair)) for pair in _nested(prefixes))


def crossing(ones: Sequence[IPv4Network], others: Sequence[IPv4Network]) -> list[tuple[int, int]]:
    """The places of each prefix of the one list and of each of the other that overlap, in ascending order."""
    found = overlapping((*ones, *others))
    return [(one, other - len(ones)) for one, other in found if one < len(ones) <= other]


def _nested(prefixes: Sequence[IPv4Network]) -> Iterator[tuple[int, int]]:
    """Of prefixes in ascending order, those that contain the next one are at the end of the list of open ones."""
    spans = sorted((int(p.network_address), p.prefixlen, place) for place, p in enumerate(prefixes))
    around: list[tuple[int, int]] = []
    for first, length, place in spans:
        while around and around[-1][0] < first:
            around.pop()
        yield from ((other, place) for _, other in around)
        around.append((first | _ALL_ONES >> length, place))


class Cover:
    """Prefixes that are asked whether one of them contains an address or a prefix; an answer takes at most 33 steps."""

    def __init__(self, prefixes: Collection[IPv4Network]) -> None:
        self._known = {(int(prefix.network_address), prefix.prefixlen) for prefix in prefixes}
        self._lengths = sorted({length for _, length in self._known})

    def __contains__(self, item: IPv4Address | IPv4Network) -> bool:
        first, longest = (
            (int(item), 32) if isinstance(item, IPv4Address) else (int(item.network_address), item.prefixlen)
        )
        return any(
            (first & ~(_ALL_ONES >> length), length) in self._known for length in self._lengths if length <= longest
        )
