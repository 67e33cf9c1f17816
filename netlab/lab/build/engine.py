"""Building a lab step by step with a way back, and removing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.errors import BuildError, HostError, LabError
from netlab.lab.build import alive, certificates, clients, journal, keys, records
from netlab.lab.build.settling import await_bgp, await_fabrics
from netlab.lab.machine import Machine
from netlab.plan.model import Plan
from netlab.scenario.models import Scenario

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of building a lab, and how it is undone; undoing twice is harmless."""

    title: str
    apply: Callable[[], None]
    undo: Callable[[], None]


def _nothing() -> None:
    """The undo of a step that goes away with what it was made in."""


def steps(
    plan: Plan, scenario: Scenario, secrets: Mapping[str, str], machine: Machine, controller: Sequence[str]
) -> tuple[Step, ...]:
    """The steps from an empty machine to a lab that has converged.

    ``controller`` is the command that starts the controllers' process.
    """
    lab, state = plan.lab, initial(scenario)
    stop, dead = partial(_stop, lab, machine), partial(_dead, plan, state, machine)
    initiate = partial(machine.ike.initiate, plan, _connections(plan), state.not_at_once)

    def impair_links() -> None:
        for uplink in plan.uplinks:
            if uplink.impaired:
                machine.links.impair(plan, uplink)

    def issue() -> None:
        certificates.issue(lab, plan.certificates, plan.tls_keys, keys.write_secret)

    def converge() -> None:
        machine.daemons.await_controller(lab, controller)
        await_bgp(plan, state, machine, hopeless=dead)

    return (
        Step("network namespaces", lambda: machine.labs.create(plan), lambda: machine.labs.remove(lab)),
        Step("links, addresses and routes", lambda: machine.links.build(plan), _nothing),
        *((Step("impaired links", impair_links, _nothing),) if any(u.impaired for u in plan.uplinks) else ()),
        *((Step("certificates", issue, _nothing),) if plan.certificates else ()),
        Step("IKE and routing daemons", lambda: machine.daemons.start(plan), stop),
        Step("tunnel interfaces", lambda: machine.tunnels.place(plan), _nothing),
        Step("keys and connections", lambda: machine.ike.load(plan, secrets), _nothing),
        Step("SDN controller", lambda: machine.daemons.start_controller(lab, controller), stop),
        Step("security associations", initiate, _nothing),
        Step(journal.INITIATED, lambda: machine.daemons.start_bgp(plan), stop),
        Step("BGP sessions and routes", converge, _nothing),
        Step("VNet route tables", lambda: await_fabrics(plan, machine, hopeless=dead), _nothing),
        Step("point-to-site clients", lambda: clients.connect_all(plan, scenario, machine.clients), _nothing),
        Step("daemons at work", partial(_require, dead), _nothing),
    )


def _dead(plan: Plan, state: State, machine: Machine) -> str:
    """Which daemons are dead: then nothing more comes of waiting."""
    return "; ".join(alive.said(alive.dead(plan, state, machine.daemons)))


def _require(dead: Callable[[], str]) -> None:
    """One that was at work may have died since."""
    if found := dead():
        raise BuildError(found, "try again; if it dies again, `journalctl -k` may tell who killed it")


def _connections(plan: Plan) -> frozenset[str]:
    return frozenset(connection.name for charon in plan.charons for connection in charon.connections)


def up(lab: records.Lab, text: str, machine: Machine, controller: Sequence[str], progress: Progress) -> None:
    """Build a lab from the scenario of a text; whatever goes wrong or interrupts it, nothing is left behind."""
    name = lab.facts.lab
    leftovers = machine.labs.of(name)
    if leftovers and not records.exists(name):
        raise BuildError(
            f"the network namespace {leftovers[0]} exists already",
            f"if it is left over from a lab, `netlab down {name}` removes it; or choose another --name",
        )
    with records.claimed(name), ExitStack() as way_back:
        way_back.callback(records.remove, name)
        secrets = keys.pre_shared_keys(lab.scenario, lab.plan.secrets)
        records.write(lab.facts, text, secrets)
        for step in steps(lab.plan, lab.scenario, secrets, machine, controller):
            progress(step.title)
            journal.write(name, step.title)
            way_back.callback(_take_back, step, progress)
            _take(step)
        journal.finished(name)
        way_back.pop_all()


def _take(step: Step) -> None:
    try:
        step.apply()
    except (LabError, HostError) as error:
        raise type(error)(f"{step.title}: {error.message}", error.hint) from error
    except OSError as error:
        raise BuildError(f"{step.title}: {error}") from error


def _take_back(step: Step, progress: Progress) -> None:
    """Undo a step. ``up`` raises what failed first; what goes wrong on the way back is only printed."""
    try:
        step.undo()
    except (LabError, OSError) as error:
        progress(str(error))


def _stop(lab: str, machine: Machine) -> None:
    left = machine.daemons.stop_all(lab)
    if left:
        raise BuildError(f"these processes of lab {lab} do not end: {', '.join(left)}", "end them by hand")


def down(lab: str, machine: Machine) -> bool:
    """Remove a lab by its name alone, in whatever state it is; whether there was anything."""
    if not records.exists(lab):
        found = machine.labs.of(lab)
        _remove(lab, machine)
        return bool(found)
    with records.locked(lab):
        _remove(lab, machine)
    return True


def collect(machine: Machine) -> tuple[str, ...]:
    """Remove the remains of labs whose ``up`` or ``down`` never ended and that no netlab works on; their names."""
    found = sorted({*records.names(), *machine.labs.labs()})
    return tuple(lab for lab in found if not journal.is_up(lab) and _collect(lab, machine))


def _collect(lab: str, machine: Machine) -> bool:
    """Remove the remains of a lab; whether there were any that no netlab works on."""
    if not records.exists(lab):
        _remove(lab, machine)
        return True
    with ExitStack() as stack:
        try:
            stack.enter_context(records.locked(lab))
        except LabError:  # another netlab works on it, or has removed it
            return False
        if journal.is_up(lab):  # its `up` has just ended
            return False
        _remove(lab, machine)
        return True


def _remove(lab: str, machine: Machine) -> None:
    journal.removing(lab)
    _stop(lab, machine)
    machine.labs.remove(lab)
    records.remove(lab)
