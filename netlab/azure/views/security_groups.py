"""The network security groups of a NIC, as ``az network nic list-effective-nsg`` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from netlab.azure.dataplane.filters import Addresses, Ports, Term
from netlab.azure.dataplane.security import Direction, Rules, virtual_network
from netlab.azure.state import State
from netlab.results.shown import Association, EffectiveGroup, EffectiveSecurityRule, Resource
from netlab.scenario.network import Nic, SecurityGroup

_ALL_PORTS = ((0, 65535),)
_LAST_OF_A_GROUP = 4096  # N4, N5: the default rules come behind


def predicted(state: State, nic: Nic) -> tuple[EffectiveGroup, ...]:
    """The groups of a NIC at a moment of a story."""
    return groups(nic, virtual_network(state, nic.subnet))


def groups(nic: Nic, tag: Addresses) -> tuple[EffectiveGroup, ...]:
    """The groups of a NIC, its subnet's first, given what the tag VirtualNetwork of its subnet holds."""
    return tuple(_group(nic, tag, place, group) for place, group in _attached(nic))


def _attached(nic: Nic) -> Iterator[tuple[Association, SecurityGroup]]:
    vnet, subnet = nic.vnet, nic.subnet
    if subnet.security_group is not None:
        place = Association(subnet=Resource(f"virtualNetworks/{vnet.name}/subnets/{subnet.name}"))
        yield place, subnet.security_group
    if nic.own_security_group is not None:
        yield Association(networkInterface=Resource(f"networkInterfaces/{nic.label}")), nic.own_security_group


def _group(nic: Nic, tag: Addresses, place: Association, group: SecurityGroup) -> EffectiveGroup:
    directions: tuple[Direction, ...] = get_args(Direction)
    found = [(way, term) for way in directions for term in Rules(nic, way, tag).of(group).terms]
    sides = (side for _, term in found for side in (term.sources, term.destinations))
    tags = {side.tag: tuple(map(str, side.prefixes)) for side in sides if side is not None and side.tag}
    name = Resource(f"networkSecurityGroups/{group.name}")
    return EffectiveGroup(place, name, tags, tuple(_rule(way, term) for way, term in found))


def _rule(direction: Direction, term: Term) -> EffectiveSecurityRule:
    number, _, name = term.name.partition(" ")
    kind = "securityRules" if int(number) <= _LAST_OF_A_GROUP else "defaultSecurityRules"
    sources, destinations = _addresses(term.sources), _addresses(term.destinations)
    source_ports, destination_ports = _ports(term.source_ports), _ports(term.destination_ports)
    return EffectiveSecurityRule(
        name=f"{kind}/{name}",
        priority=int(number),
        direction=direction,
        access="Allow" if term.cause is None else "Deny",
        protocol=next((protocol.capitalize() for protocol in term.protocols), "All"),
        sourceAddressPrefix=_one(sources),
        sourceAddressPrefixes=sources,
        expandedSourceAddressPrefix=_expanded(term.sources),
        sourcePortRange=_one(source_ports),
        sourcePortRanges=source_ports,
        destinationAddressPrefix=_one(destinations),
        destinationAddressPrefixes=destinations,
        expandedDestinationAddressPrefix=_expanded(term.destinations),
        destinationPortRange=_one(destination_ports),
        destinationPortRanges=destination_ports,
    )


def _addresses(side: Addresses | None) -> tuple[str, ...]:
    """A side of a rule; application security groups are the addresses of their members."""
    if side is None:
        return ("0.0.0.0/0",)
    return (side.tag,) if side.tag else tuple(map(str, side.prefixes))


def _expanded(side: Addresses | None) -> tuple[str, ...] | None:
    return tuple(map(str, side.prefixes)) if side is not None and side.tag else None


def _ports(ranges: tuple[Ports, ...]) -> tuple[str, ...]:
    return tuple(f"{first}-{last}" for first, last in ranges or _ALL_PORTS)


def _one(several: tuple[str, ...]) -> str | None:
    """The only one of them."""
    return several[0] if len(several) == 1 else None
