"""Changes of load balancers' pools without a member that is up: let the probe in, or do not ask. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane import load_balancers
from netlab.azure.mends.case import Case
from netlab.azure.mends.security import PRIORITIES, free_name
from netlab.results.drops import Cause, DropType
from netlab.results.mends import Change, Edit
from netlab.results.protocols import PORT
from netlab.scenario.network import BalancingRule, SecurityGroup
from netlab.scenario.service_tags import LOAD_BALANCER


def of_no_healthy_member(case: Case) -> Iterator[Change]:
    """What brings the members of a pool up; a machine that is stopped is started elsewhere."""
    vnet = case.state.network.vnets[case.cause["vnet"]]
    found = (b for b in vnet.load_balancers if b.name == case.cause["load_balancer"])
    rules = (rule for balancer in found for rule in balancer.rules)
    for rule in (rule for rule in rules if rule.spec.backend_address_pool == case.cause["pool"]):
        groups = case.state.network.security_groups
        for denied in dict.fromkeys(_denials(case, rule)):
            yield from _let_in(groups[denied["group"]], denied, rule)
        path = ("vnets", vnet.name, "load_balancers", rule.balancer.name, "probes", str(rule.spec.probe))
        sentence = f"set no_healthy_backends_behavior of probe {rule.spec.probe} of {rule.balancer.name} to AllProbedUp"
        edit = Edit("set", (*path, "no_healthy_backends_behavior"), "AllProbedUp")
        yield Change(f"{sentence}: members get flows though none answers (L12)", (edit,))


def of_no_rule(case: Case) -> Iterator[Change]:
    """A rule of a frontend for a packet that it has none for: like one that it has, for the probes' port."""
    frontend = case.state.network.frontends.get(case.receiver.node)
    for like in frontend.rules if frontend is not None else ():
        balancer, spec = like.balancer, like.spec
        for protocol in ("Tcp", "Udp"):
            if protocol.lower() in case.protocols and not spec.is_for_all_ports:
                path = ("vnets", balancer.vnet.name, "load_balancers", balancer.name, "load_balancing_rules")
                given = spec.model_dump(include={"frontend_ip_configuration", "backend_address_pool", "probe"})
                rule = {**given, "protocol": protocol, "frontend_port": PORT, "backend_port": PORT}
                sentence = f"give {balancer.name} a rule for {protocol} {PORT} of frontend {like.frontend.name} (L1)"
                yield Change(sentence, (Edit("set", (*path, f"{protocol.lower()}-{PORT}"), rule),))


def _denials(case: Case, rule: BalancingRule) -> Iterator[Cause]:
    for nic in rule.members:
        why = load_balancers.why_down(case.state, rule, nic)
        if why is not None and why.type is DropType.SECURITY_RULE:
            # Of several members with one group, one cause is enough.
            yield Cause(why.type, tuple(item for item in why.parameters if item[0] != "nic"))


def _let_in(group: SecurityGroup, denied: Cause, rule: BalancingRule) -> Iterator[Change]:
    """What lets a probe pass the rule that denies it."""
    priority, spec, place = int(denied["priority"]), group.spec, ("network_security_groups", group.name)
    why = f"rule {priority} {denied['rule']} denies the probe (L9)"
    if priority in PRIORITIES:
        sentence = f"remove rule {priority} {denied['rule']} of {group.name}, or narrow it: it denies the probe (L9)"
        yield Change(sentence, (Edit("remove", (*place, "security_rules", denied["rule"])),))
    taken = {item.priority for item in spec.security_rules.values() if item.direction == "Inbound"}
    free = max((each for each in PRIORITIES if each < priority and each not in taken), default=None)
    if free is not None and rule.probe is not None:
        allowed = {"priority": free, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
        allowed |= {"source_address_prefix": LOAD_BALANCER, "destination_port_range": str(rule.probe.port)}
        sentence = f"let {group.name} allow Tcp {rule.probe.port} from {LOAD_BALANCER}, inbound, with priority {free}"
        edit = Edit("set", (*place, "security_rules", free_name(spec, "Inbound", free)), allowed)
        yield Change(f"{sentence}: {why}", (edit,))
