"""The test matrices of the rulebook (sections N, L, F, T, E, U): the cell of a scenario, or the test, for each row."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.scenario.loader import load

TESTS = Path(__file__).parents[1]
SECURITY, BALANCERS = "azure/dataplane/test_security.py", "azure/dataplane/test_load_balancers.py"
FIREWALLS, NAT, ENDPOINTS = "azure/dataplane/test_firewalls.py", "azure/test_nat_rules.py", "azure/test_endpoints.py"
TAG, TIERS, FRONTEND = "nsg-virtual-network-tag", "nsg-three-tier", "load-balancer-frontend"
BALANCED, AZURE, STATEFUL = "nva-load-balancer", "hub-spoke-azure-firewall", "hub-spoke-stateful-firewall"
PRIVATE, OUT, SITES = "private-endpoint-hub-spoke", "private-subnet-outbound", "vpn-nat-overlapping-sites"
# A cell: a scenario, the place of a step, who asks, and who is asked.
Cell = tuple[str, int, str, str]
# Of each row the cells that are it, then cells beside it that end otherwise.
ROWS: dict[str, tuple[Cell, ...]] = {
    "N1": ((TAG, 0, "web", "plain"), (TAG, 0, "web", "lab")),
    "N2": ((TIERS, 0, "web1", "logic"), (TIERS, 0, "logic", "web1")),
    "N3": ((TIERS, 0, "web1", "web2"), (TIERS, 0, "db", "spare")),
    "N4": ((TAG, 0, "h1", "web"), (TAG, 0, "internet", "web")),
    "N6": ((TAG, 0, "far", "web"), (TAG, 0, "near", "web")),
    "N7": ((TIERS, 0, "internet", "web1"), (TAG, 0, "internet", "web")),
    "N10": ((STATEFUL, 0, "h1", "vm1"), (STATEFUL, 0, "h1", "vm4")),
    "N12": ((TIERS, 0, "logic", "db"), (TIERS, 0, "jump", "db"), (TIERS, 0, "jump", "spare")),
    "N13": ((TAG, 0, "web", "lab"), (TAG, 0, "web", "h1")),
    "L1": ((BALANCED, 0, "app", "db"), (BALANCED, 0, "app", "half")),
    "L3": ((BALANCED, 0, "half", "app"), (BALANCED, 0, "db", "app")),
    "L4": ((BALANCED, 1, "app", "db"),),
    "L5": ((BALANCED, 2, "app", "db"), (BALANCED, 2, "app", "nva1")),
    "L6": ((FRONTEND, 1, "web1", "lb-fe"), (FRONTEND, 1, "app", "lb-fe")),
    "L7": ((FRONTEND, 0, "app", "lb-fe"), (FRONTEND, 0, "app", "web1")),
    "L8": ((BALANCED, 0, "app", "db"),),
    "L9": ((BALANCED, 3, "app", "db"), (BALANCED, 3, "half", "app")),
    "L10": ((BALANCED, 4, "app", "db"), (BALANCED, 5, "app", "db")),
    "F1": ((AZURE, 0, "vm1", "vm2"), (AZURE, 0, "vm1", "vm3")),
    "F2": ((AZURE, 0, "vm3", "h1"), (AZURE, 0, "vm1", "h1")),
    "F3": ((AZURE, 0, "vm3", "h1"),),
    "F4": ((AZURE, 0, "vm4", "h1"), (AZURE, 0, "h1", "vm1")),
    "F5": ((AZURE, 0, "h1", "vm3"), (AZURE, 0, "h1", "vm1")),
    "F6": ((AZURE, 0, "h1", "vm3"), (AZURE, 0, "h1", "vm1")),
    "F7": ((AZURE, 0, "h1", "vm4"), (AZURE, 0, "h1", "vm1")),
    "F8": ((AZURE, 0, "vm1", "internet"), (AZURE, 0, "vm2", "internet")),
    "F10": ((AZURE, 0, "internet", "vm2"), (AZURE, 1, "internet", "vm2")),
    "F11": ((AZURE, 1, "vm1", "vm2"), (AZURE, 0, "vm1", "vm2")),
    "T1": ((SITES, 0, "h1", "vm"), (SITES, 1, "h1", "vm")),
    "T2": ((SITES, 0, "vm", "h1"), (SITES, 1, "vm", "h1")),
    "T3": ((SITES, 1, "h1", "vm"), (SITES, 2, "h1", "vm")),
    "T6": ((SITES, 0, "h4", "vm"), (SITES, 0, "vm", "h4")),
    "T7": (("vpn-nat-bgp", 1, "vm", "h1"), ("vpn-nat-bgp", 2, "vm", "h1")),
    "T8": (("vpn-nat-bgp", 3, "vm", "h1"), ("vpn-nat-bgp", 0, "vm", "h1")),
    "T9": ((SITES, 0, "h1", "h2"), (SITES, 0, "h1", "h4")),
    "E1": ((PRIVATE, 0, "near", "sql"), (PRIVATE, 0, "far", "sql")),
    "E2": ((PRIVATE, 0, "steered", "blob"), (PRIVATE, 0, "exact", "blob")),
    "E3": ((PRIVATE, 0, "steered", "sql"), (PRIVATE, 0, "near", "sql")),
    "E4": ((PRIVATE, 0, "forced", "sql"), (PRIVATE, 0, "steered", "sql")),
    "E5": ((PRIVATE, 0, "exact", "blob"), (PRIVATE, 0, "near", "blob")),
    "E6": ((PRIVATE, 0, "banned", "blob"), (PRIVATE, 0, "banned", "sql")),
    "E7": ((PRIVATE, 0, "lin", "blob"), (PRIVATE, 0, "lin", "waiting")),
    "E8": ((PRIVATE, 0, "far", "sql"), (PRIVATE, 0, "app", "sql")),
    "E9": ((OUT, 0, "split", "internet"), (OUT, 0, "forced", "internet")),
    "E10": ((OUT, 0, "lonely", "internet"), (OUT, 0, "worker", "internet")),
    "E11": ((OUT, 0, "forced", "internet"), (OUT, 0, "worker", "internet")),
    "E12": ((PRIVATE, 0, "h1", "sql"), (PRIVATE, 0, "h1", "blob")),
    "U5": (("udr-ecmp", 0, "shut", "vm0"), ("udr-ecmp", 0, "open", "vm0")),
    "U6": (("subnet-peering", 0, "front", "shared"), ("subnet-peering", 0, "back", "shared")),
    "U7": (("subnet-peering", 0, "h1", "front"), ("subnet-peering", 0, "h1", "back")),
    "U8": (("vnet-address-space-change", 1, "vm2", "vm1"), ("vnet-address-space-change", 2, "vm2", "vm1")),
    "U9": (("expressroute-fastpath", 0, "h1", "db1"), ("expressroute-fastpath", 0, "h1", "db2")),
}
# Rows that are no single pair of a scenario, or that `check` refuses: a test of the model or of a lab.
ELSEWHERE: dict[str, str] = {
    "N5": f"unit/{SECURITY}::test_the_matrix",
    "N8": f"unit/{SECURITY}::test_the_matrix",
    "L2": "lab/test_frontends.py::test_flows_are_spread_over_the_members_and_none_comes_back_to_its_sender",
    "F9": f"unit/{FIREWALLS}::test_9_public_ranges_that_are_used_privately_see_an_instance",
    "T4": f"unit/{NAT}::test_internal_addresses_stay_where_they_are",
    "T5": "unit/scenario/rules/test_nat_rules.py::test_a_connection_without_its_ingress_rule_is_refused",
    "U1": "unit/azure/dataplane/test_next_hops.py::test_each_next_hop_may_take_a_flow_and_another_one_its_answer",
    "U2": "unit/azure/dataplane/test_next_hops.py::test_a_next_hop_has_no_health",
    "U4": "unit/azure/dataplane/test_next_hops.py::test_each_next_hop_may_take_a_flow_and_another_one_its_answer",
}
# N9: a lab's flows never outlive a change of rules, as with `flush_connection`. N11: an appliance of a lab translates
# no destinations. U3: a story changes a route table and asks anew; flows that go on are not asked for. U10: the prefix
# of a user route is no service tag.
WITHOUT = {"N9", "N11", "U3", "U10"}
LAST = {"N": 13, "L": 10, "F": 11, "T": 9, "E": 12, "U": 10}


def test_every_row_is_somewhere() -> None:
    rows = {f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)}
    assert rows == {*ROWS, *ELSEWHERE, *WITHOUT}
    assert len(ROWS) + len(ELSEWHERE) + len(WITHOUT) == len(rows)


@pytest.mark.parametrize(("row", "cell"), [(row, cell) for row, cells in ROWS.items() for cell in cells])
def test_a_row_is_stated_in_the_story(row: str, cell: Cell) -> None:
    """The story expects something of this pair in this step, by itself."""
    name, place, source, target = cell
    reach = load(name).scenario.story[place].expect.reach
    assert target in reach.get(source, {}), row


@pytest.mark.parametrize(("row", "test"), ELSEWHERE.items())
def test_a_row_has_a_test(row: str, test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}" in (TESTS / path).read_text(), row
