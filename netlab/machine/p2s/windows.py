"""The profile package of IKEv2 and SSTP: its VpnSettings.xml has the routes of Windows, and what connects."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Mapping
from pathlib import Path

from netlab.errors import ConvergeError
from netlab.plan.certificates import server_root_name
from netlab.plan.model import Client, Plan
from netlab.plan.names import certificate_path, package_directory
from netlab.render.text import vpn_settings

PROFILE = "Generic/VpnSettings.xml"


# As the file writes them.
_TYPES = {"IkeV2": "IKEv2", "SSTP": "SSTP"}


def package(plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
    """VpnSettings.xml; beside it VpnServerRoot.cer, where there is one."""
    files = {PROFILE: _settings(client, prefixes)}
    root = Path(certificate_path(plan.lab, server_root_name(client.gateway)))
    return files | ({"Generic/VpnServerRoot.cer": root.read_text()} if root.exists() else {})


def _settings(client: Client, prefixes: Collection[str]) -> str:
    types = [_TYPES[each] for each in client.package_types if each in _TYPES]
    return vpn_settings(client.server, types, client.authentication, prefixes)


def check_profile(plan: Plan, client: Client) -> None:
    """ConvergeError where a client does not connect with the profile that it has: the software knows no other server,
    type or authentication than those that are in it (P28)."""
    path = Path(package_directory(plan.lab, client.name), PROFILE)
    held = ElementTree.fromstring(path.read_text()) if path.exists() else ElementTree.Element("VpnProfile")
    types = (held.findtext("VpnType") or "").split(",")
    now = ElementTree.fromstring(_settings(client, ()))
    same = all(held.findtext(key) == now.findtext(key) for key in ("VpnServer", "Auth"))
    if not same or _TYPES[client.tunnel_type] not in types:
        raise ConvergeError(f"{client.name} does not connect: the profile that it has is from before a change")


def routes(profile: str) -> tuple[str, ...]:
    """The routes in a profile, which is empty where there is none."""
    found = ElementTree.fromstring(profile).findtext("Routes") if profile else None
    return tuple(route for route in (found or "").split(",") if route)
