"""The members of load balancers: which of them their probes find up, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane import security
from netlab.azure.dataplane.packets import Packet
from netlab.azure.faults import Impact
from netlab.azure.state import State
from netlab.results.drops import Cause, DropType, cause
from netlab.scenario.network import BalancingRule, Frontend, Nic
from netlab.scenario.rules.breach import Breach
from netlab.scenario.service_tags import LOAD_BALANCER, PLATFORM
from netlab.scenario.values import once_each

# The port that a probe comes from: which one does not matter, as no rule for it can be written that means probes only.
_PROBING = 49_152


@once_each
def healthy(state: State, rule: BalancingRule) -> tuple[Nic, ...]:
    """The members that get new flows: those that answer the probe; without a probe all (L10, L12)."""
    up = tuple(nic for nic in rule.members if not why_down(state, rule, nic))
    as_if_up = rule.probe is not None and rule.probe.no_healthy_backends_behavior == "AllProbedUp"
    return up or (rule.members if as_if_up else ())


def why_down(state: State, rule: BalancingRule, nic: Nic) -> Cause | None:
    """Why a member does not answer its probe; None if it does, or if there is no probe."""
    if rule.probe is None:
        return None
    if nic.node in state.hit(Impact.STOPPED):
        return cause(DropType.STOPPED)
    rules = security.Rules(nic, "Inbound", security.virtual_network(state, nic.subnet))
    probe = Packet(PLATFORM[0], nic.address, "tcp", _PROBING, rule.probe.port)
    lists = map(rules.of, reversed(nic.security_groups))
    return next((why for one in lists if (why := one.refusal(probe)) is not None), None)


def nobody(state: State, rule: BalancingRule) -> Cause:
    """Why new flows to a pool are dropped: it has no member that is up."""
    causes = ((nic, why_down(state, rule, nic)) for nic in rule.members)
    why = "; ".join(why.sentence(nic.node) for nic, why in causes if why is not None)
    pool = rule.spec.backend_address_pool
    return cause(
        DropType.NO_HEALTHY_MEMBER,
        vnet=rule.balancer.vnet.name,
        load_balancer=rule.balancer.name,
        pool=pool,
        why=why or "it is empty",
    )


def no_rule(frontend: Frontend, what: str) -> Cause:
    """Why a frontend drops what none of its rules is for."""
    return cause(
        DropType.NO_LOAD_BALANCING_RULE,
        load_balancer=frontend.balancer.name,
        frontend=frontend.name,
        what=what,
    )


def warnings(state: State) -> Iterator[Breach]:
    """The members that are down from the start, as findings about a file: no probe reaches them (L9)."""
    for vnet in state.network.vnets.values():
        for balancer in vnet.load_balancers:
            for rule in balancer.rules:
                path = ("vnets", vnet.name, "load_balancers", balancer.name, "load_balancing_rules", rule.name)
                yield from (Breach(path, message, "warning", "L9") for message in _unreached(state, rule))


def _unreached(state: State, rule: BalancingRule) -> Iterator[str]:
    for nic in rule.members:
        why = why_down(state, rule, nic)
        if why is not None:
            right = f"let {PLATFORM[0]} ({LOAD_BALANCER}) in to the port of its probe"
            yield f"member `{nic.machine.name}` is down from the start: {why.sentence(nic.node)}; {right}"
