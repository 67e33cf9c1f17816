"""The members of load balancers and their health, as a person asks for them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netlab.azure.dataplane import load_balancers
from netlab.azure.state import State
from netlab.results.shown import MemberHealth
from netlab.scenario.network import BalancingRule, Nic

# Whether a member answers the probe of a rule.
IsUp = Callable[[BalancingRule, Nic], bool]


def predicted(state: State) -> tuple[MemberHealth, ...]:
    """The members of every load balancer as the model sees them."""
    return tuple(rows(state, lambda rule, nic: load_balancers.why_down(state, rule, nic) is None))


def rows(state: State, is_up: IsUp) -> Iterator[MemberHealth]:
    """The members of every load balancer, by rule, given which answer."""
    for vnet in state.network.vnets.values():
        for balancer in vnet.load_balancers:
            for rule in balancer.rules:
                yield from (_row(state, rule, nic, up=is_up(rule, nic)) for nic in rule.members)


def _row(state: State, rule: BalancingRule, nic: Nic, *, up: bool) -> MemberHealth:
    why = load_balancers.why_down(state, rule, nic)
    return MemberHealth(
        loadBalancer=f"{rule.balancer.vnet.name}/{rule.balancer.name}",
        loadBalancingRule=rule.name,
        frontendIPAddress=str(rule.frontend.address),
        backendAddressPool=rule.spec.backend_address_pool,
        member=nic.node,
        ipAddress=str(nic.address),
        probe=rule.spec.probe,
        state="Up" if up else "Down",
        reason=None if up else why.sentence(nic.node) if why is not None else "it does not answer the probe",
    )
