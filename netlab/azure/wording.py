"""What was seen of a pair, in Azure's words: those of the model, where packets went on as it foresees. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.dataplane.tables import Route
from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted


def worded(seen: Predicted, foreseen: Predicted) -> Predicted:
    """What was seen, each route in the model's words where the same node sent the packet to the same one by it.

    A route that the model does not have keeps the kernel's words: there the lab is not as Azure would be.
    """
    forward = _worded(seen.forward, foreseen.forward)
    return replace(seen, forward=forward, reverse=_worded(seen.reverse, foreseen.reverse))


def _worded(seen: tuple[Walk, ...], foreseen: tuple[Walk, ...]) -> tuple[Walk, ...]:
    said = {(node, onward): route for walk in foreseen for node, onward, route in _decisions(walk)}
    return tuple(
        replace(
            walk,
            chosen=tuple(
                (node, _in_words(route, said.get((node, onward)))) for node, onward, route in _decisions(walk)
            ),
        )
        for walk in seen
    )


def _decisions(walk: Walk) -> Iterator[tuple[str, str, Route]]:
    """Each node that chose a route, the node to which it sent the packet (empty at the last one), and the route."""
    visits = iter(zip(walk.nodes, (*walk.nodes[1:], ""), strict=True))
    node, onward = next(visits)
    for chooser, route in walk.chosen:
        while node != chooser:
            node, onward = next(visits)
        yield node, onward, route


def _in_words(route: Route, said: Route | None) -> Route:
    if said is None or not _is_for(route, said):
        return route
    return replace(route, source=said.source, leads_to=said.leads_to)


def _is_for(route: Route, said: Route) -> bool:
    """Whether a kernel's route is the model's: where that has one for each client, the kernel has one for the pool."""
    pooled = said.prefix.prefixlen == said.prefix.max_prefixlen and route.prefix.prefixlen > 0
    return route.prefix == said.prefix or (pooled and said.prefix.subnet_of(route.prefix))
