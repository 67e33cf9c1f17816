"""IKE connections of a plan: loaded into IKE daemons, initiated, terminated, reset."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from netlab.errors import ConvergeError
from netlab.machine import charon, ike_daemons, pluto, sas
from netlab.machine.waiting import wait_until
from netlab.plan.model import Charon, Plan
from netlab.plan.names import certificate_path, key_path
from netlab.render import libreswan, vici

T = TypeVar("T")

# An emulated machine needs 30 times as long as others.
INITIATE_SECONDS = 60.0


def load(plan: Plan, secrets: Mapping[str, str]) -> None:
    """Load keys, certificates, pools and connections into each IKE daemon."""

    def certificate(name: str) -> str:
        return Path(certificate_path(plan.lab, name)).read_text()

    def private_key(name: str) -> str:
        return Path(key_path(plan.lab, name)).read_text()

    for item in plan.charons:
        if item.program == "libreswan":
            conf = libreswan.ipsec_conf(item, plan.timers)
            pluto.load(item, conf, libreswan.ipsec_secrets(item, secrets))
            continue
        orders = charon.Orders(
            [vici.connection(c, plan.timers) for c in item.connections],
            [vici.pool(c) for c in item.connections if c.pool],
            [vici.shared_key(s, secrets[s.name]) for s in item.secrets],
            vici.certificates(item.credentials, certificate),
            vici.private_keys(item.credentials, private_key),
        )
        charon.load(item.directory, orders)


def load_keys(plan: Plan, secrets: Mapping[str, str]) -> None:
    """Load other keys into the daemons that use them; an IKE SA that exists stays until it is reset."""
    for item in plan.charons:
        keys = [vici.shared_key(s, secrets[s.name]) for s in item.secrets if s.name in secrets]
        if keys and item.program == "libreswan":
            pluto.load_keys(item.directory, libreswan.ipsec_secrets(item, secrets))
        elif keys:
            charon.load(item.directory, charon.Orders(secrets=keys))


def change_keys(old: Charon, new: Charon, secrets: Mapping[str, str]) -> None:
    """Give a daemon that runs other keys; an IKE SA that exists stays until it is reset."""
    if new.program == "libreswan":
        pluto.change_keys(new.directory, libreswan.ipsec_secrets(new, secrets))
        return
    gone = {secret.name for secret in old.secrets} - {secret.name for secret in new.secrets}
    loaded = [vici.shared_key(secret, secrets[secret.name]) for secret in new.secrets]
    charon.load(new.directory, charon.Orders(secrets=loaded, forgotten=sorted(gone)))


def initiate(plan: Plan, connections: Collection[str], refused: Collection[str] = ()) -> None:
    """Bring connections of routers up, all at once; those ``refused`` only have to try, and go on trying.

    Clients connect one after the other, by ``clients.connect``.
    """
    at_once(_initiators(plan, connections), lambda pair: _bring_up(plan, *pair, refused))


def terminate(plan: Plan, connections: Collection[str]) -> None:
    """Delete the IKE SAs of connections; no end initiates them again by itself."""
    ends = {*_initiators(plan, connections), *_of_plutos(plan, connections)}
    at_once(sorted(ends), lambda end: ike_daemons.of(end[0]).terminate(*end, INITIATE_SECONDS))


def reset(plan: Plan, connection: str, refused: Collection[str] = ()) -> None:
    """Take a connection down and bring it up again, as far as its ends agree."""
    ends = [(item.directory, each) for item in plan.charons for each in item.connections if each.name == connection]
    at_once(ends, lambda end: ike_daemons.of(end[0]).terminate(end[0], connection, _patience(plan)))
    if any(each.on_demand for _, each in ends):
        _await_attempts([directory for directory, _ in ends], connection)
    for directory, each in ends:
        if each.initiator and connection not in sas.installed(directory):
            _bring_up(plan, directory, connection, refused)


def _await_attempts(directories: Collection[str], connection: str) -> None:
    """Wait until no end is about to make an IKE SA for a packet: two that are made at once replace each other."""

    def ended() -> bool:
        return not any(sas.connecting(directory, connection) for directory in directories)

    wait_until(ended, INITIATE_SECONDS, lambda: f"an end of {connection} neither gives up nor gets an answer")


def initiate_child(directory: str, connection: str, child: str) -> None:
    """Bring up a CHILD SA of a connection, for packets that wait for it."""
    ike_daemons.of(directory).initiate(directory, connection, INITIATE_SECONDS, child)


def _initiators(plan: Plan, connections: Collection[str]) -> list[tuple[str, str]]:
    return [
        (item.directory, connection.name)
        for item in plan.charons
        for connection in item.connections
        if connection.initiator and not connection.virtual_ip and connection.name in connections
    ]


def _of_plutos(plan: Plan, connections: Collection[str]) -> Iterator[tuple[str, str]]:
    """The ends of connections at plutos: they would initiate what the other end has deleted."""
    found = (item for item in plan.charons if item.program == "libreswan")
    return ((item.directory, each.name) for item in found for each in item.connections if each.name in connections)


def _patience(plan: Plan) -> float:
    """A peer refuses at once; that there is none is known after the last repetition."""
    return 1 + (plan.timers.retransmit_tries + 1) * plan.timers.retransmit_timeout


def _bring_up(plan: Plan, directory: str, connection: str, refused: Collection[str]) -> None:
    daemon = ike_daemons.of(directory)
    if connection in refused:
        with contextlib.suppress(ConvergeError):
            daemon.initiate(directory, connection, _patience(plan))
        return
    said: list[str] = []

    def up() -> bool:
        try:
            daemon.initiate(directory, connection, INITIATE_SECONDS)
        except ConvergeError as error:
            # The other end may have brought it up in the meantime: for a packet, where it does so on demand.
            if connection in sas.installed(directory):
                return True
            # A peer that refuses is believed; one that was not heard is asked again.
            if daemon.refusal(directory, connection) != charon.UNHEARD:
                raise
            said.append(error.message)
            return False
        return True

    wait_until(up, INITIATE_SECONDS, lambda: said[-1])


def at_once(items: Sequence[T], function: Callable[[T], None]) -> None:
    """Run a function for every item in parallel; the first error wins."""
    if items:
        with ThreadPoolExecutor(max_workers=len(items)) as pool:
            list(pool.map(function, items))
