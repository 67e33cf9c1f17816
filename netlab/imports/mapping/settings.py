"""The settings of one end of a connection (5.6)."""

from __future__ import annotations

from typing import Any, get_args

from netlab.imports.bodies import Resource
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import Job
from netlab.scenario.models import IpsecPolicy

DEFAULT_DPD = 45
_WORDS = {
    "ikeencryption": "ike_encryption",
    "ikeintegrity": "ike_integrity",
    "dhgroup": "dh_group",
    "ipsecencryption": "ipsec_encryption",
    "ipsecintegrity": "ipsec_integrity",
    "pfsgroup": "pfs_group",
}
_NUMBERS = {"salifetimeseconds": "sa_life_time_seconds", "sadatasizekilobytes": "sa_data_size_kilobytes"}


def of_end(job: Job, item: Resource, usual: str) -> dict[str, Any]:
    """What an end of a connection is configured with, without defaults; ``usual`` is its gateway's IKE version."""
    facts = job.facts(item)
    entry: dict[str, Any] = {}
    protocol = facts.word("connectionprotocol", among=("IKEv1", "IKEv2"))
    if protocol and protocol != usual:
        entry["connection_protocol"] = protocol
    mode = facts.word("connectionmode", among=("Default", "InitiatorOnly", "ResponderOnly"))
    if mode and mode != "Default":
        entry["connection_mode"] = mode
    policies = facts.parts("ipsecpolicies")
    if policies:
        entry["ipsec_policy"] = _policy(policies[0])
    if facts.flag("usepolicybasedtrafficselectors"):
        entry["use_policy_based_traffic_selectors"] = True
    selectors = [_selectors(part) for part in facts.parts("trafficselectorpolicies")]
    if selectors:
        entry["traffic_selector_policies"] = selectors
    return entry


def _policy(facts: Facts) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key, name in _WORDS.items():
        known = get_args(IpsecPolicy.model_fields[name].annotation)
        value = facts.word(key, among=known)
        if not value and facts.body.get(key) is None:
            facts.wrong(key, None, "algorithm")
        entry[name] = value
    for key, name in _NUMBERS.items():
        number = facts.number(key)
        if number:
            entry[name] = number
    return entry


def _selectors(facts: Facts) -> dict[str, Any]:
    return {
        "local_address_ranges": facts.prefixes(("localaddressranges",)),
        "remote_address_ranges": facts.prefixes(("remoteaddressranges",)),
    }


def of_connection(job: Job, item: Resource) -> dict[str, Any]:
    """What a connection as a whole is configured with, besides BGP."""
    facts = job.facts(item)
    timeout = facts.number("dpdtimeoutseconds")
    for key in ("expressroutegatewaybypass", "uselocalazureipaddress"):
        if facts.raw(key):
            job.notes.properties[f"{item.kind}: {key}"] += 1
    if facts.word("connectionstatus") == "NotConnected":
        job.notes.warn(item.name, "Azure said NotConnected when this was read")
    return {"dpd_timeout_seconds": timeout} if timeout and timeout != DEFAULT_DPD else {}
