"""Load balancers with their frontends, and the rules that join a frontend, a pool and a probe."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netlab.results.protocols import Protocol
from netlab.scenario import models
from netlab.scenario.addresses import frontend_addresses
from netlab.scenario.models import node_name

if TYPE_CHECKING:
    from netlab.scenario.network.machines import Nic
    from netlab.scenario.network.vnets import VNet


@dataclass(frozen=True, eq=False)
class LoadBalancer:
    """A load balancer of a VNet, internal or public."""

    vnet: VNet = field(repr=False)
    name: str
    spec: models.LoadBalancer = field(repr=False)

    @cached_property
    def frontends(self) -> tuple[Frontend, ...]:
        """Its internal frontends, in the file's order."""
        found = frontend_addresses(self.vnet.spec)
        return tuple(
            Frontend(self, name, found[self.name, name], spec)
            for name, spec in self.spec.frontend_ip_configurations.items()
            if (self.name, name) in found
        )

    @cached_property
    def rules(self) -> tuple[BalancingRule, ...]:
        """The rules of its internal frontends, in the file's order."""
        frontends = {frontend.name: frontend for frontend in self.frontends}
        return tuple(
            BalancingRule(frontends[spec.frontend_ip_configuration], name, spec)
            for name, spec in self.spec.load_balancing_rules.items()
            if spec.frontend_ip_configuration in frontends
        )

    def members(self, pool: str) -> tuple[Nic, ...]:
        """The members of a pool, in the file's order."""
        # Differs from Azure: A member with several NICs is in a pool with the primary one; Azure's pools list NICs.
        nics = {machine.name: machine.primary for machine in self.vnet.machines}
        return tuple(nics[name] for name in self.spec.backend_address_pools[pool] if name in nics)

    @cached_property
    def outbound(self) -> tuple[tuple[Nic, Protocol, IPv4Address], ...]:
        """Which members send which protocol to the Internet under which public address: by outbound rules, then by the
        rules that do not disable it (L24)."""
        used: tuple[tuple[models.OutboundRule | models.LoadBalancingRule, str], ...] = (
            *((rule, rule.frontend_ip_configurations[0]) for rule in self.spec.outbound_rules.values()),
            *((r, r.frontend_ip_configuration) for r in self.spec.load_balancing_rules.values() if r.gives_address),
        )
        frontends = self.spec.frontend_ip_configurations
        return tuple(
            (nic, protocol, address)
            for rule, name in used
            if (address := frontends[name].public_ip_address) is not None
            for nic in self.members(rule.backend_address_pool)
            for protocol in rule.protocols
        )


@dataclass(frozen=True, eq=False)
class Frontend:
    """A frontend of a load balancer: an address of its VNet."""

    balancer: LoadBalancer = field(repr=False)
    name: str
    address: IPv4Address
    spec: models.FrontendIpConfiguration = field(repr=False)

    @cached_property
    def node(self) -> str:
        """Its name as a target; no node of the lab has it."""
        return node_name(self.balancer.vnet.name, self.balancer.name, self.name)

    @cached_property
    def answering(self) -> tuple[str, ...]:
        """The nodes of the machines that answer in its place."""
        return tuple(dict.fromkeys(nic.node for rule in self.rules for nic in rule.members))

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
        return self.balancer.members(self.spec.backend_address_pool)

    @property
    def probe(self) -> models.Probe | None:
        """The probe that takes members out, if there is one."""
        # Differs from Azure: One probe takes members out for all rules of an internal frontend, that of the last rule
        # for the first one's pool; on Azure each rule has its own.
        rules = self.frontend.rules
        same = [rule for rule in rules if rule.choice == rules[0].choice]
        return self.balancer.spec.probes.get(same[-1].spec.probe or "")

    @property
    def choice(self) -> str:
        """Under which name the choice of a member is kept: that of its frontend and pool (L7)."""
        places = self.balancer.vnet.name, self.balancer.name, self.frontend.name, self.spec.backend_address_pool
        return "/".join(places)
