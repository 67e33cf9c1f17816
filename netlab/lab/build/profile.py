"""The profile package of a point-to-site client: a snapshot that only a new download renews (azure-rules.md 6.1)."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

from netlab.azure.p2s.routes import class_based, profile_prefixes
from netlab.machine.ports import Clients
from netlab.plan.certificates import server_root_name
from netlab.plan.model import Client, Plan
from netlab.plan.names import certificate_path, lab_directory
from netlab.render.text import vpn_settings
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.network import ClientTunnel


def path(lab: str, client: Client) -> Path:
    """Where a client keeps the package that it downloaded; beside it VpnServerRoot.cer, where there is one."""
    return Path(lab_directory(lab), "profiles", client.name, "Generic", "VpnSettings.xml")


def current(plan: Plan, tunnel: ClientTunnel, client: Client) -> str:
    """The package that Azure would generate now."""
    server = next(
        connection.remote_address
        for item in plan.charons
        for connection in item.connections
        if (item.directory, connection.name) == (client.directory, client.connection)
    )
    return vpn_settings(server, tuple(map(str, profile_prefixes(tunnel))))


def routes_in(text: str) -> tuple[str, ...]:
    """The routes of a package."""
    found = ElementTree.fromstring(text).findtext("Routes") or ""
    return tuple(route for route in found.split(",") if route)


def read(lab: str, client: Client) -> str:
    """The package that a client downloaded last; empty if it never did."""
    try:
        return path(lab, client).read_text()
    except FileNotFoundError:
        return ""


def download(plan: Plan, tunnel: ClientTunnel, client: Client, clients: Clients) -> Path:
    """Download the package anew; a Windows client takes its routes from it (azure-rules.md 1.3, rule 3)."""
    before, after = read(plan.lab, client), current(plan, tunnel, client)
    file = path(plan.lab, client)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(after)
    root = Path(certificate_path(plan.lab, server_root_name(client.gateway)))
    if root.exists():
        (file.parent / "VpnServerRoot.cer").write_bytes(root.read_bytes())
    stale = set(routes_in(before) if before else ()) - set(routes_in(after))
    install(plan, client, clients, stale)
    return file


def install(plan: Plan, client: Client, clients: Clients, stale: Iterable[str] = ()) -> None:
    """Give a Windows client that is connected the routes of its package, and the one of its address's class (P24).

    Its own default route has the better metric: 0.0.0.0/0 in a package has no effect.
    """
    address = clients.virtual_address(client) if client.os == "windows" else ""
    if address:
        own = (str(class_based(IPv4Address(address))),) if client.class_based_route else ()
        added = (prefix for prefix in routes_in(read(plan.lab, client)) if prefix != str(DEFAULT_ROUTE))
        clients.change_routes(plan, client, add=(*added, *own), delete=stale)
