"""The health probes of load balancers: each member of a pool is asked again and again, as 168.63.129.16 does (L9)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from netlab.controllers.tables import Healthy
from netlab.errors import LabError
from netlab.plan.model import Plan, Pool, PoolMember

# A member whose namespace is gone may come back.
_PERIOD = 1.0


# Differs from Azure: Http and Https probes open a TCP connection and ask for nothing.
class Members(Protocol):
    """The members of pools: what answers probes there, and what asks them from the fabric of their VNet."""

    def answering(self, netns: str, address: str, port: int) -> AbstractContextManager[Callable[[], None]]: ...

    def answers(self, netns: str, address: str, port: int, seconds: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A member of a pool, and the namespace of the fabric that asks it."""

    netns: str
    pool: Pool
    member: PoolMember

    def answers(self, members: Members) -> bool:
        """Whether the member answers now."""
        return members.answers(self.netns, self.member.address, self.pool.port, self.pool.interval)


@dataclass(frozen=True, slots=True)
class Found:
    """What probes have found so far: whether a member is up, and how many answers in a row say the contrary."""

    up: bool
    contrary: int = 0

    def after(self, answer: bool, threshold: int) -> Found:
        """After one more probe: so many in a row turn it over (L10)."""
        if answer == self.up:
            return Found(self.up)
        return Found(answer) if self.contrary + 1 >= threshold else Found(self.up, self.contrary + 1)


def targets(plan: Plan) -> Iterator[Target]:
    """The members of pools that are asked."""
    for fabric in plan.fabrics:
        for pool in fabric.pools:
            if pool.port:
                yield from (Target(fabric.netns, pool, member) for member in pool.members)


def answering(plan: Plan, is_up: Callable[[Target], bool]) -> Healthy:
    """The members of each pool that are up, given which answer: all where none is asked."""
    pools = {pool.name: pool for fabric in plan.fabrics for pool in fabric.pools}
    up: dict[str, set[str]] = {name: set() for name in pools}
    for target in targets(plan):
        if is_up(target):
            up[target.pool.name].add(target.member.node)
    return {name: frozenset(up[name]) if pool.port else _everybody(pool) for name, pool in pools.items()}


def healthy(plan: Plan, is_up: Callable[[Target], bool]) -> Healthy:
    """The members of each pool that get new flows, given which answer (L12)."""
    pools = {pool.name: pool for fabric in plan.fabrics for pool in fabric.pools}
    found = answering(plan, is_up)
    return {name: up or (_everybody(pools[name]) if pools[name].all_up else up) for name, up in found.items()}


def _everybody(pool: Pool) -> frozenset[str]:
    return frozenset(member.node for member in pool.members)


def answering_now(plan: Plan, members: Members) -> Healthy:
    """The members that answer one more probe, whatever those before have found."""
    return answering(plan, lambda target: target.answers(members))


def found_now(plan: Plan, members: Members) -> Healthy:
    """Those that get new flows, by one more probe of each."""
    return healthy(plan, lambda target: target.answers(members))


class Probing:
    """Asks the members of a plan's pools in a thread each, until it is closed; ``changed`` is called when one goes down
    or comes up. Every one has been asked once when it is there."""

    def __init__(self, plan: Plan, members: Members, changed: Callable[[], None]) -> None:
        self._plan, self._members, self._changed = plan, members, changed
        self._found: dict[Target, Found] = {}
        self._over = threading.Event()
        asked = {target: threading.Event() for target in targets(plan)}
        self._threads = [threading.Thread(target=self._watch, args=item, daemon=True) for item in asked.items()]
        for thread in self._threads:
            thread.start()
        for event in asked.values():
            event.wait()

    def close(self) -> None:
        """Ask no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def healthy(self) -> Healthy:
        """The members of each pool that get new flows."""
        return healthy(self._plan, lambda target: self._found[target].up)

    def _watch(self, target: Target, asked: threading.Event) -> None:
        member = target.member
        while not self._over.is_set():
            try:
                with self._members.answering(member.netns, member.address, target.pool.port) as take:
                    while not self._over.is_set():
                        self._note(target, target.answers(self._members))
                        take()
                        asked.set()
                        self._over.wait(target.pool.interval)
            except (LabError, OSError):
                self._note(target, False)
                asked.set()
                self._over.wait(_PERIOD)

    def _note(self, target: Target, answer: bool) -> None:
        before = self._found.get(target)
        now = before.after(answer, target.pool.threshold) if before is not None else Found(answer)
        self._found[target] = now
        if before is not None and before.up != now.up:
            self._changed()
