"""The tunnel types that there are."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.machine.p2s import ikev2, openvpn, sstp
from netlab.machine.p2s.port import TunnelType
from netlab.plan.model import Client, Server

_TUNNELS: Mapping[str, TunnelType] = {"IkeV2": ikev2, "OpenVPN": openvpn, "SSTP": sstp}


def tunnel_type(end: Server | Client) -> TunnelType:
    """What an end's tunnel type does."""
    return _TUNNELS[end.tunnel_type]
