"""The AS paths that a story expects gateways, sites, Route Servers and appliances to have learned, and those that they
have. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.state import State
from netlab.scenario import nodes
from netlab.scenario.models import Expectation
from netlab.scenario.network import ExpressRouteGateway, Network, Router, RouteServer

ABSENT = "absent"

# By VNet, site or node and prefix: an AS path, or that there is none.
Expected = Mapping[tuple[str, str], str]
# By prefix: the AS paths of the best routes of any router of an end.
AsPaths = Mapping[str, frozenset[str]]


def expected(before: Expected, expectation: Expectation) -> Expected:
    """What is expected to be learned; what a step leaves out stays as it was before."""
    fresh = {(end, prefix): path for end, routes in expectation.learned.items() for prefix, path in routes.items()}
    return {**before, **fresh}


def learners(network: Network) -> tuple[str, ...]:
    """What learns by BGP: VNets by their gateway, sites, ExpressRoute gateways, and the nodes of Route Servers and
    appliances."""
    ends = (end.name for end in network.ends if end in network.bgp_ends)
    private = (expressroute_name(gateway) for gateway in network.expressroute_gateways)
    servers = (router.node for server in network.route_servers for router in server.instances)
    return (*ends, *private, *servers, *(appliance.router.node for appliance in network.bgp_appliances))


def expressroute_name(gateway: ExpressRouteGateway) -> str:
    """What an ExpressRoute gateway is called beside the VPN gateway of its VNet."""
    return nodes.expressroute_name(gateway.name)


def route_server_name(server: RouteServer) -> str:
    """What a Route Server is called, of both its instances."""
    return f"{server.name}-rs"


def routers(state: State, learner: str) -> tuple[Router, ...]:
    """The routers of a VNet's gateway or of a site, or the one of a node; none while that is stopped."""
    end = next((end for end in state.network.ends if end.name == learner), None)
    if end is not None:
        return state.topology.of(end)
    pairs = {expressroute_name(gateway): gateway.instances for gateway in state.network.expressroute_gateways}
    pairs |= {route_server_name(server): server.instances for server in state.network.route_servers}
    if learner in pairs:
        return tuple(router for router in pairs[learner] if router.node in state.topology.speakers)
    found = state.topology.speakers.get(learner.lower())
    return (found,) if found is not None else ()


def as_paths(state: State, learner: str) -> AsPaths:
    """What these routers have learned by BGP."""
    found: dict[str, frozenset[str]] = {}
    for router in routers(state, learner):
        for prefix, paths in state.learned[router.node].items():
            told = frozenset(" ".join(map(str, path.as_path)) for path in paths)
            found[str(prefix)] = found.get(str(prefix), frozenset()) | told
    return found


def in_words(known: AsPaths, prefix: str, said: str = "") -> str:
    """The AS path of a prefix: of several the one that is said, if it is among them."""
    paths = known.get(prefix, frozenset())
    if not paths:
        return ABSENT
    return said if said in paths else " or ".join(path or "an empty AS path" for path in sorted(paths))


def disagreements(state: State, documented: Expected) -> Iterator[tuple[str, str]]:
    """The VNets and sites of which the scenario expects something else than the model predicts, and what."""
    for (end, prefix), said in documented.items():
        predicted = in_words(as_paths(state, end), prefix, said)
        if predicted != said:
            yield end, f"{prefix}: the scenario expects {said}, the model predicts {predicted}"
