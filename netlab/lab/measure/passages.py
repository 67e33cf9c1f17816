"""Between which interfaces packets may pass from node to node, and through which tunnels they must. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise

from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted
from netlab.plan.model import Plan, Tunnel
from netlab.probe.trace import Leg, Trace, passage

# An interface: its node, and its name.
Port = tuple[str, str]


class Passages:
    """The links and tunnels of a plan, by the interfaces that they join."""

    def __init__(self, plan: Plan) -> None:
        # The tunnel that two interfaces are the ends of; empty of a link's.
        self._joined: dict[tuple[Port, Port], str] = {}
        for link in plan.links:
            self._join((link.a.node, link.a.name), (link.b.node, link.b.name), "")
        ends: dict[str, list[Tunnel]] = {}
        for tunnel in (item for item in plan.tunnels if not item.to_clients):
            ends.setdefault(tunnel.connection, []).append(tunnel)
        for one, other in (pair for tunnels in ends.values() for pair in combinations(tunnels, 2)):
            if one.node != other.node:
                self._join((one.node, one.interface), (other.node, other.interface), one.connection)
        for client in plan.clients:
            for server in plan.servers_of(client.gateway):
                self._join((client.node, client.interface), (server.node, server.interface), client.name)

    def _join(self, one: Port, other: Port, tunnel: str) -> None:
        self._joined[one, other] = self._joined[other, one] = tunnel

    def strange(self, trace: Trace, prediction: Predicted) -> str:
        """Where a packet of a probe passed otherwise than by a link or a tunnel that the model sends it through."""
        legs: tuple[tuple[Leg, tuple[Walk, ...]], ...] = (
            ("forward", prediction.forward),
            ("reverse", prediction.reverse),
        )
        return next((words for leg, walks in legs for words in self._strange(trace, leg, walks)), "")

    def _strange(self, trace: Trace, leg: Leg, walks: Iterable[Walk]) -> Iterator[str]:
        tunnelled = _tunnelled(walks)
        for left, came in pairwise(passage(trace, leg)):
            if left.node == came.node or not left.outgoing or came.outgoing:
                continue
            tunnel = self._joined.get(((left.node, left.interface), (came.node, came.interface)))
            places = f"from {left.interface} of {left.node} to {came.interface} of {came.node}"
            foreseen = tunnelled.get((left.node, came.node))
            if tunnel is None:
                yield f"the lab took a way of its own {leg}: {places}, which no link and no tunnel joins"
            elif foreseen is not None and bool(tunnel) not in foreseen:
                where = "outside of the tunnel" if True in foreseen else "in a tunnel"
                yield f"the lab took another way {leg}: {places}, {where}"


def _tunnelled(walks: Iterable[Walk]) -> dict[tuple[str, str], set[bool]]:
    """Whether the model sends packets through a tunnel, or over a link, or both, by the nodes that they pass."""
    found: dict[tuple[str, str], set[bool]] = {}
    for walk in walks:
        chosen = dict(walk.chosen)
        for node, after in pairwise(walk.nodes):
            hops = chosen[node].hops if node in chosen else ()
            kinds = {hop.tunnel is not None for hop in hops if hop.node == after}
            if kinds:
                found.setdefault((node, after), set()).update(kinds)
    return found
