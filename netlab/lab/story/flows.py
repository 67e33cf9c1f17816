"""The flow that runs while a step of a story acts: how long the outage was that the step made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address

from netlab.azure.faults.timers import timers
from netlab.azure.nat_rules import seen_from
from netlab.azure.state import State
from netlab.errors import ConvergeError, UsageError
from netlab.lab.build.records import Lab
from netlab.machine.waiting import wait_until
from netlab.probe.flow import Flow
from netlab.results.verification import FlowReport, Gap, Milestone
from netlab.scenario.models import Step
from netlab.scenario.names import Pair, by_node, resolve

# Seconds for the first answer, and for the next one after everything has settled.
_PATIENCE = 2.0


class Watched:
    """A step's flow, while it runs and when it has ended."""

    def __init__(self, flow: Flow | None) -> None:
        self.flow = flow
        self.report: FlowReport | None = None

    def end(self, step: Step, scale: float, noted: Iterable[tuple[str, float]]) -> None:
        """Let the flow come back if it does, and end it; ``report`` says what it lost.

        ``noted`` is what happened meanwhile, by the monotonic clock.
        """
        if self.flow is None or step.flow is None:
            return
        _await(self.flow)
        found = self.flow.stop()
        self.flow = None
        asked, azure = step.flow, round(found.outage * scale, 1)
        self.report = FlowReport(
            asked.source,
            asked.target,
            found.sent,
            found.lost,
            found.outage,
            azure,
            timers(step.do),
            found.seconds,
            tuple(Gap(*gap) for gap in found.gaps),
            tuple(Milestone(what, round(at - found.begun, 3)) for what, at in noted),
        )


@contextmanager
def watched(lab: Lab, state: State, step: Step, addresses: Mapping[str, str]) -> Iterator[Watched]:
    """Run the flow of a step, if it has one; ``state`` is that before the step. Whatever happens, it ends."""
    one = Watched(_begin(lab, state, step, addresses))
    try:
        yield one
    finally:
        if one.flow is not None:
            one.flow.stop()


def _begin(lab: Lab, state: State, step: Step, addresses: Mapping[str, str]) -> Flow | None:
    if step.flow is None:
        return None
    ends = [(name, found[0]) for name in (step.flow.source, step.flow.target) if (found := resolve(lab.scenario, name))]
    (_, source), (_, target) = ends
    missing = [name for name, node in ends if node not in addresses]
    if missing:
        raise UsageError(f"step {step.name}: {missing[0]} has no address for a flow", "connect it in a step before")
    flow = opened(lab, state, (source, target), addresses)
    _await(flow)
    return flow


def opened(lab: Lab, state: State, pair: Pair, addresses: Mapping[str, str]) -> Flow:
    """A flow between two nodes, which has begun."""
    source, target = pair
    return Flow(source, lab.plan.netns(source), addresses[source], _asked(state, source, target, addresses))


def _asked(state: State, source: str, target: str, addresses: Mapping[str, str]) -> str:
    """The address at which the target of a flow is asked: where NAT rules are between the two, that after NAT."""
    ends, address = by_node(state.scenario), IPv4Address(addresses[target])
    return str(seen_from(state.network, ends[source], ends[target], address))


def _await(flow: Flow) -> None:
    with suppress(ConvergeError):
        wait_until(lambda: flow.flows, _PATIENCE, lambda: "no answer")
