"""The segments of TCP in tunnels of connections: both ends keep them small enough (R39)."""

from __future__ import annotations

from netlab.azure.sizes import TUNNEL_MSS
from netlab.plan.devices import Device
from netlab.plan.model import SegmentLimit
from netlab.plan.ports import TUNNEL_PORTS


def limit(device: Device) -> tuple[SegmentLimit, ...]:
    """What a device makes of TCP in its tunnels; nothing without one."""
    return (SegmentLimit(TUNNEL_PORTS, TUNNEL_MSS),) if device.tunnels else ()
