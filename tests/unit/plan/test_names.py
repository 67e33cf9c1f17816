"""Names of namespaces, interfaces and run directories."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.plan.names import interface, lab_directory, lab_netns, node_directory, shorten

SOCKETS = ("charon.vici", "zebra.vty", "bgpd.vty", "zserv.api")
# unix(7): sun_path has 108 bytes, one of them the zero at the end.
SUN_PATH = 107
# scenario.models: 40 characters for a lab; a node can be called after a VNet (32) and a connection (64).
LAB = "l" * 40
NODE = "v" * 32 + "-gw-0-edge-" + "c" * 64
TEXT = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=120)


@pytest.mark.parametrize("name", ["t-vnet1-vnet2", "x" * 15])
def test_a_name_that_fits_is_kept(name: str) -> None:
    assert interface(name) == name


def test_a_long_name_keeps_its_beginning() -> None:
    assert re.fullmatch(r"t-vnet1--[0-9a-f]{6}", interface("t-VNet1-to-the-branch-office"))


def test_names_with_the_same_beginning_stay_apart() -> None:
    assert interface("t-VNet1-to-the-branch-office") != interface("t-VNet1-to-the-branch-depot")


def test_an_interface_name_is_in_small_letters_and_case_makes_no_difference() -> None:
    assert interface("T-VNet1") == interface("t-vnet1") == "t-vnet1"
    long = "T-VNet1-to-the-branch-office"
    assert interface(long) == interface(long.lower())


@given(TEXT, st.integers(8, 60))
def test_a_shortened_name_fits_and_is_the_same_every_time(name: str, limit: int) -> None:
    assert len(shorten(name, limit)) <= limit
    assert shorten(name, limit) == shorten(name, limit)
    assert shorten(shorten(name, limit), limit) == shorten(name, limit)


@given(TEXT)
def test_an_interface_name_is_one_that_the_kernel_accepts(name: str) -> None:
    """dev_valid_name(): 1 to 15 characters, no slash, no colon, no space, not a dot or two."""
    assert re.fullmatch(r"[a-z0-9-]{1,15}", interface(name))


def test_a_dot_separates_lab_and_node() -> None:
    assert lab_netns("a-b", "c") == "nl.a-b.c"
    assert lab_netns("a", "b-c") != lab_netns("a-b", "c")


def test_a_namespace_of_the_longest_names_is_a_file_name() -> None:
    """NAME_MAX."""
    assert len(lab_netns(LAB, NODE)) <= 255


@pytest.mark.parametrize("socket", SOCKETS)
def test_the_socket_of_the_longest_names_has_a_path_that_fits(socket: str) -> None:
    path = f"{node_directory(LAB, NODE)}/{socket}"
    assert path.startswith(f"{lab_directory(LAB)}/")
    assert len(path.encode()) <= SUN_PATH
