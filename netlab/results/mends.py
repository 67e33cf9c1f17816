"""What would let a pair talk that cannot: changes of the scenario as data, each with its sentence; or why none does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Operation = Literal["set", "append", "remove"]


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a scenario file at a path of keys from its top.

    ``set`` gives the key at the path this value, ``append`` adds the value to the list at the path, ``remove`` takes
    the value out of that list or, without a value, the key out of the file.
    """

    operation: Operation
    path: tuple[str, ...]
    value: Any = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do, as a sentence and as data: edits of the scenario file, then actions as a story writes them."""

    sentence: str
    edits: tuple[Edit, ...] = ()
    actions: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class Mend:
    """What lets a pair talk: these changes together, in this order."""

    changes: tuple[Change, ...]

    @property
    def sentence(self) -> str:
        """All its changes in words."""
        return "; and ".join(change.sentence for change in self.changes)


def edits_of(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """The edits of several changes, in their order."""
    return tuple(edit for change in changes for edit in change.edits)


def actions_of(changes: Iterable[Change]) -> tuple[Mapping[str, Any], ...]:
    """The actions of several changes, in their order."""
    return tuple(action for change in changes for action in change.actions)


class Limit(StrEnum):
    """What Azure does not do, whatever is set: why nothing mends a pair."""

    FROM_INTERNET = "from-internet"
    BETWEEN_CIRCUITS = "between-circuits"
    POOL_TO_CIRCUIT = "pool-to-circuit"
    BETWEEN_GATEWAYS = "between-gateways"
    OVERLAPPING_SITES = "overlapping-sites"
    OUT_OF_A_GATEWAY = "out-of-a-gateway"
    BEHIND_A_POOL = "behind-a-pool"
    PING_TO_ENDPOINT = "ping-to-private-endpoint"
    PING_TO_FIREWALL = "ping-to-firewall"
    PING_TO_FRONTEND = "ping-to-frontend"
    OWN_FRONTEND = "own-frontend"
    TOO_BIG = "too-big"
    MICROSOFT_PEERING = "microsoft-peering"


LIMITS: Mapping[Limit, str] = {
    Limit.FROM_INTERNET: "the Internet has no route to a private address: publish the machine at its site's own "
    "firewall, or behind a public address in Azure",
    Limit.BETWEEN_CIRCUITS: "Microsoft's edge forwards between no two circuits (R99), and Global Reach joins none of "
    "one peering location (U30): order one of them elsewhere",
    Limit.POOL_TO_CIRCUIT: "a VPN gateway does not advertise its address pool to ExpressRoute (R96, A25): a Virtual "
    "WAN hub routes between its clients and its circuits",
    Limit.BETWEEN_GATEWAYS: "a VPN and an ExpressRoute gateway exchange no routes by themselves (R96): put a Route "
    "Server with branch-to-branch beside them; the VPN gateway is active-active with ASN 65515 then",
    Limit.OVERLAPPING_SITES: "networks of two sites hold the address, and the longest prefix takes its packets, of "
    "equal ones one connection (B46): give one of the sites another prefix",
    Limit.OUT_OF_A_GATEWAY: "what comes out of a gateway's tunnel does not leave its VNet to the Internet (P20, P21): "
    "an appliance that a user route of GatewaySubnet leads to sends it on under its own address",
    Limit.BEHIND_A_POOL: "only the internal side of a dynamic NAT rule opens flows (T7): let it open them, or make the "
    "rule static, with prefixes of one length",
    Limit.PING_TO_ENDPOINT: "a private endpoint takes TCP and UDP of its service, and answers no ping (E12): ask the "
    "service by its own protocol",
    Limit.PING_TO_FIREWALL: "a DNAT rule of an Azure Firewall translates TCP and UDP, and no ping (F8): give its "
    "policy one for the protocol and the port of the service",
    Limit.PING_TO_FRONTEND: "an internal frontend of a load balancer answers no ping (L17): ask it by TCP or UDP at a "
    "port that a rule is for",
    Limit.OWN_FRONTEND: "a member does not reach itself by its own frontend (L15): let it ask itself directly, or "
    "put a proxy before the service",
    Limit.TOO_BIG: "no setting of Azure widens a tunnel (R39): set the MTU of the machines to what it carries, or let "
    'the ICMP answer "fragmentation needed" back to the sender',
    Limit.MICROSOFT_PEERING: "a Microsoft peering carries public addresses alone, those of the regions of its route "
    "filter, from and to its advertised prefixes, which are not in the Internet (R121 to R124): give the route filter "
    "the region's community, or join private addresses by a private peering or a VPN",
}


@dataclass(frozen=True, slots=True)
class Redesign:
    """Another design where there is no mend: ``limit`` is what of Azure's keeps all mends from the pair; where it is
    None, no change of settings that was tried helps."""

    sentence: str
    limit: Limit | None = None
