"""The namespaces of labs, found again by the lab's name."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.machine import namespaces
from netlab.plan.model import Node
from netlab.plan.names import NETNS_PREFIX


def of(lab: str) -> tuple[str, ...]:
    """The namespaces of a lab that exist."""
    return namespaces.existing(f"{NETNS_PREFIX}{lab}.")


def labs() -> tuple[str, ...]:
    """The labs that have namespaces, whether or not anything else is left of them."""
    names = (name.split(".") for name in namespaces.existing(NETNS_PREFIX))
    return tuple(dict.fromkeys(parts[1] for parts in names if len(parts) == 3))


def create(nodes: Iterable[Node]) -> None:
    """Create the namespaces of nodes."""
    namespaces.create(node.netns for node in nodes)


def discard(nodes: Iterable[Node]) -> None:
    """Remove the namespaces of nodes, those that are not there too."""
    namespaces.remove(node.netns for node in nodes)


def remove(lab: str) -> None:
    """Remove every namespace of a lab."""
    namespaces.remove(of(lab))
