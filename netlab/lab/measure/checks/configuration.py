"""Check that daemons are configured as they were started and as the story has changed them since.

Success: each charon has the connections of the plan loaded and no other, with their ends, versions, selectors and
lifetimes; each BGP daemon has the configuration that it began with, but for what the story announces and shuts down.
Failure: a connection or a line is missing, extra or otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.azure.bgp.sessions import originated
from netlab.azure.faults import targets
from netlab.azure.faults.session import SESSION, pair
from netlab.azure.state import State
from netlab.lab.machine import Machine
from netlab.lab.measure.judgement import some
from netlab.plan.model import Charon, IkeConnection, IkeServer, Plan
from netlab.plan.timers import scaled
from netlab.render import vici
from netlab.results.verification import Check, Deviation

_AS_IT_SHOULD = (frozenset[str](), frozenset[str]())


def check(plan: Plan, state: State, machine: Machine) -> Check:
    """Whether daemons are configured as they should be; one that does not answer is no finding here."""
    found = (*_of_charons(plan, machine), *_of_speakers(plan, state, machine))
    words = some([item.words for item in found]) or f"{len(plan.charons)} charons, {len(plan.speakers)} speakers"
    return Check("configuration", "failed" if found else "passed", words, found)


# --- BGP daemons ----------------------------------------------------------------------------------------------------


def _of_speakers(plan: Plan, state: State, machine: Machine) -> Iterator[Deviation]:
    down = targets(state.faults, SESSION)
    # What a machine that is stopped is configured for counts when it goes on.
    for speaker in (speaker for speaker in plan.speakers if speaker.node in state.topology.speakers):
        networks = tuple(map(str, originated(state.topology.speakers[speaker.node], state.announced)))
        shut = tuple(n.address for n in speaker.neighbors if pair(speaker.node, n.node) in down)
        for daemon in speaker.daemons:
            extra, missing = machine.bgp.drift(speaker, daemon, networks, shut) or _AS_IT_SHOULD
            yield from (Deviation(f"{daemon}-extra", speaker.node, line) for line in sorted(extra))
            yield from (Deviation(f"{daemon}-missing", speaker.node, line) for line in sorted(missing))


# --- charon ---------------------------------------------------------------------------------------------------------


def _of_charons(plan: Plan, machine: Machine) -> Iterator[Deviation]:
    served = {(s.directory, s.connection.name) for s in plan.servers if isinstance(s, IkeServer)}
    for charon in plan.charons:
        loaded = machine.sas.loaded(charon.directory)
        if loaded is not None:
            yield from _of_charon(
                plan, charon, loaded, {name for directory, name in served if directory == charon.directory}
            )


def _of_charon(
    plan: Plan, charon: Charon, loaded: Mapping[str, Mapping[str, Any]], served: set[str]
) -> Iterator[Deviation]:
    planned = {item.name: item for item in charon.connections}
    yield from (Deviation("connection-extra", charon.node, name) for name in sorted(loaded.keys() - planned.keys()))
    for name, item in planned.items():
        if name not in loaded:
            yield Deviation("connection-missing", charon.node, name)
            continue
        wanted, found = _wanted(plan, item), _found(loaded[name])
        for key in sorted(wanted.keys() | found.keys()):
            # What a gateway offers its clients changes with what it learns; that is compared with the model elsewhere.
            offered = name in served and key == f"local selectors of {name}"
            if wanted.get(key) != found.get(key) and not offered:
                message = f"it is {found.get(key, 'nothing')}, not {wanted.get(key, 'nothing')}"
                yield Deviation("connection-changed", charon.node, f"{key} of {name}", message)


def _wanted(plan: Plan, item: IkeConnection) -> dict[str, str]:
    lifetime = str(scaled(item.child_lifetime, plan.timers))
    found = {
        "version": f"IKEv{item.version}",
        "local address": item.local_address,
        "remote address": " ".join(vici.remote_addresses(item)),
        "rekey time": str(plan.timers.ike_lifetime),
        "local identity": item.local_id,
        "remote identity": item.remote_id or "%any",
    }
    for child in item.children:
        found[f"lifetime of {child.name}"] = lifetime
        found[f"local selectors of {child.name}"] = " ".join(sorted(child.local_ts.prefixes)) or "dynamic"
        found[f"remote selectors of {child.name}"] = " ".join(sorted(child.remote_ts.prefixes)) or "dynamic"
    for child in item.refused:
        found[f"lifetime of {child.name}"] = lifetime
        found[f"local selectors of {child.name}"] = " ".join(sorted(child.local_ts.prefixes))
        found[f"remote selectors of {child.name}"] = " ".join(sorted(child.remote_ts.prefixes))
    return found


def _found(item: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "version": str(item["version"]),
        "local address": " ".join(item["local_addrs"]),
        "remote address": " ".join(item["remote_addrs"]),
        "rekey time": str(item["rekey_time"]),
        "local identity": str(item["local-1"].get("id", "%any")),
        "remote identity": str(item["remote-1"].get("id", "%any")),
    }
    for name, child in item["children"].items():
        found[f"lifetime of {name}"] = str(child["rekey_time"])
        found[f"local selectors of {name}"] = " ".join(sorted(child["local-ts"]))
        found[f"remote selectors of {name}"] = " ".join(sorted(child["remote-ts"]))
    return found
