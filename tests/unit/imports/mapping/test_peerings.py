"""Peerings whose address spaces are not in sync (R111, U19)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import imported_bodies, messages, peering, scenario, vnet

A, B = vnet("A", "10.1.0.0/16"), vnet("B", "10.2.0.0/16")
OLD = {"addressPrefixes": ["10.2.0.0/17", "fd00::/48"]}


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        ({"peeringSyncLevel": "LocalNotInSync", "remoteAddressSpace": OLD}, ["10.2.0.0/17"]),
        ({"peeringSyncLevel": "LocalAndRemoteNotInSync", "remoteAddressSpace": OLD}, ["10.2.0.0/17"]),
        ({"peeringSyncLevel": "LocalNotInSync"}, None),
        ({"peeringSyncLevel": "FullyInSync", "remoteAddressSpace": OLD}, None),
        ({"remoteAddressSpace": OLD}, None),
    ],
)
def test_a_peering_that_is_not_in_sync_uses_the_address_space_from_before(
    settings: dict[str, Any], held: list[str] | None
) -> None:
    found = imported_bodies(A, B, peering("A", "B", **settings), peering("B", "A"))
    made = scenario(found).peerings["A-to-B"].remote_address_space
    assert (None if made is None else list(map(str, made))) == held
    assert ("not in sync" in messages(found)) == (settings.get("peeringSyncLevel", "FullyInSync") != "FullyInSync")
