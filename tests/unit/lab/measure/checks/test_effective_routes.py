"""Effective routes against the routes of a kernel: here one that holds what a lab's plan begins with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from kernel import as_read

from netlab.azure.moments import initial
from netlab.lab.measure.checks.effective_routes import check
from netlab.machine.routes import Arrival, KernelRoute, longest_match
from netlab.plan.model import GatewayView, Plan, Route, RouteServerView
from netlab.plan.planner import plan
from netlab.results.verification import Check
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.models import Scenario

HUB = """
name: hub
route_tables:
  out:
    routes:
      all: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}
      lost: {address_prefix: 10.9.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.9}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, firewall: 10.0.1.0/24}
    vms: {vm0: {subnet: default}, fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}}
  Spoke:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: out}}
    vms: {vm1: {subnet: default}}
peerings:
  Hub-to-Spoke: {vnet: Hub, remote_vnet: Spoke}
  Spoke-to-Hub: {vnet: Spoke, remote_vnet: Hub, allow_forwarded_traffic: true}
"""


@dataclass
class Kernel:
    """A kernel with the routes and rules of a plan; nobody has told its gateways anything yet."""

    plan: Plan

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool], ...]:
        return ()

    def injected(self, view: RouteServerView) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ()

    def chosen(self, arrivals: Iterable[Arrival]) -> dict[Arrival, KernelRoute | None]:
        return {arrival: self._chosen(arrival) for arrival in arrivals}

    def _chosen(self, arrival: Arrival) -> KernelRoute | None:
        node = next(node for node in self.plan.nodes if node.netns == arrival.netns)
        for rule in sorted(node.rules, key=lambda rule: rule.priority):
            if rule.iif in ("", arrival.interface):
                found = longest_match(map(as_read, node.routes), arrival.target, rule.table)
                if found is not None and found.type != "throw":
                    return found if found.type == "unicast" else None
        return None


def checked(scenario: Scenario, made: Plan, *targets: str) -> Check:
    return check(made, initial(scenario), Kernel(made), Kernel(made), targets)  # type: ignore[arg-type]


def planned(scenario: Scenario) -> Plan:
    return plan(scenario, "lab", "userspace")


def without(made: Plan, node: str, prefix: str, ingress: str) -> Plan:
    """The same plan without a route in the table of what comes in by an interface, or in that of all."""
    table = next(rule.table for rule in made.node(node).rules if rule.iif == ingress)

    def kept(route: Route) -> bool:
        return (route.prefix, route.table) != (prefix, table)

    nodes = (replace(n, routes=tuple(filter(kept, n.routes))) if n.name == node else n for n in made.nodes)
    return replace(made, nodes=tuple(nodes))


@pytest.mark.parametrize("name", catalogue())
def test_a_lab_begins_with_what_its_nics_are_shown(name: str) -> None:
    scenario = load(name).scenario
    machines = [str(nic.address) for vnet in initial(scenario).network.vnets.values() for nic in vnet.nics]
    found = checked(scenario, planned(scenario), *machines, str(INTERNET_ADDRESS), "172.16.0.1")
    assert found.status == "passed", found.message
    assert not found.message.startswith("0 ")


@pytest.mark.parametrize(
    ("target", "node", "prefix", "ingress", "said"),
    [
        ("10.0.0.4", "spoke", "10.0.0.0/16", "v-vm1", "spoke-vm1 to 10.0.0.4: shown 10.0.0.4, done 10.0.1.4"),
        ("192.0.2.1", "spoke", "0.0.0.0/0", "v-vm1", "spoke-vm1 to 192.0.2.1: shown 10.0.1.4, done None"),
        ("192.0.2.1", "hub", "0.0.0.0/0", "n-spoke-fw", "spoke-vm1 to 192.0.2.1: shown 10.0.1.4, done None"),
        ("10.9.0.1", "spoke", "10.9.0.0/16", "v-vm1", "spoke-vm1 to 10.9.0.1: shown None, done 10.0.1.4"),
        ("10.0.1.4", "hub", "10.0.1.4/32", "", "hub-vm0 to 10.0.1.4: shown 10.0.1.4, done None"),
    ],
)
def test_a_route_less_is_found(target: str, node: str, prefix: str, ingress: str, said: str) -> None:
    """Of a route to an appliance that no NIC is, both say that nobody gets the packet."""
    scenario = parse(HUB, "hub.yaml").scenario
    made = planned(scenario)
    assert checked(scenario, made, target).status == "passed"
    found = checked(scenario, without(made, node, prefix, ingress), target)
    assert found.status == "failed"
    assert said in found.message.split("; ")


@pytest.mark.parametrize("name", ["service-web1", "clients-app"])
def test_a_frontend_stands_for_the_members_that_are_up(name: str) -> None:
    """L1: what is for it goes to one of them, from its own VNet and from a peer."""
    scenario = load("load-balancer-frontend").scenario
    made = planned(scenario)
    assert checked(scenario, made, "10.0.0.10").status == "passed"
    nodes = (replace(n, routes=tuple(r for r in n.routes if r.prefix != "10.0.0.10/32")) for n in made.nodes)
    found = checked(scenario, replace(made, nodes=tuple(nodes)), "10.0.0.10")
    assert f"{name} to 10.0.0.10: shown 10.0.0.4 and 10.0.0.5, done None" in found.message.split("; ")
