"""Building a lab step by step with a way back, and removing it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from netlab.azure.moments import initial
from netlab.errors import BuildError, HostError, LabError
from netlab.lab.build import alive, certificates, clients, journal, keys, records, transition
from netlab.lab.build.settling import await_bgp, await_fabrics
from netlab.lab.build.step import Progress, Step, take, take_back
from netlab.lab.build.transition import Transition
from netlab.lab.machine import Machine
from netlab.machine.secrets import write_secret
from netlab.plan.model import Plan
from netlab.scenario.models import Scenario


def steps(plan: Plan, scenario: Scenario, secrets: Mapping[str, str], machine: Machine) -> tuple[Step, ...]:
    """The steps from an empty machine to a lab that has converged."""
    lab, state, controller = plan.lab, initial(scenario), machine.controllers(plan.lab)
    stop, dead = partial(_stop, lab, machine), partial(alive.words, plan, state, machine.daemons)
    initiate = partial(machine.ike.initiate, plan, plan.connections, state.not_at_once)

    def impair_links() -> None:
        for uplink in plan.uplinks:
            if uplink.impaired:
                machine.links.impair(plan, uplink)

    def issue() -> None:
        certificates.issue(lab, plan.certificates, plan.tls_keys, write_secret)

    def converge() -> None:
        machine.daemons.await_controller(lab, controller)
        await_bgp(plan, state, machine, hopeless=dead)

    return (
        Step("network namespaces", lambda: machine.labs.create(plan.nodes), lambda: machine.labs.remove(lab)),
        Step("links, addresses and routes", lambda: machine.links.build(plan)),
        *((Step("impaired links", impair_links),) if any(u.impaired for u in plan.uplinks) else ()),
        *((Step("certificates", issue),) if plan.certificates else ()),
        Step("IKE and routing daemons", lambda: machine.daemons.start(plan), stop),
        Step("tunnel interfaces", lambda: machine.tunnels.place(plan)),
        Step("keys and connections", lambda: machine.ike.load(plan, secrets)),
        Step("SDN controller", lambda: machine.daemons.start_controller(lab, controller), stop),
        Step("security associations", initiate),
        Step(journal.INITIATED, lambda: machine.daemons.start_bgp(plan), stop),
        Step("BGP sessions and routes", converge),
        Step("VNet route tables", lambda: await_fabrics(plan, machine, hopeless=dead)),
        Step("point-to-site clients", lambda: clients.connect_all(plan, scenario, machine.clients)),
        Step("daemons at work", partial(alive.require, dead)),
    )


def up(lab: records.Lab, text: str, machine: Machine, progress: Progress) -> None:
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
        for step in steps(lab.plan, lab.scenario, secrets, machine):
            progress(step.title)
            journal.write(name, step.title)
            way_back.callback(take_back, step, progress)
            take(step)
        journal.finished(name)
        way_back.pop_all()


def apply(change: Transition, back: Transition, progress: Progress) -> None:
    """Bring a lab, whose lock is held, from one plan to another; whatever goes wrong or interrupts it, back again."""
    lab = change.old.plan.lab
    if not journal.is_up(lab):
        raise LabError(
            f"the lab {lab} is between two states: its `up` or an `apply` has not come to its end",
            f"`netlab up --replace --name {lab}` builds it anew, `netlab down {lab}` removes it",
        )
    with ExitStack() as way_back:
        way_back.callback(_go_back, back, progress)
        _go(change, progress)
        way_back.pop_all()


def _go(change: Transition, progress: Progress) -> None:
    for step in transition.steps(change):
        progress(step.title)
        journal.write(change.old.plan.lab, step.title)
        take(step)
    journal.finished(change.old.plan.lab)


def _go_back(back: Transition, progress: Progress) -> None:
    """Bring a lab back to its old plan: the same steps the other way round, wherever the others have ended."""
    progress("back to what the lab was")
    try:
        _go(back, progress)
    except (LabError, HostError) as error:
        progress(f"the lab could not be brought back: {error.message}")


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
