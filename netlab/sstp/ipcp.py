"""IPCP (RFC 1332): the client gets its address by a Nak of the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from netlab.sstp.negotiation import Option

ADDRESS = 3
_NONE = IPv4Address(0)


class Gateway:
    """The gateway has an address and gives the client another one; name servers (RFC 1877) it has none."""

    def __init__(self, own: IPv4Address, given: IPv4Address) -> None:
        self._own, self._given = own, given
        self.hopeless = ""

    def asks(self) -> tuple[Option, ...]:
        return (Option(ADDRESS, self._own.packed),)

    def judge(self, option: Option) -> Option | None:
        return Option(ADDRESS, self._given.packed) if option.kind == ADDRESS else None

    def told(self, better: Sequence[Option]) -> None:
        """No client chooses the gateway's address."""

    def refused(self, options: Sequence[Option]) -> None:
        self.hopeless = "the client takes no address of the gateway"


class Client:
    """The client asks for 0.0.0.0, and then for what it was told."""

    def __init__(self) -> None:
        self.address = _NONE
        self.hopeless = ""

    def asks(self) -> tuple[Option, ...]:
        return (Option(ADDRESS, self.address.packed),)

    def judge(self, option: Option) -> Option | None:
        return option if option.kind == ADDRESS and len(option.value) == 4 else None

    def told(self, better: Sequence[Option]) -> None:
        for option in better:
            if option.kind == ADDRESS and len(option.value) == 4:
                self.address = IPv4Address(option.value)

    def refused(self, options: Sequence[Option]) -> None:
        self.hopeless = "the gateway gives no address"
