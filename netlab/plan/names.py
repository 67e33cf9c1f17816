"""Names of namespaces, interfaces and run directories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from netlab.scenario.places import places

IFNAMSIZ = 15
# sun_path holds 107 bytes (unix(7)): /run/netlab/<lab, 40>/<directory, 40>/charon.vici fits.
DIRECTORY = 40
RUN_ROOT = "/run/netlab"
NETNS_PREFIX = "nl."
# Of routing tables: so many that two names seldom ask for one.
_FIRST_TABLE = 10_000
_TABLES = 990_000


def shorten(name: str, limit: int) -> str:
    """The name if it fits into ``limit`` characters, else its beginning and six digits of its hash."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def interface(name: str) -> str:
    """An interface name that the kernel accepts."""
    return shorten(name.lower(), IFNAMSIZ)


def table_numbers(names: Iterable[str]) -> dict[str, int]:
    """The numbers of a namespace's routing tables."""
    return {name: _FIRST_TABLE + place for name, place in places(names, _TABLES).items()}


def lab_netns(lab: str, node: str) -> str:
    """The network namespace of a node; a dot separates, since names have none."""
    return f"{NETNS_PREFIX}{lab}.{node}"


def lab_directory(lab: str) -> str:
    """The run directory of a lab."""
    return f"{RUN_ROOT}/{lab}"


def node_directory(lab: str, node: str) -> str:
    """The run directory of a node's daemons."""
    return f"{lab_directory(lab)}/{shorten(node, DIRECTORY)}"


def package_directory(lab: str, tunnel: str) -> str:
    """Where a client keeps the profile package for one of its tunnels."""
    return f"{lab_directory(lab)}/profiles/{tunnel}"


def secrets_path(lab: str) -> str:
    """Where a lab keeps its pre-shared keys and passwords, by the names that its plan gives them."""
    return f"{lab_directory(lab)}/secrets.json"


def certificate_path(lab: str, name: str) -> str:
    """Where a lab keeps a certificate; its private key is beside it, as ``.key``."""
    return f"{lab_directory(lab)}/certificates/{name}.pem"


def key_path(lab: str, name: str) -> str:
    """Where a lab keeps the private key of a certificate."""
    return f"{lab_directory(lab)}/certificates/{name}.key"
