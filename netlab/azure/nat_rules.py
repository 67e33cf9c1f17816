"""NAT rules of VPN gateways: which ones translate in a tunnel, and at which address a machine is reached. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.scenario.models import NatRule
from netlab.scenario.models.nat_rule import translated
from netlab.scenario.names import Endpoint
from netlab.scenario.network import Network, Router, Side, Tunnel, VpnGateway

Rules = tuple[NatRule, ...]


def of_tunnel(tunnel: Tunnel, router: Router) -> tuple[Rules, Rules]:
    """The rules that an instance of a gateway applies in a tunnel: those for its own side, and for the other one."""
    return of_side(tunnel.side(router.node), router)


def of_side(side: Side, router: Router) -> tuple[Rules, Rules]:
    """The rules that a gateway's instance applies at its side of a connection: those for it, and for the other one."""
    return _at(router, side.egress_nat), _at(router, side.ingress_nat)


def _at(router: Router, rules: Rules) -> Rules:
    """The rules of an instance (T16); an active-standby gateway has one that counts."""
    gateway = router.end
    several = isinstance(gateway, VpnGateway) and gateway.active_active
    return tuple(rule for rule in rules if not several or rule.ip_configuration_id in (None, router.index))


def seen_from(network: Network, source: Endpoint, target: Endpoint, address: IPv4Address) -> IPv4Address:
    """The address under which a target is reached from a source: after the NAT of the first connections between the two
    that translate it (T4, T17)."""
    found = (translated(translated(address, one), other) for one, other in _between(network, source, target))
    return next((other for other in found if other != address), address)


def _between(network: Network, source: Endpoint, target: Endpoint) -> Iterator[tuple[Rules, Rules]]:
    """The rules on the way from a target to a source: of the connection to the target, then of that to the source.

    Other gateways have learned a branch under its external prefixes.
    """
    if source.owner == target.owner:
        return
    asking, asked = tuple(_sides(network, source)), tuple(_sides(network, target))
    near = {side.end: side.egress_nat for side in asking} or dict.fromkeys(_gateways(network, source), ())
    for gateway, egress in near.items():
        if not asked and gateway in _gateways(network, target):
            yield (), egress
        yield from ((theirs.ingress_nat, egress) for theirs in asked if theirs.end is gateway)
    if not any(theirs.end in near for theirs in asked):
        yield from ((theirs.ingress_nat, ()) for theirs in asked)


def _sides(network: Network, end: Endpoint) -> Iterator[Side]:
    """The gateways' sides of the connections of the site that an endpoint is in."""
    site = network.sites.get(end.owner) if end.kind == "host" else None
    yield from (side.other for side in site.sides if side.other.end.role == "gateway") if site is not None else ()


def _gateways(network: Network, end: Endpoint) -> tuple[VpnGateway, ...]:
    """The VPN gateways that serve a machine of a VNet, or a client."""
    if end.kind == "client":
        return network.clients[end.owner].gateways
    serving = network.vnets[end.owner].serving if end.owner in network.vnets else None
    return (serving.vpn_gateway,) if serving is not None and serving.vpn_gateway is not None else ()
