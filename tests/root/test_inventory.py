"""What is read of a namespace is that namespace's."""

from __future__ import annotations

from netlab.machine import namespaces, processes
from netlab.machine.inventory import nftables
from netlab.plan.model.held import Fact


def _read(table: str) -> tuple[Fact, ...]:
    """The filters of a new namespace with one table; it is gone afterwards, and its inode is free."""
    with namespaces.nameless() as netns:
        assert processes.run(netns, ["nft", "-f", "-"], f"table ip {table} {{ }}") == (0, "")
        return namespaces.run_in(netns, nftables.filters_of_a_lab)


def test_a_namespace_is_not_taken_for_one_that_had_its_inode() -> None:
    for number in range(8):
        (found,) = _read(f"t{number}")
        assert found.object == f"table ip t{number}"
