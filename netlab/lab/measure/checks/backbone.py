"""Check that what is between public addresses of Azure stays on Microsoft's backbone (R80).

Success: since it was built, the Internet has forwarded nothing between two public addresses of Azure. Where a tunnel
between two VNets is up, the backbone has forwarded something.
Failure: the Internet has forwarded such a packet, or the backbone none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netlab.azure.state import State
from netlab.plan.model import AzureTraffic, Plan
from netlab.results.verification import Check
from netlab.scenario.names import INTERNET

NAME = "backbone"


def check(plan: Plan, state: State, carried: Callable[[str], int]) -> Iterator[Check]:
    """What the underlay has carried, of networks with tunnels between Azure's public addresses."""
    tunnels = [tunnel for tunnel in state.topology.tunnels if not tunnel.carriers]
    if not tunnels:
        return
    witnesses = [node for node in plan.nodes if any(isinstance(item, AzureTraffic) for item in node.nftables)]
    found = {node.name: carried(node.netns) for node in witnesses}
    strays = found.pop(INTERNET)
    inside = sum(found.values())
    up = sorted(tunnel.name for tunnel in tunnels if tunnel.name in state.up)
    problem = ""
    if strays:
        problem = f"the Internet has forwarded {strays} packets between public addresses of Azure (R80)"
    elif up and not inside:
        problem = f"the backbone has forwarded nothing, and {', '.join(up)} is up"
    good = f"the backbone has forwarded {inside} packets between public addresses of Azure, the Internet none"
    yield Check(NAME, "failed" if problem else "passed", problem or good)
