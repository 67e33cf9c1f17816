"""A link to the Internet is cut. The other ends notice it only after a timeout (R38)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects, hit
from netlab.scenario.models import Action, LinkOf
from netlab.scenario.network import Network


def linked(network: Network, name: str, device: str | None = None) -> frozenset[str]:
    """The nodes whose link a name stands for: a client; both instances of a gateway; the devices of a site, or one."""
    if name in network.clients:
        return frozenset((network.clients[name].node,))
    if name in network.vnets:
        gateway = network.vnets[name].vpn_gateway
        return frozenset(router.node for router in gateway.instances) if gateway is not None else frozenset()
    site = network.sites[name]
    devices = site.devices if device is None else (site.device(device),)
    return frozenset(router.node for router in devices)


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, LinkOf)
    return linked(network, subject.name, subject.device)


def are_apart(network: Network, faults: Faults, names: Iterable[str]) -> bool:
    """Whether these clients, VNets or sites do not reach each other: the link of one is cut, or all the Internet."""
    if hit(faults, Impact.CUT_OFF):
        return True
    cut = hit(faults, Impact.CUT)
    return any(cut & linked(network, name) for name in names)


def subject_of(network: Network, node: str) -> Mapping[str, Any]:
    """How an action names the link of a node: by a client, a VNet or a site, of one with several devices with that."""
    for name in (*network.clients, *network.vnets, *network.sites):
        if node in linked(network, name):
            found = network.sites[name].spec.devices if name in network.sites else {}
            device = next((device for device in found if node in linked(network, name, device)), None)
            return {"name": name, **({} if device is None else {"device": device})}
    raise AssertionError(f"{node} has no link to the Internet")


def of_sites(network: Network) -> Subjects:
    """Each device of a site with a VPN connection, as an action on a link names it."""
    ends = {side.end.name for connection in network.connections.values() for side in connection.sides}
    for name in (name for name in network.sites if name in ends):
        yield from (subject_of(network, router.node) for router in network.sites[name].devices)


LINK = Kind(
    "link",
    "link",
    "cut_link",
    "mend_link",
    _named,
    subject_of,
    Impact.CUT,
    why_down=lambda node: f"the link of {node} to the Internet is cut",
    single=of_sites,
)
