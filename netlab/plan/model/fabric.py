"""VNets' fabrics and their tables."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from netlab.azure.effective import EffectiveRoute, NextHopType
from netlab.plan.model.kernel import Route
from netlab.plan.model.nftables import Barrier, SecurityRules
from netlab.scenario.models import HubRoutingPreference


@dataclass(frozen=True, slots=True)
class SubnetTable:
    """The kernel table of one ingress of a VNet fabric, and how gateway routes enter it.

    ``fixed`` are Azure's routes that no gateway tells. ``gateway`` is the VNet whose gateway serves this ingress, empty
    where none does, ``gateway_ways`` the ways to its instances; ``route_server`` the VNet of the Route Server that
    does, ``appliances`` address, device and next hop of those that it may tell of. ``preference`` says whose routes get
    in of equal prefixes, ``propagates`` whether any do.
    """

    table: int
    subnet: str
    fixed: tuple[FixedRoute, ...]
    gateway: str = ""
    gateway_ways: tuple[GatewayWay, ...] = ()
    route_server: str = ""
    appliances: tuple[tuple[str, str, str], ...] = ()
    preference: HubRoutingPreference = "ExpressRoute"
    propagates: bool = True


@dataclass(frozen=True, slots=True)
class GatewayWay:
    """The way to an instance of a gateway, by its node; from a spoke it is the same to all of them."""

    node: str
    device: str
    via: str
    expressroute: bool = False


@dataclass(frozen=True, slots=True)
class FixedRoute:
    """A system or user route of Azure, by its source and next hop type, and the kernel route that stands for it.

    One to a gateway leads over the instances that are there, one to a ``pool`` over its members that are up: ``ways``
    are the node, the device and the next hop of each, in the pool's order.
    """

    source: Literal["Default", "User"]
    next_hop_type: NextHopType
    route: Route
    pool: str = ""
    ways: tuple[tuple[str, str, str], ...] = ()

    @property
    def candidate(self) -> EffectiveRoute:
        """The same in Azure's terms."""
        return EffectiveRoute(self.source, IPv4Network(self.route.prefix), self.next_hop_type)


@dataclass(frozen=True, slots=True)
class PoolMember:
    """A member of a pool: its node and namespace, and the address at which it is asked."""

    node: str
    netns: str
    address: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines that share flows: each is asked at the TCP ``port`` every ``interval`` seconds, and is down or up after
    ``threshold`` equal answers. Port 0: none is asked, all are up. ``all_up``: they are when none is."""

    name: str
    members: tuple[PoolMember, ...]
    port: int = 0
    interval: float = 0
    threshold: int = 1
    all_up: bool = False


@dataclass(frozen=True, slots=True)
class Fabric:
    """A VNet's fabric: its namespace, the table of each ingress, what passes nowhere, and the pools of its machines.

    What those tables have for local (``throw``) is looked up in the table ``delivery``.
    """

    node: str
    netns: str
    tables: tuple[SubnetTable, ...]
    delivery: int
    barriers: tuple[Barrier, ...] = ()
    security: SecurityRules | None = None
    pools: tuple[Pool, ...] = ()
