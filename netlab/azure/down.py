"""What carries nothing at a moment of a story: lines and boxes of the topology, each with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.faults import Impact
from netlab.azure.moments import initial
from netlab.azure.state import State, unknown_instance
from netlab.results.topology import Edge
from netlab.results.verification import Down
from netlab.scenario.outline import topology

_NODES = (
    (Impact.LOST, "is down"),
    (Impact.STOPPED, "is stopped"),
    (Impact.CUT, "has no link to the Internet"),
    (Impact.SILENT, "exchanges nothing with the Internet"),
)


def down(state: State) -> tuple[Down, ...]:
    """Connections, circuits, clients' tunnels, BGP sessions and nodes that are down, and what was removed."""
    found = (*_nodes(state), *_connections(state), *_circuits(state), *_clients(state), *_sessions(state))
    return tuple(dict.fromkeys((*found, *_removed(state))))


def _nodes(state: State) -> Iterator[Down]:
    for impact, words in _NODES:
        yield from (Down((node,), f"{node} {words}") for node in sorted(state.hit(impact)))


def _connections(state: State) -> Iterator[Down]:
    """The connections that have a tunnel which is down; those that are not meant to be (B42) do not count."""
    for name, item in state.network.connections.items():
        mine = (tunnel for tunnel in state.topology.tunnels if tunnel.connection is item)
        tunnels = [tunnel for tunnel in mine if not unknown_instance(tunnel)]
        reasons = {tunnel: why for tunnel in tunnels if (why := state.why_down(tunnel))}
        if reasons:
            tunnel, why = next(iter(reasons.items()))
            some = f"{len(reasons)} of {len(tunnels)} tunnels of " if len(reasons) < len(tunnels) else ""
            verb = "are" if some and len(reasons) > 1 else "is"
            yield Down(tuple(router.node for router in tunnel.routers), f"{some}{name} {verb} down: {why}")


def _circuits(state: State) -> Iterator[Down]:
    """Circuits with a link that carries nothing, at each gateway and each router of the customer's."""
    severed = state.hit(Impact.SEVERED)
    for name, circuit in state.network.circuits.items():
        cut = [index for index, (edge, _) in enumerate(circuit.links) if edge.node in severed]
        if cut:
            some = "" if len(cut) == len(circuit.links) else f" ({('primary', 'secondary')[cut[0]]} link)"
            gateways = (vnet.expressroute_gateway for vnet in circuit.vnets)
            nodes = [gateway.instances[0].node for gateway in gateways if gateway is not None]
            for node in nodes:
                yield from (Down((node, circuit.links[index][1].node), f"{name} is cut{some}") for index in cut)


def _clients(state: State) -> Iterator[Down]:
    for key, held in state.sessions.items():
        if held.absent:
            tunnel = state.network.client_tunnels[key]
            ends = tunnel.client.node, tunnel.gateway.instances[0].node
            yield Down(ends, f"{tunnel.name} is down: {held.absent}")


def _sessions(state: State) -> Iterator[Down]:
    """The BGP sessions that actions have shut down, once each; others are down with their tunnels."""
    for session in initial(state.written).bgp_sessions:
        router, peer = session.router.node, session.peer.node
        if router < peer and state.stops_session(router, peer):
            yield Down((router, peer), f"BGP of {router} and {peer} is shut down")


def _removed(state: State) -> Iterator[Down]:
    """What the scenario's drawing has and the network of this moment has not any more."""
    if state.scenario is state.written:
        return
    left = {_line(edge) for edge in topology(state.scenario).edges}
    for edge in topology(state.written).edges:
        if _line(edge) not in left:
            what = "the peering" if edge.kind in ("peering", "initiated") else edge.lines[0]
            yield Down((edge.tail, edge.head), f"{what} of {edge.tail} and {edge.head} is removed, or half of it")


def _line(edge: Edge) -> tuple[object, ...]:
    """A line by its ends and its name; a peering that is Initiated only is another one."""
    return frozenset((edge.tail, edge.head)), edge.lines[0]
