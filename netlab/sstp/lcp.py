"""LCP (RFC 1661): what the two ends of a link ask for and accept."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from netlab.sstp.negotiation import Option


class Lcp(IntEnum):
    """Options of LCP (RFC 1661, RFC 1662)."""

    MRU = 1
    ACCM = 2
    AUTHENTICATION = 3
    MAGIC = 5
    PROTOCOL_COMPRESSION = 7
    ADDRESS_COMPRESSION = 8


EAP = b"\xc2\x27"
_HARMLESS = (Lcp.MRU, Lcp.ACCM, Lcp.MAGIC, Lcp.PROTOCOL_COMPRESSION, Lcp.ADDRESS_COMPRESSION)


class Gateway:
    """The gateway wants the client to authenticate with EAP (RFC 3748), and authenticates itself to nobody in PPP."""

    def __init__(self, magic: bytes) -> None:
        self.magic = magic
        # Why nothing comes of the negotiation; empty as long as something may.
        self.hopeless = ""

    def asks(self) -> tuple[Option, ...]:
        return Option(Lcp.AUTHENTICATION, EAP), Option(Lcp.MAGIC, self.magic)

    def judge(self, option: Option) -> Option | None:
        return option if option.kind in _HARMLESS else None

    def told(self, better: Sequence[Option]) -> None:
        """Another authentication protocol is none of Azure's: it asks for EAP again until the client gives up."""

    def refused(self, options: Sequence[Option]) -> None:
        if any(option.kind == Lcp.AUTHENTICATION for option in options):
            self.hopeless = "the client does not authenticate"


class Client:
    """The client authenticates with EAP, and with nothing else."""

    def __init__(self, magic: bytes) -> None:
        self.magic = magic
        self._options: tuple[Option, ...] = (Option(Lcp.MAGIC, magic),)
        self.hopeless = ""

    def asks(self) -> tuple[Option, ...]:
        return self._options

    def judge(self, option: Option) -> Option | None:
        if option.kind == Lcp.AUTHENTICATION:
            return Option(Lcp.AUTHENTICATION, EAP)
        return option if option.kind in _HARMLESS else None

    def told(self, better: Sequence[Option]) -> None:
        """Its magic number is as good as any other: the link is no loop."""

    def refused(self, options: Sequence[Option]) -> None:
        self._options = tuple(option for option in self._options if option not in options)
