"""Names of namespaces, interfaces and run directories."""

from __future__ import annotations

import hashlib

IFNAMSIZ = 15
# sun_path holds 107 bytes (unix(7)): /run/netlab/<lab, 40>/<directory, 40>/charon.vici fits.
DIRECTORY = 40
RUN_ROOT = "/run/netlab"
NETNS_PREFIX = "nl."


def shorten(name: str, limit: int) -> str:
    """The name if it fits into ``limit`` characters, else its beginning and six digits of its hash."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def interface(name: str) -> str:
    """An interface name that the kernel accepts."""
    return shorten(name.lower(), IFNAMSIZ)


def lab_netns(lab: str, node: str) -> str:
    """The network namespace of a node; a dot separates, since names have none."""
    return f"{NETNS_PREFIX}{lab}.{node}"


def lab_directory(lab: str) -> str:
    """The run directory of a lab."""
    return f"{RUN_ROOT}/{lab}"


def node_directory(lab: str, node: str) -> str:
    """The run directory of a node's daemons."""
    return f"{lab_directory(lab)}/{shorten(node, DIRECTORY)}"


def certificate_path(lab: str, name: str) -> str:
    """Where a lab keeps a certificate; its private key is beside it, as ``.key``."""
    return f"{lab_directory(lab)}/certificates/{name}.pem"
