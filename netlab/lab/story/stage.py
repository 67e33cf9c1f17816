"""A lab on which a story is played: what its actions have made of it so far, and waiting until that has settled."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from netlab.azure.state import State
from netlab.errors import ConvergeError
from netlab.lab.build import clients, records
from netlab.lab.build.rousing import rouse
from netlab.lab.build.settling import await_bgp, await_fabrics, await_tunnels
from netlab.lab.machine import Machine
from netlab.scenario.models import Action

# What is noted when all has settled, in this order: each was true at that time, and may have been a little earlier.
_TUNNELS = "the tunnels are as the model says: both ends have noticed (DPD, IKE)"
_BGP = "BGP has converged: sessions, paths and routes are as the model says"
_VNETS = "the SDN follows: every VNet's route tables are in step with the gateways"

# Of Azure's seconds, for what an action changes: BGP's hold time and DPD's time-out, and a minute to converge.
_PATIENCE = 300.0
# Of ours: daemons cannot follow any time scale.
_PATIENCE_AT_LEAST = 40.0
# Of ours, enough for what actions change in a lab where something else is broken.
_PATIENCE_AFTER_FAILURE = 2.0


@dataclass(slots=True)
class Stage:
    """A lab on which a story is played, and the state that its actions have made so far, settings included."""

    lab: records.Lab
    machine: Machine
    state: State = field(init=False)
    taken: tuple[Action, ...] = ()
    patience: float = field(init=False)
    noted: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patience = max(_PATIENCE / self.lab.plan.timers.scale, _PATIENCE_AT_LEAST)
        self.state = records.opening(self.lab)

    def remember(self, actions: Iterable[Action]) -> None:
        """Write down actions that are not put back."""
        self.taken = tuple(actions)
        records.write_story(self.lab, [a.model_dump(mode="json", exclude_unset=True) for a in self.taken])

    def resume(self) -> None:
        """Go on from what earlier actions have made of the lab."""
        self.taken = tuple(Action.model_validate(item) for item in records.read_story(self.lab))
        self.state = records.state(self.lab)

    def reopen(self) -> None:
        """Go back to the state in which the story begins; the lab does not change by it."""
        self.state = records.opening(self.lab)

    def settle(self) -> None:
        """Have tunnels up that wait for a packet, and wait until all is where it must arrive.

        That is tunnels, BGP and the VNets; ConvergeError says what is missing.
        """
        try:
            rouse(self.lab.plan, self.machine, self.state, self.state.up, self.patience)
            await_tunnels(self.lab.plan, self.state, self.machine, self.patience)
            self.note(_TUNNELS)
            await_bgp(self.lab.plan, self.state, self.machine, self.patience)
            self.note(_BGP)
            await_fabrics(self.lab.plan, self.machine, self.patience)
            self.note(_VNETS)
        except ConvergeError:
            self.lose_patience()
            raise

    def note(self, what: str) -> None:
        """Note that something happened, or is seen to have happened, just now."""
        self.noted.append((what, time.monotonic()))

    def await_departures(self) -> None:
        """Wait until clients have noticed that they have lost their gateway."""
        clients.await_departures(self.lab.plan, self.state, self.machine.clients, self.patience)

    def lose_patience(self) -> None:
        """Something is dead, or did not come in time: do not wait for it again and again."""
        self.patience = _PATIENCE_AFTER_FAILURE
