"""From one plan of a running lab to another: the steps, which lead back too, from wherever they have ended.

What the plans do not have alike is taken away first, whether or not it is there, and then made. So the way back is the
way from the new plan to the old one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from netlab.azure.moments import initial
from netlab.errors import LabError
from netlab.lab.build import alive, certificates, clients, keys, records
from netlab.lab.build.settling import await_bgp, await_fabrics, await_tunnels
from netlab.lab.build.step import Step
from netlab.lab.machine import Machine
from netlab.plan.difference import Difference, directories
from netlab.plan.edges import foothold
from netlab.plan.model import IkeServer
from netlab.plan.names import package_directory


@dataclass(frozen=True)
class Written:
    """What a lab is to be, as its run directory has it: with the text of its scenario, and its secrets."""

    lab: records.Lab
    text: str
    secrets: Mapping[str, str]


@dataclass(frozen=True)
class Transition:
    """A change of a running lab: what it was, what it becomes, the machine, the command of the controllers' process."""

    before: Written
    after: Written
    machine: Machine
    controller: Sequence[str]

    @property
    def back(self) -> Transition:
        """The way back."""
        return Transition(self.after, self.before, self.machine, self.controller)

    @property
    def old(self) -> records.Lab:
        """The lab as it was."""
        return self.before.lab

    @property
    def new(self) -> records.Lab:
        """The lab as it becomes."""
        return self.after.lab

    @cached_property
    def difference(self) -> Difference:
        """What changes."""
        one, other = self.before.secrets, self.after.secrets
        renewed = frozenset(name for name in one.keys() & other.keys() if one[name] != other[name])
        return Difference(self.old.plan, self.new.plan, renewed)

    @cached_property
    def reconnecting(self) -> tuple[frozenset[str], frozenset[str]]:
        """The tunnels of clients that end, and those that connect: made anew, or with other routes than before."""
        found = self.difference
        one, other = initial(self.old.scenario), initial(self.new.scenario)
        keys_of = one.network.client_tunnels.keys() & other.network.client_tunnels.keys()
        moved = {other.network.client_tunnels[k].name for k in keys_of if one.sessions[k] != other.sessions[k]}
        gone, came = ({client.name for client in part.clients} for part in (found.gone, found.came))
        return frozenset(gone | moved), frozenset(came | moved)


def steps(change: Transition) -> tuple[Step, ...]:
    """The steps of a change; where no daemon and no link changes, all go on running."""
    found = change.difference
    record = Step("scenario and keys", partial(_record, change))
    leave = Step("point-to-site clients that leave", partial(_disconnect, change))
    if not found.changes and not found.renewed:
        return (record,)
    if not found.restarts:
        return (
            leave,
            Step("addresses, routes, rules and filters", partial(_configure, change)),
            record,
            Step("keys", partial(_change_keys, change)),
            Step("SDN controller", partial(change.machine.daemons.replan, change.new.plan.lab)),
            *_settling(change),
        )
    return (
        leave,
        Step("daemons that go", partial(_stop, change)),
        Step("links and namespaces that go", partial(_remove, change)),
        Step("links and namespaces that come", partial(_make, change)),
        Step("addresses, routes, rules and filters", partial(_configure, change)),
        record,
        Step("certificates", partial(_issue, change)),
        Step("keys", partial(_change_keys, change)),
        Step("daemons that come", partial(_start, change)),
        Step("security associations", partial(_initiate, change)),
        Step("BGP daemons", lambda: change.machine.daemons.start_bgp(found.came)),
        *_settling(change),
    )


def _settling(change: Transition) -> tuple[Step, ...]:
    plan, machine, state = change.new.plan, change.machine, initial(change.new.scenario)
    dead = partial(alive.words, plan, state, machine.daemons)

    def converge() -> None:
        machine.daemons.await_controller(plan.lab, change.controller)
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
    for client in (client for client in change.old.plan.clients if client.name in change.reconnecting[0]):
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
    for client in found.gone.clients:
        shutil.rmtree(package_directory(found.old.lab, client.name), ignore_errors=True)


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
    for old, new, fresh in change.difference.changed_nodes:
        change.machine.links.change(old, new, fresh)


def _record(change: Transition) -> None:
    records.write(change.new.facts, change.after.text, change.after.secrets)


def _issue(change: Transition) -> None:
    found = change.difference
    known = {item.name for item in found.old.certificates} - found.stale_certificates
    kept = known | set(found.old.tls_keys)
    certificates.issue(found.new.lab, found.new.certificates, found.new.tls_keys, keys.write_secret, kept)


def _change_keys(change: Transition) -> None:
    for old, new in change.difference.changed_keys:
        change.machine.ike.change_keys(old, new, change.after.secrets)


def _start(change: Transition) -> None:
    found, machine = change.difference, change.machine
    machine.daemons.start(found.came)
    machine.tunnels.place(found.came)
    machine.ike.load(found.came, change.after.secrets)
    machine.daemons.start_controller(found.new.lab, change.controller)


def _initiate(change: Transition) -> None:
    connections = change.difference.gone.connections | change.difference.came.connections
    change.machine.ike.initiate(change.new.plan, connections, initial(change.new.scenario).not_at_once)


def _trim_footholds(change: Transition) -> None:
    """Take away the footholds of prefixes that no gateway offers any more: the SDN controller only adds some."""
    plan, machine = change.new.plan, change.machine
    for server in (item for item in plan.servers if isinstance(item, IkeServer) and item.footholds):
        edge = plan.node(server.edge)
        wanted = {*edge.loopback, *map(foothold, machine.gateways.offered(server))}
        machine.links.keep_addresses(edge, wanted)


def _impair(change: Transition) -> None:
    """Have links do to packets what they shall: those that are new, and those that shall do something else."""
    plan, links = change.new.plan, change.machine.links
    before = {uplink.name: uplink for uplink in records.uplinks(change.old)}
    made = {end for link in change.difference.came.links for end in (link.a, link.b)}
    for uplink in records.uplinks(change.new):
        fresh, known = uplink.near in made, before.get(uplink.name)
        if known == uplink and not fresh:
            continue
        if known is not None and known.impaired and not fresh:
            links.restore(plan, uplink)
        if uplink.impaired:
            links.impair(plan, uplink)


def _connect(change: Transition) -> None:
    new, port = change.new, change.machine.clients
    clients.connect_all(new.plan, new.scenario, port, change.reconnecting[1])
