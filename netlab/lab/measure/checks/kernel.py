"""Check that the kernel of every node holds what plan and model want of it, and nothing else.

Success: each namespace has the interfaces, addresses, policy rules, routes, neighbours, queues, settings, filters,
policies and SAs that it should have at this moment, and no other; no namespace of the lab is missing or foreign.
Failure: something is missing, extra or otherwise, twice in a row; each finding has its type, its node and its object.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.state import State
from netlab.lab.build import records
from netlab.lab.machine import Machine
from netlab.lab.measure.judgement import some
from netlab.lab.measure.kernel import filters, ipsec
from netlab.lab.measure.kernel.compare import compare
from netlab.lab.measure.kernel.interfaces import Interfaces
from netlab.lab.measure.kernel.moment import Moment, now
from netlab.lab.measure.kernel.present import facts
from netlab.lab.measure.kernel.routes import Routing
from netlab.machine.inventory import Held
from netlab.machine.waiting import settled
from netlab.plan.model import Node
from netlab.plan.model.held import Wanted
from netlab.plan.names import lab_netns
from netlab.results.verification import Check, Deviation

# Kernel and agents are given so long to end what they have begun.
_GRACE = 1.0


def check(lab: records.Lab, state: State, machine: Machine) -> Check:
    """What the kernels of a lab hold, compared with what they should."""

    def look() -> tuple[Deviation, ...]:
        moment = now(lab, state, machine)
        held = {node.name: node.netns for node in moment.plan.nodes}
        found = machine.inventory.read(held.values())
        return tuple(findings(moment, {name: found[netns] for name, netns in held.items() if netns in found}, machine))

    wrong = settled(look, _GRACE)
    nodes, facts_ = len(lab.plan.nodes), "each holds what it should and nothing else"
    words = some([finding.words for finding in wrong]) if wrong else f"{nodes} nodes, {facts_}"
    return Check("kernel", "failed" if wrong else "passed", words, wrong)


def findings(moment: Moment, held: dict[str, Held], machine: Machine) -> Iterator[Deviation]:
    """Everything that is missing, extra or otherwise at any node."""
    yield from _namespaces(moment, held, machine)
    interfaces = Interfaces(moment, machine.inventory.defaults())
    routing = Routing(moment, interfaces)
    present = facts(moment.plan, held)
    for node in moment.plan.nodes:
        if node.name in present:
            held_there = ipsec.compared(moment, present[node.name])
            yield from compare(node.name, _expected(moment, interfaces, routing, node, machine), held_there)


def _expected(
    moment: Moment, interfaces: Interfaces, routing: Routing, node: Node, machine: Machine
) -> Iterator[Wanted]:
    yield from interfaces.of(node)
    yield from routing.of(node)
    yield from filters.of(moment, node, machine.inventory)


def _namespaces(moment: Moment, held: dict[str, Held], machine: Machine) -> Iterator[Deviation]:
    planned = {node.netns: node.name for node in moment.plan.nodes}
    for netns, name in planned.items():
        if name not in held:
            yield Deviation("namespace-missing", name, netns)
    prefix = lab_netns(moment.plan.lab, "")
    for netns in machine.labs.of(moment.plan.lab):
        if netns not in planned:
            yield Deviation("namespace-extra", netns.removeprefix(prefix), netns)
