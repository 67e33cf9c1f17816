"""Tunnel types of point-to-site (R56), a file each. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.azure.p2s.tunnels import ikev2, openvpn, sstp
from netlab.azure.p2s.tunnels.rules import TunnelRules
from netlab.scenario.models import TunnelType

__all__ = ["TUNNELS", "TunnelRules"]

TUNNELS: Mapping[TunnelType, TunnelRules] = {"IkeV2": ikev2.RULES, "OpenVPN": openvpn.RULES, "SSTP": sstp.RULES}
