"""The profile package of IKEv2 and SSTP: its VpnSettings.xml has the routes of Windows."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Mapping
from pathlib import Path

from netlab.plan.certificates import server_root_name
from netlab.plan.model import Client, Plan
from netlab.plan.names import certificate_path
from netlab.render.text import vpn_settings

PROFILE = "Generic/VpnSettings.xml"


def package(plan: Plan, client: Client, vpn_type: str, prefixes: Collection[str]) -> Mapping[str, str]:
    """VpnSettings.xml; beside it VpnServerRoot.cer, where there is one."""
    files = {PROFILE: vpn_settings(client.server, vpn_type, tuple(prefixes))}
    root = Path(certificate_path(plan.lab, server_root_name(client.gateway)))
    return files | ({"Generic/VpnServerRoot.cer": root.read_text()} if root.exists() else {})


def routes(profile: str) -> tuple[str, ...]:
    """The routes in a profile, which is empty where there is none."""
    found = ElementTree.fromstring(profile).findtext("Routes") if profile else None
    return tuple(route for route in (found or "").split(",") if route)
