"""What nodes hold, as facts: with what only a look at both ends of a link says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.machine.inventory import Held, Link
from netlab.machine.inventory.tables import UNRESOLVED
from netlab.plan.model import Plan
from netlab.plan.model.held import Fact
from netlab.plan.model.kernel import Interface

# An end of a link: its node, and the interface's name.
End = tuple[str, str]


def facts(plan: Plan, held: Mapping[str, Held]) -> dict[str, list[Fact]]:
    """The facts of every node that is there."""
    links = {(node, link.name): link for node, found in held.items() for link in found.links}
    far = {end: _end(other) for link in plan.links for end, other in _both(link.a, link.b)}
    return {
        node: [*found.facts, *_interfaces(node, found, links, far), *_neighbours(node, found, links, far)]
        for node, found in held.items()
    }


def _both(one: Interface, other: Interface) -> tuple[tuple[End, Interface], tuple[End, Interface]]:
    return (_end(one), other), (_end(other), one)


def _end(interface: Interface) -> End:
    return interface.node, interface.name


def joined(other: End) -> str:
    """To what an interface leads, in words."""
    return f"to {other[0]}:{other[1]}"


def _interfaces(node: str, held: Held, links: Mapping[End, Link], far: Mapping[End, End]) -> Iterator[Fact]:
    for link in held.links:
        other = far.get((node, link.name))
        there = links.get(other) if other is not None else None
        # Where the other node is gone, its end cannot be asked.
        pair = other is not None and (there is None or (there.index, there.peer) == (link.peer, link.index))
        words = [link.words, link.hardware] if other is not None else [link.words]
        words += [joined(other)] if other is not None and pair else []
        yield Fact("interface", link.name, ", ".join(words))


def _neighbours(node: str, held: Held, links: Mapping[End, Link], far: Mapping[End, End]) -> Iterator[Fact]:
    """Neighbours that are not the other end of their link. Links are without ARP: nothing waits there for an answer."""
    for item in held.neighbours:
        other = far.get((node, item.interface))
        if other is None and item.words == UNRESOLVED:
            continue
        there = links.get(other) if other is not None else None
        elsewhere = there is None or there.hardware != item.hardware
        if item.words or (elsewhere and item.hardware):
            yield Fact("neighbour", f"{item.address} at {item.interface}", f"{item.hardware} {item.words}".strip())
