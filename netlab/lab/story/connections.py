"""The connections of a running lab: up or not, and why not, in Azure's words and IKE's; and their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, Protocol

from pydantic import SecretStr

from netlab.azure.ike import CODES, Negotiated, Selectors
from netlab.azure.world import World
from netlab.lab.build import state
from netlab.lab.build.settling import Reader, await_bgp, await_fabrics
from netlab.lab.measure.judgement import three_way
from netlab.machine.charon import Sa
from netlab.machine.waiting import wait_until
from netlab.plan.devices import shared_key_name
from netlab.plan.model import Charon, IkeConnection, Plan, Selector, Tunnel
from netlab.results.verification import Check
from netlab.scenario.models import Scenario
from netlab.scenario.rules.connections import r30_shared_keys_are_printable

State = Literal["Connected", "Connecting", "NotConnected"]


class Machine(Protocol):
    """What is asked of the machine."""

    def sas(self, directory: str) -> list[Sa]: ...

    def refusal(self, directory: str, connection: str) -> str: ...

    def selected(self, directory: str, connection: str) -> tuple[tuple[Selector, Selector], ...]: ...

    def knock(self, netns: str, interface: str, source: str, destination: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as it was found: Azure's state, and why it is not up."""

    state: State
    reason: str = ""

    @property
    def words(self) -> str:
        """The state with its reason."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def ends(plan: Plan, tunnel: str) -> Iterator[tuple[Charon, IkeConnection]]:
    """The charons that a tunnel ends at, and what they hold of it."""
    for charon in plan.charons:
        for item in charon.connections:
            if item.name == tunnel and item.remote_address and not item.virtual_ip:
                yield charon, item


def observe(plan: Plan, machine: Machine, tunnels: Iterable[str]) -> Seen:
    """A connection as it is now, by its tunnels: one that is up is enough."""
    both = tuple(end for tunnel in tunnels for end in ends(plan, tunnel))
    sas = [sa for charon, item in both for sa in machine.sas(charon.directory) if sa.connection == item.name]
    if any("INSTALLED" in sa.children for sa in sas):
        return Seen("Connected")
    connecting = any(sa.state == "CONNECTING" for sa in sas)
    return Seen("Connecting" if connecting else "NotConnected", _reason(machine, both))


def _reason(machine: Machine, both: Iterable[tuple[Charon, IkeConnection]]) -> str:
    if not any(item.initiator for _, item in both):
        return "nobody initiates"
    return next(filter(None, (machine.refusal(charon.directory, item.name) for charon, item in both)), "")


def rouse(plan: Plan, machine: Machine, world: World, seconds: float) -> None:
    """Send a packet into every tunnel that waits for one, and wait until it is up; ConvergeError if it is not."""
    for tunnel in plan.tunnels:
        for charon, item in ends(plan, tunnel.connection) if tunnel.connection in world.up else ():
            if item.on_demand and item.initiator and charon.node == tunnel.edge:
                found = world.negotiated[tunnel.of]
                agreed = found.selectors[found.initiator.index] if found.initiator is not None else ()
                _rouse(plan, machine, tunnel, charon.directory, agreed, seconds)


def _rouse(
    plan: Plan, machine: Machine, tunnel: Tunnel, directory: str, agreed: Iterable[Selectors], seconds: float
) -> None:
    for selectors in agreed:
        source, destination = _inside(selectors.local[0]), _inside(selectors.remote[0])

        def up(source: IPv4Address = source, destination: IPv4Address = destination) -> bool:
            return any(
                _holds(local, source) and _holds(remote, destination)
                for local, remote in machine.selected(directory, tunnel.connection)
            )

        if not up():
            machine.knock(plan.netns(tunnel.node), tunnel.interface, str(source), str(destination))
            wait_until(up, seconds, lambda: f"{tunnel.connection} does not come up for a packet")


def _inside(prefix: IPv4Network) -> IPv4Address:
    """An address of a prefix: not its first one, which the edge may hold itself."""
    return prefix[min(1, prefix.num_addresses - 1)]


def _holds(selector: Selector, address: IPv4Address) -> bool:
    """Whether selectors hold an address."""
    return any(address in IPv4Network(prefix) for prefix in selector.prefixes)


def checks(plan: Plan, machine: Machine, world: World, documented: Mapping[str, str]) -> Iterator[Check]:
    """Every connection, as documented, predicted and observed."""
    for name, negotiated in world.negotiated.items():
        tunnels = [tunnel.name for tunnel in world.topology.tunnels if tunnel.connection == name]
        up = [tunnel for tunnel in tunnels if tunnel in world.up]
        seen = observe(plan, machine, tunnels)
        if up and _idle(plan, tunnels, seen):
            yield Check(f"connection {name}", "passed", "idle: the next packet brings it up")
            continue
        problem = _problem(documented.get(name), negotiated, bool(up), seen) or _lacking(plan, machine, up, seen)
        yield Check(f"connection {name}", "failed" if problem else "passed", problem or _message(seen))


def _idle(plan: Plan, tunnels: Iterable[str], seen: Seen) -> bool:
    on_demand = any(item.on_demand for tunnel in tunnels for _, item in ends(plan, tunnel))
    return on_demand and seen.state != "Connected" and not seen.reason


def _lacking(plan: Plan, machine: Machine, up: Iterable[str], seen: Seen) -> str:
    """The tunnels that must be up and are not, of a connection of which one is."""
    if seen.state != "Connected":
        return ""
    lacking = [tunnel for tunnel in up if observe(plan, machine, (tunnel,)).state != "Connected"]
    return f"no INSTALLED CHILD SA of {', '.join(lacking)}" if lacking else ""


def _message(seen: Seen) -> str:
    if seen.state == "Connected":
        return "INSTALLED"
    code = next((code for reason, code in CODES.items() if reason == seen.reason), "")
    return f"{seen.words}, as expected" + (f"; Azure's troubleshooting says {code}" if code else "")


def _problem(documented: str | None, negotiated: Negotiated, up: bool, seen: Seen) -> str:
    """Who stands alone; an attempt under way counts as not connected."""
    is_up = seen.state == "Connected"
    said = documented == "Connected" if documented is not None else None
    if up and not is_up and said is not False:
        return f"no INSTALLED CHILD SA: {seen.words}"
    problem = three_way(said, up, is_up, lambda up: "Connected" if up else "NotConnected")
    # What the ends do not agree on has a reason of IKE's; what was broken has none.
    if problem or is_up or negotiated.up or seen.reason == negotiated.reason:
        return problem
    return three_way(None, Seen("NotConnected", negotiated.reason).words, seen.words, str)


# --- keys -----------------------------------------------------------------------------------------------------------


class KeyMachine(Machine, Reader, Protocol):
    """What changing a key asks of the machine."""

    def load_keys(self, plan: Plan, secrets: Mapping[str, str]) -> None: ...

    def reset(self, plan: Plan, connection: str, refused: Collection[str] = ()) -> None: ...


def refused_key(scenario: Scenario, connection: str, key: str) -> str:
    """Why Azure would refuse a shared key (R30); empty if it would not."""
    item = scenario.connections[connection].model_copy(update={"shared_key": SecretStr(key), "other_end": None})
    changed = scenario.model_copy(update={"connections": {connection: item}, "story": ()})
    return next((breach.message for breach in r30_shared_keys_are_printable(changed)), "")


def set_key(lab: state.Lab, machine: KeyMachine, connection: str, ends: Iterable[str], key: str) -> Seen:
    """Give ends of a connection another key, from now on, and reset its tunnels; what it is when all has settled."""
    changed = {shared_key_name(connection, end): key for end in ends}
    state.keep_shared_keys(lab, state.shared_keys(lab) | changed)
    machine.load_keys(lab.plan, changed)
    world = state.world(lab)
    tunnels = [tunnel.name for tunnel in world.topology.tunnels if tunnel.connection == connection]
    for tunnel in tunnels:
        machine.reset(lab.plan, tunnel, world.refused)
    await_bgp(lab.plan, world, machine)
    await_fabrics(lab.plan, machine)
    return observe(lab.plan, machine, tunnels)
