"""Building a lab step by step with a way back, and removing it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from netlab.azure.world import initial
from netlab.errors import BuildError, HostError, LabError
from netlab.lab.build import certificates, clients, state
from netlab.lab.build.settling import Reader, await_bgp, await_fabrics
from netlab.plan.model import Plan, Uplink
from netlab.scenario.models import Scenario

Progress = Callable[[str], None]


class Machine(Reader, clients.Machine, Protocol):
    """What building and removing a lab asks of the machine."""

    def namespaces_of(self, lab: str) -> tuple[str, ...]: ...

    def labs_with_namespaces(self) -> tuple[str, ...]: ...

    def create_namespaces(self, plan: Plan) -> None: ...

    def remove_namespaces(self, lab: str) -> None: ...

    def build_network(self, plan: Plan) -> None: ...

    def start_daemons(self, plan: Plan) -> None: ...

    def start_bgp(self, plan: Plan) -> None: ...

    def start_controller(self, lab: str) -> None: ...

    def await_controller(self, lab: str) -> None: ...

    def stop_processes(self, lab: str) -> list[str]: ...

    def place_tunnels(self, plan: Plan) -> None: ...

    def load_connections(self, plan: Plan, secrets: Mapping[str, str]) -> None: ...

    def initiate(self, plan: Plan, refused: Collection[str] = ()) -> None: ...

    def impair(self, plan: Plan, uplink: Uplink) -> object: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step of building a lab, and how it is undone; undoing twice is harmless."""

    title: str
    apply: Callable[[], None]
    undo: Callable[[], None]


def _nothing() -> None:
    """The undo of a step that goes away with what it was made in."""


def steps(plan: Plan, scenario: Scenario, secrets: Mapping[str, str], machine: Machine) -> tuple[Step, ...]:
    """The steps from an empty machine to a lab that has converged."""
    lab, world = plan.lab, initial(scenario)

    def stop() -> None:
        _stop(lab, machine)

    def impair_links() -> None:
        for uplink in plan.uplinks:
            if uplink.impaired:
                machine.impair(plan, uplink)

    def issue() -> None:
        certificates.issue(lab, plan.certificates, state.write_secret)

    def follow_gateways() -> None:
        machine.await_controller(lab)
        await_fabrics(plan, machine)

    return (
        Step("network namespaces", lambda: machine.create_namespaces(plan), lambda: machine.remove_namespaces(lab)),
        Step("links, addresses and routes", lambda: machine.build_network(plan), _nothing),
        *((Step("impaired links", impair_links, _nothing),) if any(u.impaired for u in plan.uplinks) else ()),
        Step("IKE and routing daemons", lambda: machine.start_daemons(plan), stop),
        Step("tunnel interfaces", lambda: machine.place_tunnels(plan), _nothing),
        *((Step("certificates", issue, _nothing),) if plan.certificates else ()),
        Step("keys and connections", lambda: machine.load_connections(plan, secrets), _nothing),
        Step("SDN controller", lambda: machine.start_controller(lab), stop),
        Step("security associations", lambda: machine.initiate(plan, world.refused), _nothing),
        Step(state.INITIATED, lambda: machine.start_bgp(plan), stop),
        Step("BGP sessions and routes", lambda: await_bgp(plan, world, machine), _nothing),
        Step("VNet route tables", follow_gateways, _nothing),
        Step("point-to-site clients", lambda: clients.connect_all(plan, scenario, machine), _nothing),
    )


def up(plan: Plan, scenario: Scenario, text: str, facts: state.Facts, machine: Machine, progress: Progress) -> None:
    """Build a lab; whatever goes wrong or interrupts it, nothing is left behind."""
    leftovers = machine.namespaces_of(plan.lab)
    if leftovers and not state.exists(plan.lab):
        raise BuildError(
            f"the network namespace {leftovers[0]} exists already",
            f"if it is left over from a lab, `netlab down {plan.lab}` removes it; or choose another --name",
        )
    state.claim(plan.lab)
    with ExitStack() as way_back:
        way_back.callback(state.remove, plan.lab)
        with state.locked(plan.lab):
            secrets = state.pre_shared_keys(scenario, plan.secrets)
            state.write(facts, text, secrets)
            for step in steps(plan, scenario, secrets, machine):
                progress(step.title)
                state.journal(plan.lab, step.title)
                way_back.callback(_take_back, step, progress)
                _take(step)
            state.finished(plan.lab)
            way_back.pop_all()


def _take(step: Step) -> None:
    try:
        step.apply()
    except (LabError, HostError) as error:
        raise type(error)(f"{step.title}: {error.message}", error.hint) from error
    except OSError as error:
        raise BuildError(f"{step.title}: {error}") from error


def _take_back(step: Step, progress: Progress) -> None:
    """Undo a step. ``up`` raises what failed first; what goes wrong on the way back is only told."""
    try:
        step.undo()
    except (LabError, OSError) as error:
        progress(str(error))


def _stop(lab: str, machine: Machine) -> None:
    left = machine.stop_processes(lab)
    if left:
        raise BuildError(f"these processes of lab {lab} do not end: {', '.join(left)}", "end them by hand")


def down(lab: str, machine: Machine) -> bool:
    """Remove a lab by its name alone, in whatever state it is; whether there was anything."""
    if not state.exists(lab):
        found = machine.namespaces_of(lab)
        _remove(lab, machine)
        return bool(found)
    with state.locked(lab):
        _remove(lab, machine)
    return True


def collect(machine: Machine) -> tuple[str, ...]:
    """Remove the remains of labs whose ``up`` never ended and that nobody works on; their names."""
    found = (lab for lab in {*state.names(), *machine.labs_with_namespaces()} if not state.is_up(lab))
    remains = tuple(sorted(lab for lab in found if not (state.exists(lab) and state.is_locked(lab))))
    for lab in remains:
        down(lab, machine)
    return remains


def _remove(lab: str, machine: Machine) -> None:
    _stop(lab, machine)
    machine.remove_namespaces(lab)
    state.remove(lab)
