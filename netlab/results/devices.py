"""What the administrator of a site would type on a VPN device, so that it connects to Azure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """A file of a device: the device's node, the file's path there, and its text."""

    device: str
    path: str
    text: str
