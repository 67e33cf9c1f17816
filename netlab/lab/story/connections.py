"""The connections of a running lab: up or not, and why not, in Azure's words and IKE's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from netlab.lab.build.rousing import ends
from netlab.machine.ports import Sas
from netlab.plan.model import Charon, IkeConnection, Plan

ConnectionState = Literal["Connected", "Connecting", "NotConnected"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as it was found: Azure's state, and why it is not up."""

    state: ConnectionState
    reason: str = ""

    @property
    def words(self) -> str:
        """The state with its reason."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def observe(plan: Plan, sas: Sas, tunnels: Iterable[str]) -> Seen:
    """A connection as it is now, by its tunnels: one that is up is enough."""
    both = tuple(end for tunnel in tunnels for end in ends(plan, tunnel))
    found = [sa for charon, item in both for sa in sas.sas(charon.directory) if sa.connection == item.name]
    if any("INSTALLED" in sa.children for sa in found):
        return Seen("Connected")
    connecting = any(sa.state == "CONNECTING" for sa in found)
    return Seen("Connecting" if connecting else "NotConnected", _reason(sas, both))


def _reason(sas: Sas, both: Iterable[tuple[Charon, IkeConnection]]) -> str:
    if not any(item.initiator for _, item in both):
        return "nobody initiates"
    return next(filter(None, (sas.refusal(charon.directory, item.name) for charon, item in both)), "")
