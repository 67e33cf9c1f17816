"""From one plan of a running lab to another: the steps, which lead back too, from wherever they have ended.

What the plans do not have alike is taken away first, whether or not it is there, and then made. So the way back is the
way from the new plan to the old one.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from netlab.azure.bgp.sessions import originated
from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.errors import LabError
from netlab.lab.build import alive, certificates, clients, records
from netlab.lab.build.settling import await_bgp, await_fabrics, await_tunnels
from netlab.lab.build.step import Step
from netlab.lab.machine import Machine
from netlab.machine.secrets import write_secret
from netlab.machine.waiting import until
from netlab.plan.difference import Difference, directories
from netlab.plan.edges import foothold
from netlab.plan.model import BgpSpeaker, IkeServer, Plan, Uplink
from netlab.plan.names import package_directory

# A35, in seconds: "up to 10 minutes" (ARSFAQ25).
# Differs from Azure: A Route Server is there when the interruption ends; Azure takes 30 to 60 minutes to deploy one.
_INTERRUPTION = 600.0


@dataclass(frozen=True)
class Moment:
    """What a lab is at a moment: its plan, its state, what links do to packets, its secrets, and how all that is
    written down."""

    plan: Plan
    state: State
    uplinks: tuple[Uplink, ...]
    secrets: Mapping[str, str]
    record: Callable[[], None]


@dataclass(frozen=True)
class Transition:
    """A change of a running lab: what it was, what it becomes, the machine.

    ``leaving`` are the tunnels of clients that end besides those that are made anew, ``connect`` connects some.
    """

    old: Moment
    new: Moment
    machine: Machine
    leaving: frozenset[str]
    connect: Callable[[Collection[str]], None]
    coming: frozenset[str] = frozenset()

    @cached_property
    def difference(self) -> Difference:
        """What changes."""
        one, other = self.old.secrets, self.new.secrets
        renewed = frozenset(name for name in one.keys() & other.keys() if one[name] != other[name])
        return Difference(self.old.plan, self.new.plan, renewed)


def to_scenario(old: Moment, new: Moment, machine: Machine) -> Transition:
    """The change of a lab to another scenario, each as it opens: clients are then as after ``up``."""
    one, other = old.state, new.state
    both = one.network.client_tunnels.keys() & other.network.client_tunnels.keys()
    moved = frozenset(other.network.client_tunnels[k].name for k in both if one.sessions[k] != other.sessions[k])

    def connect(names: Collection[str]) -> None:
        clients.connect_all(new.plan, other.scenario, machine.clients, names)

    return Transition(old, new, machine, moved, connect, moved)


def opening(lab: records.Lab, text: str, secrets: Mapping[str, str]) -> Moment:
    """The moment in which the scenario of a text opens in a lab, with these secrets."""
    record = partial(records.write, lab.facts, text, secrets)
    return Moment(lab.plan, initial(lab.scenario), records.uplinks(lab), secrets, record)


def steps(change: Transition) -> tuple[Step, ...]:
    """The steps of a change; where no daemon and no link changes, all go on running."""
    found = change.difference
    record = Step("scenario and keys", change.new.record)
    leave = Step("point-to-site clients that leave", partial(_disconnect, change))
    if not found.changes and not found.renewed:
        return (record,)
    if not found.restarts:
        return (
            leave,
            Step("addresses, routes, rules and filters", partial(_configure, change)),
            record,
            Step("keys", partial(_change_keys, change)),
            Step("BGP daemons", partial(_speak, change)),
            Step("SDN controller", partial(change.machine.daemons.replan, change.new.plan.lab)),
            *_settling(change),
        )
    interruption = Step("gateways beside a Route Server that comes or goes", partial(_interrupt, change))
    return (
        leave,
        Step("daemons that go", partial(_stop, change)),
        *((interruption,) if found.interrupted else ()),
        Step("links and namespaces that go", partial(_remove, change)),
        Step("links and namespaces that come", partial(_make, change)),
        Step("addresses, routes, rules and filters", partial(_configure, change)),
        record,
        Step("certificates", partial(_issue, change)),
        Step("keys", partial(_change_keys, change)),
        Step("daemons that come", partial(_start, change)),
        Step("security associations", partial(_initiate, change)),
        Step("BGP daemons", partial(_speak, change)),
        *_settling(change),
    )


def _settling(change: Transition) -> tuple[Step, ...]:
    plan, machine, state = change.new.plan, change.machine, change.new.state
    dead = partial(alive.words, plan, state, machine.daemons)

    def converge() -> None:
        machine.daemons.await_controller(plan.lab, machine.controllers(plan.lab))
        await_tunnels(plan, state, machine)
        await_bgp(plan, state, machine, hopeless=dead)

    return (
        Step("BGP sessions and routes", converge),
        Step("VNet route tables", lambda: await_fabrics(plan, machine, hopeless=dead)),
        Step("footholds", partial(_trim_footholds, change)),
        Step("impaired links", partial(_impair, change)),
        Step("point-to-site clients", partial(_connect, change)),
        Step("daemons at work", partial(alive.require, dead)),
    )


def _disconnect(change: Transition) -> None:
    gone = {client.name for client in change.difference.gone.clients} | change.leaving
    for client in (client for client in change.old.plan.clients if client.name in gone):
        # What does not end here ends with its daemon.
        with contextlib.suppress(LabError, OSError):
            change.machine.clients.disconnect(change.old.plan, client)


def _stop(change: Transition) -> None:
    found, machine = change.difference, change.machine
    machine.daemons.stop_controller(found.old.lab)
    for part in (found.gone, found.came):
        machine.daemons.stop(part.lab, directories(part), abruptly=False)
        machine.tunnels.remove(part)
    for directory in directories(found.gone) - directories(found.came):
        shutil.rmtree(directory, ignore_errors=True)
    # A client that is made anew keeps the package that it has downloaded.
    kept = {client.name for client in found.came.clients}
    for client in (client for client in found.gone.clients if client.name not in kept):
        shutil.rmtree(package_directory(found.old.lab, client.name), ignore_errors=True)


def _interrupt(change: Transition) -> None:
    """Have the gateways of a VNet down for as long as the creation or deletion of its Route Server interrupts them."""
    until(time.monotonic() + _INTERRUPTION / change.new.plan.timers.scale)


def _remove(change: Transition) -> None:
    found = change.difference
    for part, nodes in ((found.gone, found.gone_nodes), (found.came, found.came_nodes)):
        change.machine.links.remove(part, part.links)
        change.machine.labs.discard(nodes)


def _make(change: Transition) -> None:
    found = change.difference
    change.machine.labs.create(found.came_nodes)
    change.machine.links.add(found.new, found.came_nodes, found.came.links)


def _configure(change: Transition) -> None:
    held = {server.edge: _held_footholds(change, server.vnet) for server in _with_footholds(change.new.plan)}
    for old, new, fresh in change.difference.changed_nodes:
        more = sorted(held.get(new.name, frozenset()) - set(new.loopback))
        change.machine.links.change(old, replace(new, loopback=(*new.loopback, *more)), fresh)


def _issue(change: Transition) -> None:
    found = change.difference
    known = {item.name for item in found.old.certificates} - found.stale_certificates
    kept = known | set(found.old.tls_keys)
    certificates.issue(found.new.lab, found.new.certificates, found.new.tls_keys, write_secret, kept)


def _change_keys(change: Transition) -> None:
    for old, new in change.difference.changed_keys:
        change.machine.ike.change_keys(old, new, change.new.secrets)


def _start(change: Transition) -> None:
    found, machine = change.difference, change.machine
    machine.daemons.start(found.came)
    machine.tunnels.place(found.came)
    machine.ike.load(found.came, change.new.secrets)
    machine.daemons.start_controller(found.new.lab, machine.controllers(found.new.lab))


def _initiate(change: Transition) -> None:
    connections = change.difference.gone.connections | change.difference.came.connections
    change.machine.ike.initiate(change.new.plan, connections, change.new.state.not_at_once)


def _speak(change: Transition) -> None:
    """Start the BGP daemons that come, have them announce what is announced by hand, and change the others."""
    found, bgp = change.difference, change.machine.bgp
    change.machine.daemons.start_bgp(found.came)
    for speaker in found.came.speakers:
        now, planned = set(_originating(change.new, speaker).networks), set(speaker.networks)
        if now != planned:
            bgp.announce(speaker, add=sorted(now - planned), delete=sorted(planned - now))
    for old, new in found.changed_speakers:
        bgp.reconfigure(_originating(change.old, old), _originating(change.new, new))


def _originating(moment: Moment, speaker: BgpSpeaker) -> BgpSpeaker:
    """A speaker with the prefixes that it originates at a moment."""
    router = moment.state.topology.speakers.get(speaker.node)
    if router is None:
        return speaker
    return replace(speaker, networks=tuple(map(str, originated(router, moment.state.announced))))


def _trim_footholds(change: Transition) -> None:
    """Take away the footholds of prefixes that no gateway offers any more: the SDN controller only adds some."""
    plan, machine = change.new.plan, change.machine
    for server in _with_footholds(plan):
        edge = plan.node(server.edge)
        offered = map(foothold, machine.gateways.offered(server))
        wanted = {*edge.loopback, *offered, *_held_footholds(change, server.vnet)}
        machine.links.keep_addresses(edge, wanted)


def _with_footholds(plan: Plan) -> Iterator[IkeServer]:
    return (server for server in plan.servers if isinstance(server, IkeServer) and server.footholds)


def _held_footholds(change: Transition, vnet: str) -> frozenset[str]:
    """The footholds of what the tunnels of a gateway's clients carry: what was offered when each connected."""
    sessions = (held for (_, gateway), held in change.new.state.sessions.items() if gateway == vnet and not held.absent)
    return frozenset(foothold(str(prefix)) for held in sessions for prefix in held.selectors)


def _impair(change: Transition) -> None:
    """Have links do to packets what they shall: those that are new, and those that shall do something else."""
    plan, links = change.new.plan, change.machine.links
    before = {uplink.name: uplink for uplink in change.old.uplinks}
    made = {end for link in change.difference.came.links for end in (link.a, link.b)}
    for uplink in change.new.uplinks:
        fresh, known = uplink.near in made, before.get(uplink.name)
        if known == uplink and not fresh:
            continue
        if known is not None and known.impaired and not fresh:
            links.restore(plan, uplink)
        if uplink.impaired:
            links.impair(plan, uplink)


def _connect(change: Transition) -> None:
    came = {client.name for client in change.difference.came.clients} | change.coming
    change.connect(frozenset(came))
