"""The NAT rules of a VPN gateway, as ``az network vnet-gateway nat-rule list`` shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.results.shown import GatewayNatRule, NatMapping
from netlab.scenario.network import VpnGateway


def rows(gateway: VpnGateway) -> Iterator[GatewayNatRule]:
    """A row for each rule, with the connections that name it."""
    for name, rule in gateway.spec.nat_rules.items():
        used = (side for side in gateway.sides if rule in (*side.ingress_nat, *side.egress_nat))
        yield GatewayNatRule(
            name=name,
            mode=rule.mode,
            typePropertiesType=rule.type,
            internalMappings=(NatMapping(str(rule.internal)),),
            externalMappings=(NatMapping(str(rule.external)),),
            ipConfigurationId=None if rule.ip_configuration_id is None else str(rule.ip_configuration_id),
            connections=tuple(side.connection.name for side in used),
        )
