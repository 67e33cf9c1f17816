"""Reading namespaces: their interfaces, and facts of everything else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from pyroute2 import IPRoute

from netlab.errors import BuildError
from netlab.machine import namespaces, processes
from netlab.machine.inventory import ipsec, nftables, settings, tables
from netlab.machine.inventory.links import Link, links
from netlab.plan.model.held import Fact

# In a namespace of its own, what an interface has as the kernel makes it.
_FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Held:
    """What a namespace holds: its interfaces with their numbers and hardware addresses, and facts of all else."""

    links: tuple[Link, ...]
    neighbours: tuple[tables.Neighbour, ...]
    facts: tuple[Fact, ...]


def read(names: Iterable[str]) -> dict[str, Held]:
    """What each of these namespaces holds; of one that is not there nothing."""

    def hop() -> Iterator[tuple[str, Held]]:
        for name in names:
            # It may have gone, or go while others are read.
            with contextlib.suppress(BuildError):
                namespaces.enter(name)
                yield name, _held()

    return namespaces.in_thread(lambda: dict(hop()))


def _held() -> Held:
    """What the namespace of the calling thread holds."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        found = links(kernel)
        names = {link.index: link.name for link in found}
        neighbours = tuple(tables.neighbours(kernel, names))
        facts = tuple(_facts(kernel, found, names))
    return Held(found, neighbours, facts)


def _facts(kernel: socket.socket, found: tuple[Link, ...], names: dict[int, str]) -> Iterator[Fact]:
    yield from tables.addresses(kernel, names)
    yield from tables.rules(kernel)
    yield from tables.routes(kernel, names)
    yield from tables.queues(kernel, names)
    yield from settings.settings(found)
    yield from nftables.filters_of_a_lab()
    yield from ipsec.policies_and_sas()


@cache
def defaults() -> dict[str, str]:
    """The settings of a namespace as the kernel makes it, before anything is written to it; an interface's as ``*``."""

    def look() -> dict[str, str]:
        with IPRoute() as ipr:
            ipr.link("add", ifname=_FRESH, kind="bridge")
        return {fact.object: fact.value for fact in _held().facts if fact.kind == "setting"}

    with namespaces.nameless() as netns:
        found = namespaces.run_in(netns, look)
    return {key.replace(_FRESH, "*"): value for key, value in found.items()}


@cache
def canonical_filters(ruleset: str, devices: tuple[str, ...] = ()) -> tuple[Fact, ...]:
    """What the kernel holds after a ruleset of nftables was loaded: tried in a namespace of its own.

    ``devices`` are the interfaces that must be there for it.
    """

    def look() -> tuple[Fact, ...]:
        with IPRoute() as ipr:
            for device in devices:
                ipr.link("add", ifname=device, kind="bridge")
        return nftables.filters()

    with namespaces.nameless() as netns:
        if devices:
            namespaces.run_in(netns, look)
        code, output = processes.run(netns, ["nft", "-f", "-"], ruleset)
        if code != 0:
            raise BuildError(f"nft: {output.strip()}")
        return namespaces.run_in(netns, nftables.filters)
