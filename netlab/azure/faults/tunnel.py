"""A tunnel is taken down; both ends notice at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.gateway import topologies
from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects, hit
from netlab.scenario.models import Action, ConnectionTunnel
from netlab.scenario.network import Network, Topology, Tunnel, VpnGateway


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    """The tunnels of a connection, those of lost instances too; or those at the instance that is named."""
    subject = action.subject
    assert isinstance(subject, ConnectionTunnel)
    mine = Topology(network, hit(faults, Impact.SWITCHED)).tunnels_by_connection[subject.connection]
    return frozenset(t.name for t in mine if subject.instance is None or _ends_at(t, subject.instance))


def _ends_at(tunnel: Tunnel, instance: int) -> bool:
    ends = ((router.index, router.end) for router in tunnel.routers)
    return any(index == instance and isinstance(end, VpnGateway) and end.active_active for index, end in ends)


def _subject(network: Network, name: str) -> Mapping[str, Any]:
    found = (topology.tunnel[name] for topology in topologies(network) if name in topology.tunnel)
    return {"connection": next(found).connection.name}


def _each(network: Network) -> Subjects:
    """The tunnels of a connection; those at each instance where an active-active gateway is an end."""
    for name, connection in network.connections.items():
        both = any(isinstance(side.end, VpnGateway) and side.end.active_active for side in connection.sides)
        yield from ({"connection": name, "instance": index} for index in (0, 1)) if both else ({"connection": name},)


TUNNEL = Kind(
    "tunnel",
    "tunnel",
    "fail_tunnel",
    "restore_tunnel",
    _named,
    _subject,
    why_down=lambda name: f"{name} was taken down",
    single=_each,
)
