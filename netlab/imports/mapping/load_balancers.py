"""Load balancers: frontends, pools with their machines, rules, outbound rules and probes (5.10, J8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.imports import bodies
from netlab.imports.bodies import Body, Resource, entries, reference
from netlab.imports.facts import Facts
from netlab.imports.mapping import addresses, public
from netlab.imports.mapping.job import BALANCERS, NICS, Job
from netlab.imports.names import fitted

# LBPR23: Azure's own interval, the shortest one that a probe has.
_LEAST_INTERVAL = 5
_DEFAULT_TIMEOUT = 4
# What a frontend to which a route leads has, if the input says of no rule (L3, L6).
_HA_PORTS = {"protocol": "All", "frontend_port": 0, "backend_port": 0}


def name(job: Job) -> None:
    """Names of load balancers."""
    job.names.give(BALANCERS, ((b.key, b.name, b.id.group) for b in job.of_type(BALANCERS)))


def add(job: Job) -> None:
    """Every load balancer of the input that has a frontend in a VNet, or a public one before machines."""
    for balancer in job.of_type(BALANCERS):
        for body in addresses.configurations(balancer):
            job.need_vnet(bodies.dig(body, "subnet", "id"), balancer.name)
        frontends = dict(_frontends(job, balancer))
        if not frontends:
            job.notes.settle(balancer, "format")
            continue
        facts, vnet = job.facts(balancer), next(iter(frontends.values()))[0]
        if facts.word("sku", "name").lower() == "basic":
            job.notes.warn(balancer.name, "Basic load balancers are retired (L19): it is taken for a Standard one")
        entry: dict[str, Any] = {
            "frontend_ip_configurations": {part: item for _, part, item in frontends.values()},
            "backend_address_pools": _pools(job, balancer, vnet),
            "load_balancing_rules": {},
            "probes": {_part(probe): _probe(probe) for probe in facts.parts("probes")},
            "outbound_rules": {},
        }
        entry["outbound_rules"] = dict(_outbound_rules(facts, entry))
        entry["load_balancing_rules"] = dict(_rules(facts, entry)) or _invented(job, balancer, frontends, entry)
        given = job.names.given[balancer.key]
        whole = {key: item for key, item in entry.items() if item or key == "backend_address_pools"}
        job.draft.put(("vnets", vnet, "load_balancers", given), whole, job.rename(balancer.name, given))
        job.notes.settle(balancer, "imported")


def _rules(facts: Facts, entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules whose frontend and pool the scenario has."""
    parts = (("frontend_ip_configuration", True), ("backend_address_pool", True), ("probe", False))
    for part in facts.parts("loadbalancingrules"):
        rule = _rule(part)
        for key, needed in parts:
            spelled = {name.lower(): name for name in entry[f"{key}s"]}
            found = spelled.get(rule.pop(key, ""))
            if found is None and needed:
                break
            rule |= {key: found} if found is not None else {}
        else:
            yield _part(part), rule


def _outbound_rules(facts: Facts, entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The outbound rules whose pool and some of whose frontends the scenario has."""
    pools, known = ({name.lower(): name for name in entry[f"{key}s"]} for key in ("backend_address_pool", _FRONTEND))
    for part in facts.parts("outboundrules"):
        listed = (_named(reference(body)) for body in entries(part.raw("frontendipconfigurations")))
        frontends = [known[name] for name in listed if name in known]
        pool = pools.get(_named(part.reference("backendaddresspool")))
        if frontends and pool is not None:
            yield _part(part), {_FRONTEND + "s": frontends, "backend_address_pool": pool, **_outbound(part)}


def _outbound(facts: Facts) -> dict[str, Any]:
    """What an outbound rule has beside its frontends and its pool."""
    protocol = facts.word("protocol", among=("Tcp", "Udp", "All"))
    ports, timeout = facts.number("allocatedoutboundports"), facts.number("idletimeoutinminutes")
    found: dict[str, Any] = {"protocol": protocol} if protocol and protocol != "All" else {}
    found |= {"allocated_outbound_ports": ports} if ports else {}
    found |= {"idle_timeout_in_minutes": timeout} if timeout and timeout != _DEFAULT_TIMEOUT else {}
    return found | ({"enable_tcp_reset": True} if facts.flag("enabletcpreset") else {})


def _part(facts: Facts) -> str:
    return fitted(str(facts.body.get("name", "part")), str(facts.body.get("id", "")))


def _named(key: str) -> str:
    """The name of a part of a load balancer by its id, in small letters."""
    return fitted(key.rpartition("/")[2], key).lower()


def _frontends(job: Job, balancer: Resource) -> Iterator[tuple[str, tuple[str, str, Body]]]:
    """Its frontends by their addresses: VNet, name, and what the file says of each. A public one is in the VNet of the
    members."""
    home = next((owner for _, owner, _ in _members(job, balancer)), "")
    for index, body in enumerate(addresses.configurations(balancer)):
        vnet, subnet = job.subnet(reference(body.get("subnet")))
        address = job.addresses.get(f"{balancer.key}#{index}", "")
        part = fitted(str(body.get("name", f"frontend{index}")), balancer.key)
        outside = public.of_machine(job, reference(body.get("publicipaddress"))) if home and not vnet else ""
        if vnet and address:
            yield address, (vnet, part, {"subnet": subnet, "private_ip_address": address})
        elif outside:
            yield outside, (home, part, {"public_ip_address": outside})


def _pools(job: Job, balancer: Resource, vnet: str) -> dict[str, list[str]]:
    """The machines of each pool, by their NICs or by their addresses."""
    named = (
        fitted(str(pool.get("name", "pool")), balancer.key) for pool in entries(balancer.get("backendaddresspools"))
    )
    found: dict[str, list[str]] = {pool: [] for pool in named}
    spelled = {pool.lower(): pool for pool in found}
    for pool, owner, machine in dict.fromkeys(_members(job, balancer)):
        if owner == vnet:
            found.setdefault(spelled.get(pool, pool), []).append(machine)
        else:
            job.notes.warn(balancer.name, f"its member {machine} is in another VNet: left out (L20)")
    return {pool: sorted(machines) for pool, machines in found.items()}


def _members(job: Job, balancer: Resource) -> Iterator[tuple[str, str, str]]:
    """The pool, the VNet and the machine of each member."""
    prefix = f"{balancer.key}/backendaddresspools/"
    for nic in job.of_type(NICS):
        for body in addresses.configurations(nic):
            for pool in entries(body.get("loadbalancerbackendaddresspools")):
                if reference(pool).startswith(prefix) and nic.key in job.nics:
                    yield _named(reference(pool)), *job.nics[nic.key]
    known = {address: (vnet, machine) for vnet, address, machine in addresses.owners(job)}
    for pool in entries(balancer.get("backendaddresspools")):
        for body in entries(pool.get("loadbalancerbackendaddresses")):
            if str(body.get("ipaddress")) in known:
                yield fitted(str(pool.get("name")), balancer.key).lower(), *known[str(body["ipaddress"])]


def _probe(facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": facts.word("protocol", among=("Tcp", "Http", "Https")) or "Tcp"}
    found["port"] = facts.number("port")
    if found["protocol"] != "Tcp":
        found["request_path"] = str(facts.raw("requestpath") or "/")
    interval, threshold = facts.number("intervalinseconds"), facts.number("probethreshold")
    if interval and interval > _LEAST_INTERVAL:
        found["interval_in_seconds"] = interval
    if threshold and threshold > 1:
        found["probe_threshold"] = threshold
    if facts.word("nohealthybackendsbehavior").lower() == "allprobedup":
        found["no_healthy_backends_behavior"] = "AllProbedUp"
    return found


def _rule(facts: Facts) -> dict[str, Any]:
    pools = entries(facts.raw("backendaddresspool")) or entries(facts.raw("backendaddresspools"))
    found: dict[str, Any] = {
        "frontend_ip_configuration": _named(facts.reference("frontendipconfiguration")),
        "backend_address_pool": _named(reference(pools[0])) if pools else "",
        "protocol": facts.word("protocol", among=("Tcp", "Udp", "All")),
        "frontend_port": facts.number("frontendport"),
        "backend_port": facts.number("backendport"),
    }
    if facts.raw("probe") is not None:
        found["probe"] = _named(facts.reference("probe"))
    distribution = facts.word("loaddistribution", among=("Default", "SourceIP", "SourceIPProtocol"))
    timeout = facts.number("idletimeoutinminutes")
    if distribution and distribution != "Default":
        found["load_distribution"] = distribution
    if timeout and timeout != _DEFAULT_TIMEOUT:
        found["idle_timeout_in_minutes"] = timeout
    found |= {key: True for key, word in _FLAGS.items() if facts.flag(word)}
    return found


_FRONTEND = "frontend_ip_configuration"
_FLAGS = {
    "enable_floating_ip": "enablefloatingip",
    "enable_tcp_reset": "enabletcpreset",
    "disable_outbound_snat": "disableoutboundsnat",
}


def _invented(
    job: Job, balancer: Resource, frontends: Mapping[str, tuple[str, str, Body]], entry: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """A rule of HA ports for a frontend to which a route leads, where the input has no rules, as Terraform's lb."""
    named = [part for address, (_, part, _) in frontends.items() if address in job.next_hops]
    pool = next((pool for pool, machines in entry["backend_address_pools"].items() if machines), "")
    if not named or not pool:
        return {}
    job.notes.invent("rule", f"{balancer.name}/ha-ports", "a route leads to its frontend, and no rule is in the input")
    return {"ha-ports": {"frontend_ip_configuration": named[0], "backend_address_pool": pool, **_HA_PORTS}}


def members_behind(job: Job, vnet: str, address: str) -> Iterator[str]:
    """The machines that a route to a frontend of a VNet leads to."""
    for balancer in (job.draft.get("vnets", vnet, "load_balancers") or {}).values():
        frontends = balancer["frontend_ip_configurations"]
        for rule in balancer.get("load_balancing_rules", {}).values():
            if frontends[rule["frontend_ip_configuration"]].get("private_ip_address") == address:
                yield from balancer["backend_address_pools"][rule["backend_address_pool"]]
