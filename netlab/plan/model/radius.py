"""RADIUS: the servers, and what gateways ask them with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RadiusClient:
    """What a gateway asks a RADIUS server with: an address and a port that lead there, the name of its secret, and the
    score of the server."""

    address: str
    port: int
    secret: str
    score: int


@dataclass(frozen=True, slots=True)
class RadiusPeer:
    """An instance of a gateway that a RADIUS server answers: its address, and the name of the secret."""

    vnet: str
    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class RadiusServer:
    """A RADIUS server: FreeRADIUS at a machine. ``users`` are the names of users and of their passwords."""

    program: ClassVar[str] = "freeradius"

    node: str
    directory: str
    address: str
    port: int
    peers: tuple[RadiusPeer, ...]
    users: tuple[tuple[str, str], ...]
