"""A VPN device falls silent, with its link up. The other ends notice it only after a timeout (R38)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind, Subjects
from netlab.azure.faults.link import linked, of_sites, subject_of
from netlab.scenario.models import Action, SiteDevice
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del faults
    subject = action.subject
    assert isinstance(subject, SiteDevice)
    return linked(network, subject.site, subject.device)


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    return _as_device(subject_of(network, node))


def _as_device(link: Mapping[str, Any]) -> Mapping[str, Any]:
    """How an action names the device that has a link."""
    return {"site" if key == "name" else key: value for key, value in link.items()}


def _each(network: Network) -> Subjects:
    return map(_as_device, of_sites(network))


DEVICE = Kind(
    "device",
    "device",
    "silence_device",
    "wake_device",
    _named,
    _subject,
    Impact.SILENT,
    why_down=lambda node: f"{node} is silent",
    single=_each,
)
