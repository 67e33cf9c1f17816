"""A gateway instance goes and another one takes over: from one plan of a lab to another, which differ in no node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from netlab.lab.machine import Machine
from netlab.plan.difference import directories
from netlab.plan.model import Charon, Plan, Tunnel


def prepare(old: Plan, new: Plan, secrets: Mapping[str, str], machine: Machine) -> None:
    """Start what the new plan has and the old one has not; it owns no public address yet.

    What a failover that was killed half-way has left of it goes first.
    """
    added = added_to(old, new)
    _remove(added, machine, abruptly=False)
    machine.daemons.start(added)
    machine.tunnels.place(added)
    machine.ike.load(_with_more(old, new), secrets)
    machine.daemons.start_bgp(added)


def stop(old: Plan, new: Plan, machine: Machine, abruptly: bool) -> None:
    """Stop what the old plan has and the new one has not: in order, or without a word to anybody."""
    _remove(added_to(new, old), machine, abruptly)


def repair(old: Plan, new: Plan, secrets: Mapping[str, str], machine: Machine, up: Collection[str]) -> None:
    """Go over to the new plan where that may have been left half-way; where all of it is there, nothing changes."""
    running = {directory for directory, _ in machine.daemons.running(new.lab)}
    wanted, unwanted = (_names(added_to(*pair)) for pair in ((old, new), (new, old)))
    if wanted <= running and not unwanted & running:
        _move(old, new, machine, up)
        return
    prepare(old, new, secrets, machine)
    stop(old, new, machine, abruptly=False)
    cut_over(old, new, machine, up)


def _names(part: Plan) -> set[str]:
    """The names of the directories of daemons."""
    return {directory.rpartition("/")[2] for directory in directories(part)}


def _remove(part: Plan, machine: Machine, abruptly: bool) -> None:
    machine.daemons.stop(part.lab, directories(part), abruptly)
    machine.tunnels.remove(part)


def cut_over(old: Plan, new: Plan, machine: Machine, up: Collection[str], refused: Collection[str] = ()) -> None:
    """Move the public addresses, have the VNets follow, and bring up the tunnels that must be; those ``refused`` are
    tried, too.

    One whose initiator has an SA, or tries to get one, it brings up itself: when it has noticed that the peer is gone.
    """
    _move(old, new, machine, up, refused)
    for speaker in added_to(old, new).speakers:
        for neighbor in speaker.neighbors:
            # What it tried before the tunnel was up would be tried again after a second (TCP).
            machine.bgp.reset_session(speaker, neighbor.address)


def _move(old: Plan, new: Plan, machine: Machine, up: Collection[str], refused: Collection[str] = ()) -> None:
    for node in new.nodes:
        before = old.node(node.name)
        if before != node:
            machine.links.change(before, node)
    machine.daemons.replan(new.lab)
    moved = {connection.name for charon in _more(old, new) for connection in charon.connections}
    machine.ike.initiate(new, moved & {*up, *refused} & set(_idle(new, machine)), refused)


def _idle(plan: Plan, machine: Machine) -> Iterator[str]:
    """The connections whose initiators neither have nor seek an SA."""
    for charon in plan.charons:
        sought = {sa.connection for sa in machine.sas.sas(charon.directory)}
        yield from (c.name for c in charon.connections if c.initiator and c.name not in sought)


def added_to(old: Plan, new: Plan) -> Plan:
    """The new plan with only the daemons and tunnels that the old one has not."""
    charons = {charon.directory for charon in old.charons}
    speakers = {speaker.directory for speaker in old.speakers}
    servers = {server.directory for server in old.servers}
    return replace(
        new,
        charons=tuple(charon for charon in new.charons if charon.directory not in charons),
        speakers=tuple(speaker for speaker in new.speakers if speaker.directory not in speakers),
        tunnels=tuple(tunnel for tunnel in new.tunnels if _place(tunnel) not in set(map(_place, old.tunnels))),
        servers=tuple(server for server in new.servers if server.directory not in servers),
        proxies=(),
        clients=(),
        radius_servers=(),
    )


def _place(tunnel: Tunnel) -> tuple[str, str]:
    return tunnel.node, tunnel.connection


def _with_more(old: Plan, new: Plan) -> Plan:
    """The new plan with only the charons that have connections which they had not, and these."""
    return replace(new, charons=tuple(_more(old, new)))


def _more(old: Plan, new: Plan) -> Iterator[Charon]:
    known = {(charon.directory, connection.name) for charon in old.charons for connection in charon.connections}
    for charon in new.charons:
        connections = tuple(c for c in charon.connections if (charon.directory, c.name) not in known)
        if connections:
            yield replace(charon, connections=connections)
