"""Load balancers with their frontends, and the rules that join a frontend, a pool and a probe."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.addresses import frontend_addresses

if TYPE_CHECKING:
    from netlab.scenario.network.vnets import Nic, VNet


@dataclass(frozen=True, eq=False)
class LoadBalancer:
    """An internal load balancer of a VNet."""

    vnet: VNet = field(repr=False)
    name: str
    spec: models.LoadBalancer = field(repr=False)

    @cached_property
    def frontends(self) -> tuple[Frontend, ...]:
        """Its frontends, in the file's order."""
        found = frontend_addresses(self.vnet.spec)
        return tuple(
            Frontend(self, name, found[self.name, name])
            for name in self.spec.frontend_ip_configurations
            if (self.name, name) in found
        )

    @cached_property
    def rules(self) -> tuple[BalancingRule, ...]:
        """Its rules, in the file's order."""
        frontends = {frontend.name: frontend for frontend in self.frontends}
        return tuple(
            BalancingRule(frontends[spec.frontend_ip_configuration], name, spec)
            for name, spec in self.spec.load_balancing_rules.items()
        )


@dataclass(frozen=True, eq=False)
class Frontend:
    """A frontend of a load balancer: an address of its VNet."""

    balancer: LoadBalancer = field(repr=False)
    name: str
    address: IPv4Address

    @property
    def rules(self) -> tuple[BalancingRule, ...]:
        """The rules that are for it."""
        return tuple(rule for rule in self.balancer.rules if rule.frontend is self)

    @property
    def for_all_ports(self) -> BalancingRule | None:
        """Its rule of HA ports, if it has one: what a frontend as next hop needs (L3, L6)."""
        return next((rule for rule in self.rules if rule.spec.is_for_all_ports), None)


@dataclass(frozen=True, eq=False)
class BalancingRule:
    """A rule: packets for its frontend go to a member of its pool, each flow to one."""

    frontend: Frontend = field(repr=False)
    name: str
    spec: models.LoadBalancingRule = field(repr=False)

    @property
    def balancer(self) -> LoadBalancer:
        """The load balancer that it belongs to."""
        return self.frontend.balancer

    @cached_property
    def members(self) -> tuple[Nic, ...]:
        """The members of its pool, in the file's order."""
        nics = {nic.name: nic for nic in self.balancer.vnet.nics}
        pool = self.balancer.spec.backend_address_pools[self.spec.backend_address_pool]
        return tuple(nics[name] for name in pool if name in nics)

    @property
    def probe(self) -> models.Probe | None:
        """The probe that takes members out, if it has one."""
        return self.balancer.spec.probes.get(self.spec.probe or "")

    @property
    def choice(self) -> str:
        """Under which name the choice of a member is kept: that of its frontend and pool (L7)."""
        places = self.balancer.vnet.name, self.balancer.name, self.frontend.name, self.spec.backend_address_pool
        return "/".join(places)
