"""Load balancers: the pools of a VNet, and how members share flows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeVar

from netlab.azure.dataplane.load_balancers import no_rule
from netlab.plan.model import (
    BalancedAddress,
    BalancedService,
    FrontendRules,
    Pool,
    PoolMember,
    Route,
    Timers,
)
from netlab.plan.names import interface, lab_netns
from netlab.plan.ports import to_machine
from netlab.plan.timers import scaled
from netlab.scenario.network import BalancingRule, Frontend, VNet

T = TypeVar("T")

# Where probes come from: fabrics with a pool have this address.
PROBING = "168.63.129.16/32"
# A kernel answers at once, but a busy machine of two cores may sleep for as long as that.
PROBE_INTERVAL_AT_LEAST = 0.25


def pools(lab: str, vnet: VNet, clock: Timers) -> Iterator[Pool]:
    """The pools of a VNet's load balancers, one for each frontend that leads to it."""
    for balancer in vnet.load_balancers:
        yield from {rule.choice: _pool(lab, rule, clock) for rule in balancer.rules}.values()


def of_fabric(vnet: VNet, clock: Timers) -> FrontendRules | None:
    """What a fabric does with packets for the frontends of its VNet, and with their answers; None without frontends."""
    found = tuple(map(_balanced, vnet.frontend_at.values()))
    idle = min((r.spec.idle_timeout_in_minutes for b in vnet.load_balancers for r in b.rules), default=4)
    return FrontendRules(found, scaled(60 * idle, clock)) if found else None


def _balanced(frontend: Frontend) -> BalancedAddress:
    nics = dict.fromkeys(nic for rule in frontend.rules for nic in rule.members)
    members = tuple((interface(to_machine(nic)), str(nic.address)) for nic in nics)
    services = tuple(
        BalancedService(protocol, rule.spec.frontend_port)
        for rule in frontend.rules
        for protocol in rule.spec.protocols
    )
    return BalancedAddress(str(frontend.address), services, members, no_rule(frontend, "this packet"))


def _pool(lab: str, rule: BalancingRule, clock: Timers) -> Pool:
    members = tuple(PoolMember(nic.node, lab_netns(lab, nic.node), str(nic.address)) for nic in rule.members)
    probe = rule.probe
    if probe is None:
        return Pool(rule.choice, members)
    interval = max(PROBE_INTERVAL_AT_LEAST, probe.interval_in_seconds / clock.scale)
    as_if_up = probe.no_healthy_backends_behavior == "AllProbedUp"
    return Pool(rule.choice, members, probe.port, interval, probe.probe_threshold, as_if_up)


# Differs from Azure: A TCP flow whose member goes down moves to another one, and back when its own is up again; Azure
# lets it stay. A stateful appliance drops what it has not seen begin, so such a flow dies here, too.
def spread(members: Collection[T], up: Collection[T]) -> tuple[T, ...]:
    """Which member has each of the slots that flows are hashed to; none where no member is up.

    While a member is down the others have its slots in equal parts, and keep their own: their flows stay where they
    are.
    """
    alive = [member for member in members if member in up]
    if not alive:
        return ()
    slots = [member for member in members for _ in range(max(1, len(members) - 1))]
    return tuple(slot if slot in up else alive[place % len(alive)] for place, slot in enumerate(slots))


def through(ways: Collection[tuple[str, str, str]], up: Collection[str], like: Route) -> Route:
    """The route to members of a pool, by node, device and next hop of each, while those nodes are up; in prefix, table
    and metric ``like`` another one."""
    hops = tuple((device, via) for _, device, via in spread(ways, [way for way in ways if way[0] in up]))
    if not hops:
        return Route(like.prefix, type="blackhole", table=like.table, metric=like.metric)
    if len(set(hops)) == 1:
        ((device, via),) = set(hops)
        return Route(like.prefix, device, via=via, table=like.table, metric=like.metric)
    return Route(like.prefix, table=like.table, metric=like.metric, hops=hops)
