"""Another shared key for a connection of a running lab."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import SecretStr

from netlab.lab.build import keys, records
from netlab.lab.build.settling import await_bgp, await_fabrics
from netlab.lab.machine import Machine
from netlab.lab.story.connections import Seen, observe
from netlab.plan.devices import shared_key_name
from netlab.scenario.models import Scenario
from netlab.scenario.rules.connections import r30_shared_keys_are_printable


def refused_key(scenario: Scenario, connection: str, key: str) -> str:
    """Why Azure would refuse a shared key (R30); empty if it would not."""
    item = scenario.connections[connection].model_copy(update={"shared_key": SecretStr(key), "other_end": None})
    changed = scenario.model_copy(update={"connections": {connection: item}, "story": ()})
    return next((breach.message for breach in r30_shared_keys_are_printable(changed)), "")


def set_key(lab: records.Lab, machine: Machine, connection: str, ends: Iterable[str], key: str) -> Seen:
    """Give ends of a connection another key, from now on, and reset its tunnels; what it is when all has settled."""
    changed = {shared_key_name(connection, end): key for end in ends}
    keys.write(lab.facts.lab, keys.read(lab.facts.lab) | changed)
    machine.ike.load_keys(lab.plan, changed)
    state = records.state(lab)
    tunnels = [tunnel.name for tunnel in state.topology.tunnels_by_connection[connection]]
    for tunnel in tunnels:
        machine.ike.reset(lab.plan, tunnel, state.not_at_once)
    await_bgp(lab.plan, state, machine)
    await_fabrics(lab.plan, machine)
    return observe(lab.plan, machine.sas, tunnels)
