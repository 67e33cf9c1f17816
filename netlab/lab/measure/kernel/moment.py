"""The moment for which it is asked what every node should hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from netlab.azure.state import State
from netlab.lab.build import records
from netlab.lab.machine import Machine
from netlab.lab.story import faults
from netlab.lab.story.faults.effect import Left
from netlab.machine.charon import Sa
from netlab.plan import steering
from netlab.plan.model import Plan, Uplink


@dataclass(frozen=True)
class Moment:
    """A lab at a moment: its plan then, the state of the model and that in which the story began.

    What only the lab can say: the address that each tunnel of a client got, and from the SAs of charons which tunnels
    on demand are up.
    """

    plan: Plan
    state: State
    opening: State
    uplinks: tuple[Uplink, ...]
    sas: Mapping[str, tuple[Sa, ...]]
    leases: Mapping[str, str]

    @cached_property
    def left(self) -> Left:
        """What the faults of this moment leave in the kernel."""
        return faults.left(self.plan, self.state.faults)

    @cached_property
    def up(self) -> steering.Up:
        """The tunnels that are up, by router and IKE connection."""
        charons = {charon.node: charon for charon in self.plan.charons}
        found = set()
        for tunnel in (tunnel for tunnel in self.plan.tunnels if not tunnel.to_clients):
            charon = charons[tunnel.edge]
            item = next((c for c in charon.connections if c.name == tunnel.connection), None)
            on_demand = item is not None and item.on_demand
            here = tunnel.connection in self.installed(charon.directory) if on_demand else True
            if tunnel.connection in self.state.up and here:
                found.add((tunnel.node, tunnel.connection))
        return frozenset(found)

    def installed(self, directory: str) -> frozenset[str]:
        """The connections of a charon that have an INSTALLED CHILD SA."""
        return frozenset(sa.connection for sa in self.sas.get(directory, ()) if "INSTALLED" in sa.children)

    def selected(self, node: str) -> tuple[Sa, ...]:
        """The SAs of the charons at a node."""
        charons = (charon for charon in self.plan.charons if charon.node == node)
        return tuple(sa for charon in charons for sa in self.sas.get(charon.directory, ()))


def now(lab: records.Lab, state: State, machine: Machine) -> Moment:
    """This moment of a lab, in this state of its story."""
    plan = records.planned(lab.facts, lab.scenario, state).plan
    sas = {charon.directory: tuple(machine.sas.sas(charon.directory)) for charon in plan.charons}
    leases = {client.name: machine.clients.virtual_address(client) for client in plan.clients}
    return Moment(plan, state, records.opening(lab), records.uplinks(lab), sas, leases)
