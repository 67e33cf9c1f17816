"""The profile package of a point-to-site client: a snapshot that only a new download renews (azure-rules.md 6.1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path

from netlab.azure.p2s.routes import class_based, profile_prefixes
from netlab.machine.ports import Clients
from netlab.machine.secrets import write_secret
from netlab.plan.model import Client, Plan
from netlab.plan.names import package_directory
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.network import ClientTunnel


def path(lab: str, client: Client, clients: Clients) -> Path:
    """Where a client keeps the profile of the package that it downloaded; the rest of the package is beside it."""
    return Path(package_directory(lab, client.name), clients.profile_file(client))


def current(plan: Plan, tunnel: ClientTunnel, client: Client, clients: Clients) -> Mapping[str, str]:
    """The package that Azure would generate now: its files by their paths in it."""
    return clients.package(plan, client, tuple(map(str, profile_prefixes(tunnel))))


def read(lab: str, client: Client, clients: Clients) -> str:
    """The profile that a client downloaded last; empty if it never did."""
    try:
        return path(lab, client, clients).read_text()
    except FileNotFoundError:
        return ""


def is_current(plan: Plan, tunnel: ClientTunnel, client: Client, clients: Clients) -> bool:
    """Whether the profile that a client downloaded last is what Azure would generate now."""
    fresh = current(plan, tunnel, client, clients)[clients.profile_file(client)]
    return read(plan.lab, client, clients) == fresh


def download(plan: Plan, tunnel: ClientTunnel, client: Client, clients: Clients) -> None:
    """Download the package anew; a client that takes its routes from it has other ones (azure-rules.md 1.3, rule 3)."""
    before = clients.profile_routes(client, read(plan.lab, client, clients))
    fetch(plan, tunnel, client, clients)
    stale = set(before) - set(clients.profile_routes(client, read(plan.lab, client, clients)))
    install(plan, client, clients, stale)


def fetch(plan: Plan, tunnel: ClientTunnel, client: Client, clients: Clients) -> None:
    """Write down the package that Azure generates now, in the place of the one before; it may hold a key."""
    directory = Path(package_directory(plan.lab, client.name))
    shutil.rmtree(directory, ignore_errors=True)
    for name, text in current(plan, tunnel, client, clients).items():
        (directory / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret(directory / name, text)


def install(plan: Plan, client: Client, clients: Clients, stale: Iterable[str] = ()) -> None:
    """Give a client that is connected the routes of its profile, and the one of its address's class (P24).

    The default route of Windows has the better metric: 0.0.0.0/0 in a profile has no effect.
    """
    routes = clients.profile_routes(client, read(plan.lab, client, clients))
    address = clients.virtual_address(client) if routes or stale or client.class_based_route else ""
    if address:
        own = (str(class_based(IPv4Address(address))),) if client.class_based_route else ()
        added = (prefix for prefix in routes if prefix != str(DEFAULT_ROUTE))
        clients.change_routes(plan, client, add=(*added, *own), delete=stale)
