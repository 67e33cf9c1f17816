"""A VPN device falls silent, with its link up. The other ends notice it only after a timeout (R38)."""

from __future__ import annotations

from netlab.azure.faults.kind import Faults, Impact, Kind
from netlab.azure.faults.link import linked
from netlab.scenario.models import Action, SiteDevice
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, SiteDevice)
    return linked(network, subject.site, subject.device)


DEVICE = Kind(
    "device",
    "device",
    "silence_device",
    "wake_device",
    _named,
    Impact.SILENT,
    why_down=lambda node: f"{node} is silent",
)
