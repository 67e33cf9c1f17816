"""Point-to-site clients of a running lab: connecting them, ending their tunnels, and who is connected as foreseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from netlab.azure.sessions import REFUSALS, Tunnel, tunnel_name, tunnels_of
from netlab.azure.world import World, initial
from netlab.errors import ConvergeError
from netlab.lab.build import profile
from netlab.machine.waiting import wait_until
from netlab.plan.model import Client, Plan
from netlab.results.verification import Check
from netlab.scenario.models import Scenario


class Machine(profile.Machine, Protocol):
    """What connecting clients asks of the machine."""

    def connect(self, plan: Plan, clients: Iterable[Client]) -> dict[str, str]: ...

    def disconnect(self, plan: Plan, client: Client) -> None: ...

    def reconnect(self, plan: Plan, client: Client) -> None: ...


class Witness(Protocol):
    """What telling who is connected asks of the machine."""

    def installed(self, directory: str, connection: str) -> bool: ...

    def refusals(self, plan: Plan, vnet: str) -> dict[str, str]: ...


def tunnel_of(plan: Plan, scenario: Scenario, tunnel: Tunnel) -> Client:
    """A tunnel of a lab."""
    name = tunnel_name(scenario, tunnel)
    return next(client for client in plan.clients if client.name == name)


def connect_all(plan: Plan, scenario: Scenario, machine: Machine) -> None:
    """Connect all, and download their profiles; ConvergeError if a gateway does not let in whom it should."""
    world = initial(scenario)
    failed = machine.connect(plan, plan.clients)
    for tunnel in tunnels_of(scenario):
        client = tunnel_of(plan, scenario, tunnel)
        if client.name in failed and not world.sessions[tunnel].absent:
            raise ConvergeError(f"{client.name}: {failed[client.name]}")
        profile.download(plan, scenario, client, machine)


def connect(plan: Plan, client: Client, machine: Machine) -> None:
    """Connect a client, or have it authenticate afresh; the gateway may refuse it, and the checks tell."""
    if machine.virtual_address(client):
        machine.reconnect(plan, client)
    else:
        machine.connect(plan, [client])
        profile.install(plan, client, machine)


def restore(plan: Plan, scenario: Scenario, touched: Iterable[Tunnel], machine: Machine) -> None:
    """Bring tunnels back to what ``up`` made of them: those end that did not come up then, and are refused again."""
    world = initial(scenario)
    absent = {tunnel: world.sessions[tunnel].absent for tunnel in tunnels_of(scenario) if tunnel in set(touched)}
    for tunnel in (tunnel for tunnel, reason in absent.items() if reason):
        machine.disconnect(plan, tunnel_of(plan, scenario, tunnel))
    for tunnel in sorted(absent, key=lambda tunnel: bool(absent[tunnel])):
        client = tunnel_of(plan, scenario, tunnel)
        connect(plan, client, machine)
        profile.download(plan, scenario, client, machine)


def await_departures(plan: Plan, world: World, machine: Witness, seconds: float) -> None:
    """Wait until those have noticed it whose way to the gateway was cut, or whose gateway is lost."""
    gone = [tunnel_of(plan, world.scenario, tunnel) for tunnel, session in world.sessions.items() if session.absent]

    def left() -> list[str]:
        return [client.name for client in gone if machine.installed(client.directory, client.connection)]

    wait_until(lambda: not left(), seconds, lambda: f"{', '.join(left())} still has a tunnel")


def checks(plan: Plan, world: World, machine: Witness) -> Iterator[Check]:
    """Whether everybody is connected, or refused, as foreseen, and for the reason that was foreseen."""
    for tunnel, session in world.sessions.items():
        client = tunnel_of(plan, world.scenario, tunnel)
        up = machine.installed(client.directory, client.connection)
        said = "" if up else machine.refusals(plan, client.gateway).get(client.node, "")
        good, words = _judged(up, said, session.absent)
        yield Check(f"connection {client.name}", "passed" if good else "failed", words)


def _judged(up: bool, said: str, predicted: str) -> tuple[bool, str]:
    if up:
        return not predicted, f"INSTALLED, predicted: {predicted}" if predicted else "INSTALLED"
    if not predicted:
        return False, "no INSTALLED CHILD SA" + (f": {said}" if said else "")
    if predicted in REFUSALS and said != predicted:
        return False, f"not connected: predicted {predicted}, the gateway says {said or 'nothing'}"
    return True, f"not connected: {predicted}"
