"""The profile package of a point-to-site client: a snapshot that only a new download renews (azure-rules.md 6.1)."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from netlab.azure.propagation import profile_prefixes
from netlab.plan.model import Client, Plan
from netlab.plan.names import lab_directory
from netlab.render.text import vpn_settings
from netlab.scenario.models import Scenario


class Machine(Protocol):
    """What installing a profile asks of the machine."""

    def change_client_routes(
        self, plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None: ...


def path(lab: str, client: Client) -> Path:
    """Where a client keeps the package that it downloaded."""
    return Path(lab_directory(lab), "profiles", client.node, "Generic", "VpnSettings.xml")


def current(plan: Plan, scenario: Scenario, client: Client) -> str:
    """The package that Azure would generate now."""
    server = next(c.remote_address for item in plan.charons if item.node == client.node for c in item.connections)
    return vpn_settings(server, tuple(map(str, profile_prefixes(scenario, client.gateway))))


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


def download(plan: Plan, scenario: Scenario, client: Client, machine: Machine) -> Path:
    """Download the package anew; a Windows client takes its routes from it (azure-rules.md 1.3, rule 3)."""
    before, after = read(plan.lab, client), current(plan, scenario, client)
    file = path(plan.lab, client)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(after)
    if client.os == "windows":
        old, new = routes_in(before) if before else (), routes_in(after)
        stale = [route for route in old if route not in new]
        machine.change_client_routes(plan, client, add=new, delete=stale)
    return file
