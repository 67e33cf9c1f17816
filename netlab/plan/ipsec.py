"""IKE connections of tunnels: both sides as strongSwan configures them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from netlab.azure import ike
from netlab.azure.selectors import Selectors
from netlab.plan import proposals
from netlab.plan.devices import Device, shared_key_name
from netlab.plan.model import Child, IkeConnection, Selector
from netlab.scenario.network import Tunnel


def ike_connection(device: Device, peer: Device, tunnel: Tunnel) -> IkeConnection:
    """One end of a site-to-site or VNet-to-VNet tunnel, with a PSK (R29)."""
    side = tunnel.side(device.node)
    initiates, policy_based = side is ike.initiator(tunnel.connection), tunnel.connection.policy_based
    first, *further = ike.proposed(side) if initiates else ike.accepted(side)
    return IkeConnection(
        name=tunnel.name,
        local_address=device.local_address(tunnel.name),
        remote_address=str(side.mistaken_address or peer.public),
        local_id=device.public,
        remote_id=peer.public,
        secret=shared_key_name(tunnel.connection.name, device.end.name),
        initiator=initiates,
        ike_proposals=tuple(map(proposals.ike, ike.ike_proposals(side))),
        esp_proposals=tuple(map(proposals.esp, ike.esp_proposals(side))),
        local_ts=_selector(first.local),
        remote_ts=_selector(first.remote),
        if_id=device.if_id(tunnel.name),
        version=1 if ike.protocol(side) == "IKEv1" else 2,
        further=tuple(_children(f"{tunnel.name}-", further, 2)),
        refused=tuple(_children(f"{tunnel.name}-refused-", ike.refused(side), 1)),
        on_demand=ike.on_demand(side),
        # R23: policy-based gateways do not probe peers; R22: they take down what is idle.
        dpd_timeout=0 if policy_based else tunnel.connection.spec.dpd_timeout_seconds,
        idle_timeout=ike.IDLE_TIMEOUT if policy_based else 0,
        child_lifetime=ike.child_lifetime(side),
        translated=device.public if device.appliance is not None or device.private else "",
    )


def _children(name: str, selectors: Iterable[Selectors], first: int) -> Iterator[Child]:
    for number, each in enumerate(selectors, first):
        yield Child(f"{name}{number}", _selector(each.local), _selector(each.remote))


def _selector(prefixes: Iterable[IPv4Network]) -> Selector:
    return Selector(tuple(map(str, prefixes)))
