"""Which tables belong to a box of a topology, and what they say of groups and route tables."""

from __future__ import annotations

import pytest

from netlab.azure.foretold import foretold
from netlab.report.chapters import chapters
from netlab.report.inside import configured, inside
from netlab.scenario.loader import catalogue, load

# By scenario and box: the tables.
KEYS = {
    ("nsg-three-tier", "vnet1/app"): ("effective VNet1", "group nsg-app", "group nsg-jump"),
    ("hub-spoke-firewall", "hub-gw-0"): ("learned Hub", "effective Hub/GatewaySubnet", "table gateway"),
    ("hub-spoke-firewall", "spoke2/default"): ("effective Spoke2/default", "table spokes"),
    ("hub-spoke-firewall", "site1"): ("learned Site1",),
    ("p2s-branch-bgp", "win"): ("client win",),
    ("expressroute", "vnet1-er-0"): ("learned vnet1-er-0", "learned vnet1-er-1"),
}


def keys(name: str) -> dict[str, tuple[str, ...]]:
    """The tables of each box of a scenario of the catalogue."""
    found = foretold(load(name).scenario)
    tables = (table for chapter in chapters(found) for same in chapter.tables.values() for table in same)
    return inside(found.topology, found.definition, (*configured(found.definition), *tables))


@pytest.mark.parametrize(("name", "box"), KEYS)
def test_a_box_has_its_tables_and_no_others(name: str, box: str) -> None:
    assert keys(name)[box] == KEYS[name, box]


def test_hosts_of_a_site_have_none() -> None:
    assert "site1/" not in keys("hub-spoke-firewall")


def test_a_group_has_its_rules_by_priority_and_those_of_azure_after_them() -> None:
    tables = {table.key: table for table in configured(foretold(load("nsg-three-tier").scenario).definition)}
    group = tables["group nsg-data"]
    assert group.rows[:2] == (
        ("AllowLogic", "110", "Inbound", "Allow", "Tcp", "AsgLogic", "*", "AsgDb", "*"),
        ("DenyToDb", "120", "Inbound", "Deny", "*", "*", "*", "AsgDb", "*"),
    )
    assert [row[0] for row in group.rows[2:]] == [
        "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound",
        "AllowVnetOutBound", "AllowInternetOutBound", "DenyAllOutBound",
    ]  # fmt: skip


@pytest.mark.parametrize("name", catalogue())
def test_every_route_table_and_group_in_use_is_behind_a_box(name: str) -> None:
    found = load(name).scenario
    used = {f"table {s.route_table}" for v in found.vnets.values() for s in v.subnets.values() if s.route_table}
    assert used <= {key for box in keys(name).values() for key in box}
