"""Names of Azure as names of the format (section 7)."""

from __future__ import annotations

import pytest

from netlab.imports.names import NameBook, fitted, lab


@pytest.mark.parametrize(
    ("azure", "written"),
    [
        ("Hub-VNet", "Hub-VNet"),
        ("Vnet1toSite5_1", "Vnet1toSite5-1"),
        ("my.vnet", "my-vnet"),
        ("_hub_", "hub"),
        ("1st", "n-1st"),
        ("münchen", "mnchen"),
        ("___", "n"),
        ("internet", "internet-1"),
        ("Internet", "Internet-1"),
    ],
)
def test_other_characters_go(azure: str, written: str) -> None:
    assert fitted(azure, "/id") == written


def test_a_long_name_ends_with_a_part_of_the_hash_of_its_id() -> None:
    name = "a" * 40
    one, two = fitted(name, "/SUBS/A"), fitted(name, "/subs/a")
    assert one == two
    assert len(one) == 32
    assert one.startswith("a" * 25 + "-")
    assert fitted(name, "/subs/b") != one


def test_a_name_of_the_allowed_length_stays() -> None:
    assert fitted("a" * 32, "/id") == "a" * 32
    assert fitted("a" * 64, "/id", 64) == "a" * 64


def test_the_lab_is_in_small_letters() -> None:
    assert lab("RG_Prod.West") == "rg-prod-west"


def test_of_equal_names_in_any_case_the_smallest_id_keeps_it() -> None:
    book = NameBook()
    book.give("vnets", [("/b/hub", "HUB", "rg-b"), ("/a/hub", "hub", "rg-a"), ("/c/hub", "Hub", "rg-b")], nodes=True)
    assert book.given["/a/hub"] == "hub"
    assert book.given["/b/hub"] == "HUB-rg-b"
    assert book.given["/c/hub"] not in ("HUB-rg-b", "hub", "Hub")


def test_a_machine_whose_node_is_another_vnets_has_another_name() -> None:
    book = NameBook()
    book.give("vnets", [("/a", "hub", ""), ("/b", "hub-vm", "")], nodes=True)
    assert book.machine("hub", "/vm", "vm", "rg") == "vm-rg"
    assert book.machine("hub", "/vm2", "vm2", "rg") == "vm2"
    assert book.machine("hub-vm", "/vm3", "vm2", "rg") == "vm2"
