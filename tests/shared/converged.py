"""What BGP converges to in a network whose tunnels are all up."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.azure.bgp.fixpoint import Paths, converge
from netlab.azure.bgp.sessions import originated
from netlab.scenario.models import Scenario
from netlab.scenario.network import Topology, resolve


def by_end(scenario: Scenario, announced: dict[str, list[str]] | None = None) -> dict[str, Paths]:
    """What every end learns while all tunnels are up, where each has one router on duty."""
    told = {site: frozenset(map(IPv4Network, prefixes)) for site, prefixes in (announced or {}).items()}
    topology = Topology(resolve(scenario))
    found = converge(topology, frozenset(topology.tunnel), told).paths
    ends = {topology.routers[node].end.name: paths for node, paths in found.items()}
    assert len(ends) == len(found), "several routers of one end"
    return ends


def of_end(scenario: Scenario, end: str) -> tuple[IPv4Network, ...]:
    """What the first router of an end originates."""
    network = resolve(scenario)
    return originated(Topology(network).with_tunnels(network.end(end))[0])
