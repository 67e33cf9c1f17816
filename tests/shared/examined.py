"""Labs as the autopsy finds them: a kernel written by hand, and what was seen of a packet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from kernel import as_read
from machine import Fake

from netlab.lab.machine import Machine
from netlab.lab.measure.autopsy import Coroner
from netlab.machine.inventory import Held, Link
from netlab.machine.routes import KernelRoute
from netlab.plan.model import Child, Plan
from netlab.plan.planner import plan
from netlab.probe.trace import Leg, Probe, Sighting, Trace
from netlab.results.protocols import Protocol
from netlab.scenario.loader import load, parse

HUB = """
name: hub
route_tables:
  out:
    routes:
      via: {address_prefix: 10.8.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.4}
      lost: {address_prefix: 10.9.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.1.9}
      none: {address_prefix: 10.7.0.0/16, next_hop_type: None}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, firewall: 10.0.1.0/24}
    vms: {vm0: {subnet: default}, fw: {subnet: firewall, enable_ip_forwarding: true, nva: {}}, dull: {subnet: firewall}}
  Spoke:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: out}}
    vms: {vm1: {subnet: default}}
peerings:
  Hub-to-Spoke: {vnet: Hub, remote_vnet: Spoke}
  Spoke-to-Hub: {vnet: Spoke, remote_vnet: Hub}
"""
VM1, VM0 = "10.1.0.4", "10.0.0.4"


@dataclass
class Kernel:
    """The routes of a plan, and which namespaces are stopped, links cut and devices silent."""

    plan: Plan
    stopped: tuple[str, ...] = ()
    cut: tuple[tuple[str, str], ...] = ()
    severed: tuple[tuple[str, str], ...] = ()
    children_of: dict[str, tuple[Child, ...]] = field(default_factory=dict)

    def routes(self, netns: str) -> tuple[KernelRoute, ...]:
        return tuple(map(as_read, self._node(netns).routes))

    def tables_of(self, netns: str, interface: str) -> tuple[int, ...]:
        return tuple(rule.table for rule in self._node(netns).rules if rule.iif in ("", interface))

    def is_stopped(self, netns: str) -> bool:
        return self._node(netns).name in self.stopped

    def is_cut(self, netns: str, interface: str) -> bool:
        return (self._node(netns).name, interface) in self.cut

    def is_severed(self, netns: str, interface: str) -> bool:
        return (self._node(netns).name, interface) in self.severed

    def children(self, directory: str, connection: str) -> tuple[Child, ...]:
        return self.children_of.get(connection, ())

    def carried(self, client: Any) -> tuple[Child, ...]:
        return self.children_of.get(client.node, ())

    def carried_to_clients(self, server: Any) -> tuple[Child, ...]:
        return self.children_of.get(server.node, ())

    def _node(self, netns: str) -> Any:
        return next(node for node in self.plan.nodes if node.netns == netns)


@dataclass
class Mtus:
    """Interfaces with an MTU that is not 1500, by their namespace's node and name."""

    plan: Plan
    mtus: dict[tuple[str, str], int]

    def read(self, names: list[str]) -> dict[str, Held]:
        nodes = {node.netns: node.name for node in self.plan.nodes}
        return {name: Held(tuple(self._links(nodes[name])), (), ()) for name in names}

    def _links(self, node: str) -> Iterator[Link]:
        devices = {name for (there, name) in self.mtus if there == node} | {"eth0"}
        for index, name in enumerate(devices):
            yield Link(index, name, "", "", 0, (), self.mtus.get((node, name), 1500))


def hub(**state: Any) -> tuple[Plan, Kernel]:
    made = plan(parse(HUB, "hub.yaml").scenario, "lab", "userspace")
    return made, Kernel(made, **state)


def p2s(**state: Any) -> tuple[Plan, Kernel]:
    made = plan(load("p2s-branch").scenario, "lab", "userspace")
    return made, Kernel(made, **state)


def examined(lab: tuple[Plan, Kernel], trace: Trace) -> tuple[str, str, str, dict[str, str]]:
    made, kernel = lab
    ports: Any = kernel
    machine: Machine = replace(Fake().ports, routes=ports, filters=ports, sas=ports, clients=ports)
    drop = Coroner(made, machine).examine(trace)
    return drop.node, drop.direction, drop.cause.type, dict(drop.cause.parameters)


def seen(node: str, interface: str, outgoing: bool, leg: Leg = "forward", **packet: Any) -> Sighting:
    return Sighting(0, node, interface, outgoing, leg, 64, **{"source": VM1, "target": VM0, **packet})


def trace(
    *sightings: Sighting,
    source: str = "spoke-vm1",
    target: str = "hub-vm0",
    addresses: tuple[str, str] = (VM1, VM0),
    protocol: Protocol = "icmp",
    unsent: int = 0,
    answered_by: tuple[str, ...] = (),
) -> Trace:
    return Trace(Probe(source, target, protocol), *addresses, unsent, sightings, answered_by, False, None)
