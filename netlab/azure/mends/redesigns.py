"""What Azure documents where no change of settings lets a pair talk: another design, which is no mend. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends.case import Case, Place, place_of
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Network, VNet


def redesigns(case: Case) -> Iterator[str]:
    """The designs that Azure documents for a pair for which no mend was found."""
    if INTERNET in (case.sender.node, case.receiver.node):
        yield (
            "the Internet has no route to a private address: publish the machine at its site's own firewall, or behind "
            "a public address in Azure"
        )
        return
    if case.receiver.kind == "client" == case.sender.kind or not _placed(case):
        return
    one, other = place_of(case.state, case.own), place_of(case.state, case.address)
    assert one is not None
    assert other is not None
    yield from _of_places(case.state.network, one, other)


def _placed(case: Case) -> bool:
    """Whether both ends of the pair have addresses of known places."""
    if any(end.kind == "client" and case.state.absence(end.owner) for end in (case.sender, case.receiver)):
        return False
    return None not in (place_of(case.state, case.own), place_of(case.state, case.address))


def _of_places(network: Network, one: Place, other: Place) -> Iterator[str]:
    circuits = {name for circuit in network.circuits.values() for name in (circuit.site.name,)}
    private = [place for place in (one, other) if place.kind == "site" and place.name in circuits]
    if len(private) == 2:
        yield "join the circuits with ExpressRoute Global Reach: Microsoft's edge forwards between no two of them (R99)"
    elif private and "pool" in (one.kind, other.kind):
        yield (
            "a Virtual WAN hub routes between its point-to-site clients and its circuits; a VPN gateway does not "
            "advertise its address pool to ExpressRoute (R96, A25)"
        )
    elif private and _transit(network):
        yield (
            "put a Route Server with branch-to-branch between the VPN and the ExpressRoute gateway of "
            f"{' or '.join(vnet.name for vnet in _transit(network))}; the VPN gateway is active-active with ASN 65515 "
            "then (R96)"
        )
    elif "pool" in (one.kind, other.kind):
        yield (
            "a Virtual WAN routes from its clients to everything that its hubs are connected to; VPN gateways do so by "
            "BGP on all connections on the way (R78)"
        )
    else:
        yield (
            "route through one hub: an appliance or Azure Firewall there, with a Route Server or user routes to it in "
            "every subnet; or a Virtual WAN, whose hubs route between all that they are connected to"
        )


def _transit(network: Network) -> list[VNet]:
    """The VNets with both kinds of gateways and without a Route Server."""
    found = network.vnets.values()
    return [v for v in found if v.vpn_gateway is not None and v.expressroute_gateway is not None and not v.route_server]
