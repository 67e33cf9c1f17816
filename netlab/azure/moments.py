"""The moments of a story: the state as ``up`` leaves it, and after each action. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from netlab.azure import faults, radius
from netlab.azure.faults.link import are_apart
from netlab.azure.p2s import sessions
from netlab.azure.p2s.sessions import Key, Prefixes, Session, Sessions
from netlab.azure.state import State, given_keys, named, with_custom_routes
from netlab.scenario.changing import merged
from netlab.scenario.models import (
    Action,
    Change,
    ClientOnly,
    ClientRoute,
    CustomRoutes,
    NewKey,
    OneClient,
    PeeringSync,
    Scenario,
    SitePrefix,
)
from netlab.scenario.network import ClientTunnel, Network, resolve
from netlab.scenario.values import once


@once
def initial(scenario: Scenario) -> State:
    """The state as ``up`` leaves it: everything converged, then the clients connected in their order."""
    network = resolve(scenario)
    state = State(network, _announced(network), {}, scenario, given_keys(scenario))
    tunnels = network.client_tunnels
    kinds = dict.fromkeys((tunnel.gateway, tunnel.tunnel_type) for tunnel in tunnels.values())
    offers = {(gateway, tunnel_type): state.offered(gateway, tunnel_type) for gateway, tunnel_type in kinds}
    found: Sessions = {
        key: sessions.download(Session(absent=sessions.DISCONNECTED), tunnel) for key, tunnel in tunnels.items()
    }
    state = replace(state, sessions=found)
    silences = {gateway: radius.silence(state, gateway) for gateway, _ in kinds}
    for tunnel in tunnels.values():
        selectors = offers[tunnel.gateway, tunnel.tunnel_type]
        found = sessions.connect(found, tunnel, selectors, silence=silences[tunnel.gateway])
    return replace(state, sessions=found)


def _announced(network: Network) -> dict[str, Prefixes]:
    """What sites and appliances announce, as configured."""
    found = {name: frozenset(site.announces) for name, site in network.sites.items()}
    return found | {a.router.node: frozenset(a.bgp.announces) for a in network.bgp_appliances if a.bgp is not None}


def after(state: State, action: Action) -> State:
    """The state after an action."""
    return replace(_changed(state, action), history=(*state.history, action))


def _changed(state: State, action: Action) -> State:
    match action.verb, action.subject:
        case "add_route", ClientRoute(client=client, prefix=prefix):
            key = state.network.clients[client].tunnels[0].key
            return _with_routes(state, key, state.sessions[key].by_hand | {prefix})
        case "remove_route", ClientRoute(client=client, prefix=prefix):
            key = state.network.clients[client].tunnels[0].key
            return _with_routes(state, key, state.sessions[key].by_hand - {prefix})
        case "download_profile" | "connect" | "reconnect" | "disconnect" as verb, ClientOnly() as subject:
            for tunnel in named(state.network, subject):
                state = _after(state, verb, tunnel)
            return state
        case "restart_client", OneClient(client=client):
            keys = (tunnel.key for tunnel in state.network.clients[client].tunnels)
            found = reduce(lambda held, key: sessions.disconnect(held, key, sessions.RESTARTED), keys, state.sessions)
            return replace(state, sessions=found)
        case "announce", SitePrefix(speaker=who, parts=parts):
            return replace(state, announced={**state.announced, who: state.announced[who] | parts})
        case "withdraw", SitePrefix(speaker=who, parts=parts):
            return replace(state, announced={**state.announced, who: state.announced[who] - parts})
        case "set_key", NewKey(connection=connection, shared_key=key, end=end):
            ends = (end,) if end is not None else state.scenario.connections[connection].between
            return replace(state, keys={**state.keys, **{(connection, each): key for each in ends}})
        case "set_custom_routes", CustomRoutes() as change:
            return replace(state, network=resolve(with_custom_routes(state.network, change)))
        case "change" | "sync_peering", Change() | PeeringSync() as change:
            return _reconfigured(state, merged(state.scenario, change))
        case _ if faults.is_about_faults(action):
            now = replace(state, faults=faults.after(state.network, state.faults, action))
            return _without_lost_clients(now, state)
    raise AssertionError(f"no such action: {action.verb}")


def _reconfigured(state: State, scenario: Scenario) -> State:
    """The state after a change of what is configured: what was announced by hand and what clients hold stays.

    A client loses its tunnel where its gateway's own configuration is another one (R9); what peerings and BGP add to
    the offer is offered at its next connection only (1.3).
    """
    network = resolve(scenario)
    before, now = _announced(state.network), _announced(network)
    none: Prefixes = frozenset()
    announced = {
        who: (own | (state.announced.get(who, none) - before.get(who, none)))
        - (before.get(who, none) - state.announced.get(who, before.get(who, none)))
        for who, own in now.items()
    }
    given, was = given_keys(scenario), given_keys(state.scenario)
    places = {(name, end) for name, item in scenario.connections.items() for end in item.between}
    kept = {place: key for place, key in state.keys.items() if place in places and given.get(place) == was.get(place)}
    changed = replace(state, network=network, announced=announced, keys={**given, **kept})
    tunnels, others = state.network.client_tunnels, network.client_tunnels
    lost = (key for key in state.sessions if _made_of(tunnels[key]) != _made_of(others[key]))
    return replace(changed, sessions=reduce(sessions.disconnect, lost, state.sessions))


def _made_of(tunnel: ClientTunnel) -> tuple[object, ...]:
    """What a client's tunnel needs anew when it changes: the gateway's configuration, and its public address; a Route
    Server that is created or deleted beside the gateway interrupts it (A35).

    Differs from Azure: Every change of a gateway's configuration drops its clients, also where IKEv2 is added beside
    SSTP (P28).
    """
    gateway, public = tunnel.gateway, tunnel.gateway.network.public
    addresses = public.point_to_site[gateway.name], public.clients.get(tunnel.client.name)
    return tunnel.client.spec, gateway.spec, gateway.vnet.spec.route_server is not None, *addresses


def _after(state: State, verb: str, tunnel: ClientTunnel) -> State:
    match verb:
        case "download_profile":
            held = sessions.download(state.sessions[tunnel.key], tunnel)
            return replace(state, sessions={**state.sessions, tunnel.key: held})
        case "disconnect":
            return replace(state, sessions=sessions.disconnect(state.sessions, tunnel.key))
    return _connected(state, tunnel)


def _connected(state: State, tunnel: ClientTunnel) -> State:
    selectors = state.offered(tunnel.gateway, tunnel.tunnel_type)
    reachable = not are_apart(state.network, state.faults, tunnel.key)
    silence = radius.silence(state, tunnel.gateway)
    return replace(state, sessions=sessions.connect(state.sessions, tunnel, selectors, reachable, silence))


def _without_lost_clients(state: State, before: State) -> State:
    """The state in which clients have lost their connections: they are cut off (R66), or their instance is gone (R9).

    They stay without until they connect again.
    """
    dropped = (key for key, held in state.sessions.items() if not held.absent and _is_lost(state, before, key))
    return replace(state, sessions=reduce(sessions.disconnect, dropped, state.sessions))


def _is_lost(state: State, before: State, key: Key) -> bool:
    gateway = state.network.client_tunnels[key].gateway
    moved = state.topology.point_to_site(gateway) is not before.topology.point_to_site(gateway)
    return moved or are_apart(state.network, state.faults, key)


def _with_routes(state: State, key: Key, by_hand: Prefixes) -> State:
    """The state with other routes by hand at a client; where it has no tunnel, no route can lead into it."""
    session = state.sessions[key]
    if session.absent:
        return state
    return replace(state, sessions={**state.sessions, key: replace(session, by_hand=by_hand)})
