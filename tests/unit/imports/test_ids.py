"""Ids of Azure: parsed whatever their case, built, and shown without the subscription."""

from __future__ import annotations

import pytest

from netlab.imports.ids import key, parsed, shown

VNET = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/Hub"


def test_an_id_has_its_parts_as_they_were_spelled() -> None:
    found = parsed(f"{VNET.upper()}/subnets/Default")
    assert found is not None
    assert (found.type, found.names, found.group) == (
        "Microsoft.Network/virtualNetworks/subnets",
        ("HUB", "Default"),
        "RG",
    )
    assert found.key == f"{VNET}/subnets/default".lower()
    assert found.parent is not None
    assert found.parent.key == VNET.lower()


@pytest.mark.parametrize(
    "value", [None, 5, "", "hub", "/hub", "/subscriptions//resourceGroups/x", f"{VNET}/subnets", {}]
)
def test_other_values_are_none(value: object) -> None:
    assert parsed(value) is None
    assert key(value) == ""


def test_a_resource_group_and_an_extension_have_ids() -> None:
    group = parsed("/subscriptions/S/resourceGroups/RG")
    assert group is not None
    assert (group.type, group.name) == ("Microsoft.Resources/resourceGroups", "RG")
    lock = parsed(f"{VNET}/providers/Microsoft.Authorization/locks/l")
    assert lock is not None
    assert lock.type == "Microsoft.Authorization/locks"


def test_a_reader_sees_no_subscription() -> None:
    assert shown(VNET) == "RG/Microsoft.Network/virtualNetworks/Hub"
