"""The security associations of IKE daemons, and why there are none; of a daemon that is dead there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.errors import LabError
from netlab.machine import charon, ike_daemons
from netlab.plan.model import Child, Selector


def sas(directory: str) -> list[charon.Sa]:
    """The IKE SAs of a daemon."""
    try:
        return ike_daemons.of(directory).sas(directory)
    except (OSError, LabError):
        return []


def listed(directory: str) -> tuple[charon.Listed, ...] | None:
    """Everything that a charon says of its IKE SAs; None where it does not answer, or where there is a pluto."""
    try:
        return charon.listed(directory)
    except (OSError, LabError):
        return None


def loaded(directory: str) -> Mapping[str, Mapping[str, Any]] | None:
    """The connections that a charon has loaded, in vici's words; None where it does not answer, or is a pluto."""
    try:
        return charon.loaded(directory)
    except (OSError, LabError):
        return None


def installed(directory: str) -> frozenset[str]:
    """The connections of a daemon that have an INSTALLED CHILD SA."""
    return frozenset(sa.connection for sa in sas(directory) if "INSTALLED" in sa.children)


def children(directory: str, connection: str) -> tuple[Child, ...]:
    """A connection's INSTALLED CHILD SAs, with the selectors that were negotiated."""
    return tuple(
        Child(name, Selector(local), Selector(remote))
        for sa in sas(directory)
        if sa.connection == connection
        for name, (local, remote) in zip(sa.names, sa.selectors, strict=True)
    )


def connecting(directory: str, connection: str) -> bool:
    """Whether a daemon is about to make an IKE SA of a connection that it has begun."""
    return any(sa.connection == connection and sa.state == "CONNECTING" for sa in sas(directory))


def refusal(directory: str, connection: str) -> str:
    """Why a connection that this daemon began last did not come up; empty if it began none."""
    return ike_daemons.of(directory).refusal(directory, connection)
