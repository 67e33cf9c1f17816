"""A link to the Internet is cut. The other ends notice it only after a timeout (R38)."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.azure.faults.kind import Faults, Impact, Kind, hit
from netlab.scenario.models import Action, LinkOf
from netlab.scenario.network import Network


def linked(network: Network, name: str, device: str | None = None) -> frozenset[str]:
    """The nodes whose link a name stands for: a client; both instances of a gateway; the devices of a site, or one."""
    if name in network.clients:
        return frozenset((network.clients[name].node,))
    gateway = network.vnets[name].vpn_gateway if name in network.vnets else None
    if gateway is not None:
        return frozenset(router.node for router in gateway.instances)
    site = network.sites[name]
    devices = site.devices if device is None else (site.device(device),)
    return frozenset(router.node for router in devices)


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, LinkOf)
    return linked(network, subject.name, subject.device)


def are_apart(network: Network, faults: Faults, names: Iterable[str]) -> bool:
    """Whether the link of one of these clients, VNets or sites is cut, so that they do not reach each other."""
    cut = hit(faults, Impact.CUT)
    return any(cut & linked(network, name) for name in names)


LINK = Kind(
    "link",
    "link",
    "cut_link",
    "mend_link",
    _named,
    Impact.CUT,
    why_down=lambda node: f"the link of {node} to the Internet is cut",
)
