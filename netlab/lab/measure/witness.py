"""What packets say of one pair: the way that a probe took, with the kernel's route at every node of it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import chain, groupby, repeat
from typing import Literal

from netlab.azure.dataplane.tables import Route
from netlab.azure.dataplane.walk import Walk
from netlab.azure.prediction import Predicted
from netlab.lab.build.records import Lab
from netlab.lab.machine import Machine
from netlab.lab.measure.autopsy import Coroner
from netlab.machine.ports import Routes
from netlab.machine.routes import KernelRoute, longest_match
from netlab.plan.model import MAIN_TABLE
from netlab.plan.tables import GATEWAY_METRIC, USER_METRIC
from netlab.probe.observe import observe
from netlab.probe.trace import Probe, Trace, passage, path

# Azure's source of a fabric's route.
_SOURCES = {GATEWAY_METRIC: "VirtualNetworkGateway", USER_METRIC: "User"}


def watch(lab: Lab, machine: Machine, addresses: dict[str, str], probe: Probe) -> Predicted:
    """Send one probe and return its way in the model's terms."""
    source, target = probe.source, probe.target
    pair = {node: addresses[node] for node in (source, *probe.receivers)}
    namespaces = {node.name: node.netns for node in lab.plan.nodes}
    trace = observe(pair, [probe], namespaces).traces[0]
    drop = None if trace.answered else Coroner(lab.plan, machine).examine(trace)
    legs: dict[str, tuple[Walk, ...]] = {"forward": (), "reverse": ()}
    for leg, start, to in (("forward", source, trace.target_address), ("reverse", target, trace.source_address)):
        dead = drop is not None and drop.direction == leg
        nodes = path(trace, leg) or (start,)  # type: ignore[arg-type]
        used = tuple(_used(lab, machine.routes, trace, leg, nodes, to))  # type: ignore[arg-type]
        legs[leg] = (Walk(nodes, used, drop.node, drop.cause) if drop is not None and dead else Walk(nodes, used),)
        if dead:
            break
    return Predicted(source, target, legs["forward"], legs["reverse"])


def _used(
    lab: Lab,
    kernel: Routes,
    trace: Trace,
    leg: Literal["forward", "reverse"],
    nodes: tuple[str, ...],
    destination: str,
) -> Iterator[tuple[str, Route]]:
    """The route that each node of a way used, its last one too if the packet did not arrive there."""
    arrived = trace.probe.receivers if leg == "forward" else (trace.probe.source,)
    seen = chain(_visits(trace, leg), repeat(("", destination)))
    for node, (interface, bound) in zip(nodes, seen, strict=False):
        if node not in arrived:
            netns = lab.plan.netns(node)
            of_client = sorted({table for client in lab.plan.clients if client.node == node for table in client.tables})
            tables = tuple(of_client) or (MAIN_TABLE,)
            if interface and not of_client:
                tables = kernel.tables_of(netns, interface)
            found = longest_match(kernel.routes(netns), bound, *tables)
            if found is not None and found.type == "unicast":
                yield node, Route(IPv4Network(found.prefix), _source(lab, node, found), ", ".join(found.devices), ())
            elif found is not None and any(fabric.node == node for fabric in lab.plan.fabrics):
                leads_to = "VnetLocal" if found.type == "throw" else "None"
                yield node, Route(IPv4Network(found.prefix), _source(lab, node, found), leads_to, ())


def _visits(trace: Trace, leg: Literal["forward", "reverse"]) -> Iterator[tuple[str, str]]:
    """The interface by which a packet came into each node of its way, be it there twice (empty at its maker), and the
    address that it was bound for there, translated if the node does so."""
    visits = groupby(passage(trace, leg), key=lambda seen: seen.node)
    for seen in (tuple(visit) for _, visit in visits):
        yield next((s.interface for s in seen if not s.outgoing), ""), seen[-1].target


def _source(lab: Lab, node: str, route: KernelRoute) -> str:
    if route.by_bgp:
        return "BGP"
    if any(fabric.node == node for fabric in lab.plan.fabrics):
        return _SOURCES.get(route.metric, "Default")
    return "the kernel's table " + ("main" if route.table == MAIN_TABLE else str(route.table))
