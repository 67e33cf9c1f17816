"""Reports without a lab: what packets would have done, had they done as predicted; and one in which much is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure import asymmetry, outcome
from netlab.azure.down import down
from netlab.azure.prediction import Predicted, PredictedStep, endpoint_addresses, predict, story_of
from netlab.results.drops import Drop
from netlab.results.verification import Cell, Check, Report, StepReport, summary
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Scenario, Step
from netlab.scenario.outline import definition, machines, topology
from netlab.scenario.silence import unstated

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too' {{ 7 * 7 }}"
HUB = """
name: hub
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw2AZ, bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.7.0/24}}
  Spoke: {address_space: [10.2.0.0/16], subnets: {one: 10.2.0.0/24, two: 10.2.1.0/24}, vms: {end: {subnet: two}}}
  Lone: {address_space: [10.3.0.0/16, 10.4.0.0/16], subnets: {default: 10.3.0.0/24}}
peerings:
  a: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true, allow_forwarded_traffic: true}
  b: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true}
  c: {vnet: Lone, remote_vnet: Hub}
sites:
  Branch: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
  Old: {address_prefixes: [10.102.0.0/16]}
connections:
  Hub-Branch: {type: IPsec, between: [Hub, Branch], enable_bgp: true, shared_key: do_not_tell}
  Hub-Old: {type: IPsec, between: [Hub, Old]}
clients:
  lin: {os: linux, gateway: Hub}
links:
  Branch: {delay: 40ms, jitter: 5ms, loss: 1%, rate: 10mbit}
"""


def of(name: str) -> Scenario:
    """A scenario of the catalogue."""
    return load(name).scenario


def hub() -> Scenario:
    """A small scenario with everything that a picture shows."""
    return parse(HUB, "hub.yaml").scenario


def as_predicted(scenario: Scenario, *, mended: bool = False) -> Report:
    """A report in which all is as the model says; with what mends what cannot talk, or as if all of it were meant."""
    steps = zip(predict(scenario), story_of(scenario), strict=True)
    return report_of(scenario, tuple(_step(step, told, mended) for step, told in steps))


def report_of(scenario: Scenario, steps: tuple[StepReport, ...]) -> Report:
    """A report that holds these steps."""
    return Report(
        lab=f"{scenario.name}-lab",
        scenario=scenario.name,
        data_plane="userspace",
        time_scale=20,
        steps=steps,
        summary=summary(steps),
        measured_at="2026-11-21T01:02:03+00:00",
        definition=definition(scenario),
        machines=machines(scenario),
        topology=topology(scenario),
        unstated=unstated(scenario),
    )


def _step(step: PredictedStep, told: Step, mended: bool) -> StepReport:
    state = step.state
    addresses = endpoint_addresses(state)
    foreseen = tuple(outcome.foreseen(state, item, addresses, wanted=mended) for item in step.cells)
    checks = (Check("daemons", "passed", "9 run"),)
    actions, routes = outcome.actions(told), outcome.routes(state)
    warnings = tuple(asymmetry.remarks(state, step.cells))
    return StepReport(
        step.name, tuple(_cells(step.cells)), checks, None, actions, foreseen, routes, warnings, down(state)
    )


def _cells(cells: tuple[Predicted, ...]) -> Iterator[Cell]:
    for item in cells:
        drop = item.drop
        for protocol in item.protocols:
            yield Cell(
                source=item.source,
                target=item.target,
                protocol=protocol,
                expected=item.outcome,
                predicted=item.outcome,
                observed=item.outcome,
                status="passed",
                forward=item.forward[0].nodes,
                reverse=item.reverse[0].nodes if item.reverse and len(item.reverse[0].nodes) > 1 else (),
                dropped_at=drop,
                predicted_drop=drop,
                rtt_ms=None if drop else 1.25,
                encrypted=True,
            )


def gone_wrong(scenario: Scenario, *, mended: bool = True) -> Report:
    """The same, but udp of the first pair died on the way, the second pair was not measured, and a check failed.

    What the report quotes is hostile.
    """
    found = as_predicted(replace_description(scenario), mended=mended)
    first = found.steps[0]
    died = replace(
        first.cells[1],
        observed="unreachable",
        status="failed",
        forward=first.cells[1].forward[:2],
        reverse=(),
        dropped_at=Drop(first.cells[1].forward[1], "forward", HOSTILE),
        rtt_ms=None,
        documented=HOSTILE,
        message=HOSTILE,
    )
    unmeasured = (
        replace(cell, observed=None, status="error", forward=(), reverse=(), rtt_ms=None, dropped_at=None)
        for cell in first.cells[3:6]
    )
    cells = (first.cells[0], died, first.cells[2], *unmeasured, *first.cells[6:])
    wrong = replace(first, cells=cells, checks=(*first.checks, Check(HOSTILE, "failed", HOSTILE)))
    steps = (wrong, *found.steps[1:])
    return replace(found, steps=steps, summary=summary(steps))


def replace_description(scenario: Scenario) -> Scenario:
    """The scenario with a hostile description and note."""
    return scenario.model_copy(update={"description": HOSTILE, "notes": (HOSTILE,)})
