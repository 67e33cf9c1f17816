"""Ways through a network, and the routes at a moment of the story."""

from __future__ import annotations

from dataclasses import dataclass

from netlab.results.protocols import PROTOCOLS, Protocol


@dataclass(frozen=True, slots=True)
class UsedRoute:
    """The route that a packet used at a node, from where the node has it, and where it leads to."""

    node: str
    prefix: str
    source: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a packet may take: the nodes that it passes, and the routes that they use."""

    nodes: tuple[str, ...]
    routes: tuple[UsedRoute, ...]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A pair as the model foresees it, for ``protocols``: the ways of request and answer, and what mends it."""

    source: str
    target: str
    forward: tuple[Way, ...] = ()
    reverse: tuple[Way, ...] = ()
    mend: tuple[str, ...] = ()
    protocols: tuple[Protocol, ...] = PROTOCOLS


@dataclass(frozen=True, slots=True)
class EffectiveRoute:
    """A route of a subnet or of another way into a VNet, with Azure's source and next hop type."""

    source: str
    prefix: str
    next_hop_type: str
    next_hop: str


@dataclass(frozen=True, slots=True)
class LearnedRoute:
    """A route that a router learned by BGP; over a connection or, without a tunnel, from a neighbor."""

    prefix: str
    connection: str
    as_path: tuple[int, ...]
    neighbor: str


@dataclass(frozen=True, slots=True)
class EffectiveTable:
    """The effective routes of a subnet, or of a VNet whose subnets have the same ones, and the NICs that use them."""

    name: str
    nics: tuple[str, ...]
    routes: tuple[EffectiveRoute, ...]


@dataclass(frozen=True, slots=True)
class LearnedTable:
    """What a router has learned by BGP."""

    name: str
    routes: tuple[LearnedRoute, ...]


@dataclass(frozen=True, slots=True)
class ClientRoute:
    """A VPN route of a client, and where it has it from."""

    prefix: str
    origin: str


@dataclass(frozen=True, slots=True)
class ClientTable:
    """The VPN routes of a client."""

    name: str
    os: str
    routes: tuple[ClientRoute, ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes at a moment: of the NICs, of the routers that speak BGP, and of the clients."""

    effective: tuple[EffectiveTable, ...] = ()
    learned: tuple[LearnedTable, ...] = ()
    clients: tuple[ClientTable, ...] = ()


NO_ROUTES = Routes()
