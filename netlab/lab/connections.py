"""The connections of a running lab: up or not, and why not, in Azure's words and IKE's; and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from netlab.azure.ike import CODES, Negotiated
from netlab.azure.world import World
from netlab.lab.judgement import three_way
from netlab.machine.charon import Sa
from netlab.plan.model import Charon, IkeConnection, Plan
from netlab.probe.verdict import Check

State = Literal["Connected", "Connecting", "NotConnected"]


class Machine(Protocol):
    """What is asked of the machine."""

    def sas(self, directory: str) -> list[Sa]: ...

    def refusal(self, directory: str, connection: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as it was found: Azure's state, and why it is not up."""

    state: State
    reason: str = ""

    @property
    def words(self) -> str:
        """The state with its reason."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def ends(plan: Plan, connection: str) -> Iterator[tuple[Charon, IkeConnection]]:
    """The charons that a connection ends at, and what they hold of it."""
    for charon in plan.charons:
        for item in charon.connections:
            if item.name == connection and item.remote_address and not item.virtual_ip:
                yield charon, item


def observe(plan: Plan, machine: Machine, connection: str) -> Seen:
    """A connection as it is now."""
    both = tuple(ends(plan, connection))
    sas = [sa for charon, item in both for sa in machine.sas(charon.directory) if sa.connection == item.name]
    if any("INSTALLED" in sa.children for sa in sas):
        return Seen("Connected")
    connecting = any(sa.state == "CONNECTING" for sa in sas)
    return Seen("Connecting" if connecting else "NotConnected", _reason(machine, both))


def _reason(machine: Machine, both: Iterable[tuple[Charon, IkeConnection]]) -> str:
    if not any(item.initiator for _, item in both):
        return "nobody initiates"
    return next(filter(None, (machine.refusal(charon.directory, item.name) for charon, item in both)), "")


def checks(plan: Plan, machine: Machine, world: World, documented: Mapping[str, str]) -> Iterator[Check]:
    """Every connection, as documented, predicted and observed."""
    for name, predicted in world.negotiated.items():
        seen = observe(plan, machine, name)
        problem = _problem(documented.get(name), predicted, seen)
        yield Check(f"connection {name}", "failed" if problem else "passed", problem or _message(seen))


def _message(seen: Seen) -> str:
    if seen.state == "Connected":
        return "INSTALLED"
    return f"{seen.words}, as expected; Azure's troubleshooting says {CODES[seen.reason]}"  # type: ignore[index]


def _problem(documented: str | None, predicted: Negotiated, seen: Seen) -> str:
    """Who stands alone; an attempt under way counts as not connected."""
    is_up = seen.state == "Connected"
    foretold = Seen("Connected") if predicted.up else Seen("NotConnected", predicted.reason)
    said = documented == "Connected" if documented is not None else None
    if predicted.up and not is_up and said is not False:
        return f"no INSTALLED CHILD SA: {seen.words}"
    problem = three_way(said, predicted.up, is_up, lambda up: "Connected" if up else "NotConnected")
    if problem or is_up or seen.reason == foretold.reason:
        return problem
    return three_way(None, foretold.words, seen.words, str)
