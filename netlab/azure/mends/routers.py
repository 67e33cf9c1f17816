"""Changes that give a gateway, a device or an appliance a route: by BGP, by static routes, by a connection. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import bgp, statics
from netlab.azure.mends.case import Case, Place, routers_of
from netlab.results.mends import Change, Edit
from netlab.scenario.network import VNet
from netlab.scenario.network.connections import AnyEnd


def of_vnet(case: Case, serving: VNet, place: Place) -> Iterator[Change]:
    """What would give the gateways and the Route Server of a VNet a route to a place."""
    yield from bgp.of_refusals(case, routers_of(case.state, serving))
    yield from bgp.exchanged(serving)
    yield from bgp.announced(case, place)
    if serving.vpn_gateway is not None:
        yield from of_end(case, serving.vpn_gateway, place)
    yield from on_circuits(case, serving)


def of_end(case: Case, end: AnyEnd, place: Place) -> Iterator[Change]:
    """What would give a gateway, a site or an appliance a route to a place."""
    way = _way(case, end, place.name)
    if not way:
        yield from statics.connected(case, end, place)
        return
    yield from bgp.enabled(case, end, way)
    yield from statics.along(case, end, way, place.prefix)


def _way(case: Case, start: AnyEnd, goal: str) -> tuple[str, ...]:
    """The connections of a shortest way from one end to another, or to what serves a VNet: a gateway, or a VPN server
    of its own."""
    vnet = case.state.network.vnets.get(goal)
    goals = {goal, vnet.serving.name if vnet is not None and vnet.serving is not None else goal}
    near = (vnet, *vnet.peering_to) if vnet is not None and vnet.serving is None else (vnet,)
    if vnet is not None and vnet.serving is None:
        # Any gateway may serve it, after a peering.
        goals |= {each.name for each in case.state.network.vnets.values() if each.serving is each}
    goals |= {appliance.name for each in near if each is not None for appliance in each.appliances}
    ways: dict[str, tuple[str, ...]] = {start.name: ()}
    frontier: list[AnyEnd] = [start]
    while frontier:
        end = frontier.pop(0)
        if end.name in goals:
            return ways[end.name]
        for side in end.sides:
            other = side.other.end
            if other.name not in ways:
                ways[other.name] = (*ways[end.name], side.connection.name)
                frontier.append(other)
    return ()


def on_circuits(case: Case, vnet: VNet) -> Iterator[Change]:
    """The ExpressRoute gateway of a VNet joined to a circuit."""
    for circuit in case.state.network.circuits.values() if vnet.expressroute_gateway is not None else ():
        if vnet not in circuit.vnets:
            path = ("expressroute_circuits", circuit.name, "vnets", vnet.name)
            sentence = f"connect circuit {circuit.name} to the ExpressRoute gateway of {vnet.name}"
            yield Change(sentence, (Edit("set", path, {}),))
