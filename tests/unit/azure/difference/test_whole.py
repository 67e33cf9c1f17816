"""What differs between two networks: nothing between equal ones, the mirror the other way, and each mistake by name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from changed_networks import NETWORK, Edit, between, network, put, text

from netlab.azure.difference.whole import difference
from netlab.azure.moments import after, initial
from netlab.results.difference import PARTS
from netlab.scenario.loader import parse
from netlab.scenario.models import Action

SILENT: dict[str, Edit] = {
    "nothing": lambda raw: None,
    "a region": put("vnets", "Near", "region", value="westus"),
    "a description": put("description", value="Other words."),
    "the order of keys": lambda raw: [raw.update({key: raw.pop(key)}) for key in sorted(raw)],
    "the order of objects": lambda raw: raw.update({"peerings": dict(reversed([*raw["peerings"].items()]))}),
    "a default in words": put("peerings", "Hub-to-Near", "allow_forwarded_traffic", value=False),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_changes_nothing_is_no_difference(case: str) -> None:
    found = between(network(), network(SILENT[case]))
    assert (found.objects, found.routes, found.cells) == ((), (), ())
    assert found.unchanged == 7 * 7


# What a change of a cell is the other way round.
MIRRORED = {"lost": "gained", "gained": "lost", "new": "gone", "gone": "new"}

# A realistic mistake, the object that is wrong, and a pair that is lost.
MISTAKES: dict[str, tuple[Edit, str, tuple[str, str]]] = {
    "route propagation off": (
        put("route_tables", "around", "disable_bgp_route_propagation", value=True),
        "route_tables.around",
        ("near-vm1", "dynamic-h1"),
    ),
    "a peering without forwarded traffic": (
        put("peerings", "Far-to-Hub", "allow_forwarded_traffic", value=False),
        "peerings.Far-to-Hub",
        ("near-vm1", "far-vm2"),
    ),
    "a narrower site prefix": (
        put("local_network_gateways", "plain", "address_prefixes", value=["10.102.0.0/24"]),
        "local_network_gateways.plain",
        ("hub-vm0", "plain-h2"),
    ),
    "a wrong ASN": (
        put("sites", "Second", "bgp", "asn", value=65101),
        "sites.Second",
        ("second-h3", "dynamic-h1"),
    ),
    "no gateway transit": (
        put("peerings", "Hub-to-Near", "allow_gateway_transit", value=False),
        "peerings.Hub-to-Near",
        ("near-vm1", "dynamic-h1"),
    ),
    "a next hop that no NIC has": (
        put("route_tables", "around", "routes", "far", "next_hop_ip_address", value="10.0.1.5"),
        "route_tables.around",
        ("near-vm1", "far-vm2"),
    ),
}
HARMLESS = ("vnets", "Hub", "vms", "fw2")


@pytest.mark.parametrize("case", MISTAKES)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a harmless change"])
def test_each_lost_cell_is_because_of_the_mistake(case: str, beside: bool) -> None:
    edit, name, pair = MISTAKES[case]

    def both(raw: Any) -> None:
        edit(raw)
        if beside:
            put(*HARMLESS, value={"subnet": "work"})(raw)

    found = between(network(), network(both, checked=False))
    lost = [cell for cell in found.cells if cell.kind == "lost"]
    assert pair in [(cell.source, cell.target) for cell in lost]
    assert {cell.because_of for cell in lost} == {(name,)}
    assert {one.name for one in found.objects if one.change == "changed" and one.kind != "connections"} == {name}


def test_two_mistakes_each_lose_their_own_cells() -> None:
    def both(raw: Any) -> None:
        MISTAKES["a narrower site prefix"][0](raw)
        MISTAKES["a peering without forwarded traffic"][0](raw)

    because = {(c.source, c.target): c.because_of for c in between(network(), network(both)).cells if c.kind == "lost"}
    assert because["hub-vm0", "plain-h2"] == ("local_network_gateways.plain",)
    assert because["near-vm1", "far-vm2"] == ("peerings.Far-to-Hub",)


def test_a_cell_that_two_changes_break_names_both() -> None:
    def both(raw: Any) -> None:
        MISTAKES["a next hop that no NIC has"][0](raw)
        MISTAKES["a peering without forwarded traffic"][0](raw)

    because = {(c.source, c.target): c.because_of for c in between(network(), network(both)).cells if c.kind == "lost"}
    assert because["near-vm1", "far-vm2"] == ("peerings.Far-to-Hub", "route_tables.around")


@pytest.mark.parametrize("case", MISTAKES)
def test_the_other_way_round_is_the_mirror(case: str) -> None:
    one, other = network(), network(MISTAKES[case][0], checked=False)
    there, back = between(one, other), between(other, one)
    cells = {(MIRRORED.get(c.kind, c.kind), c.source, c.target, c.protocols, c.after, c.before) for c in there.cells}
    assert {(c.kind, c.source, c.target, c.protocols, c.before, c.after) for c in back.cells} == cells
    assert {(r.place, r.prefix, r.after, r.before) for r in there.routes} == {
        (r.place, r.prefix, r.before, r.after) for r in back.routes
    }
    assert [(o.name, [(p.path, p.after, p.before) for p in o.properties]) for o in there.objects] == [
        (o.name, [(p.path, p.before, p.after) for p in o.properties]) for o in back.objects
    ]
    assert there.unchanged == back.unchanged


def test_routes_are_by_subnet_and_by_router() -> None:
    found = between(network(), network(MISTAKES["route propagation off"][0])).routes
    assert {(one.place, one.change) for one in found} == {("Near/work", "removed")}
    assert {"10.101.0.0/16", "10.102.0.0/16"} < {one.prefix for one in found}
    learned = between(network(), network(MISTAKES["a wrong ASN"][0])).routes
    lost = next(one for one in learned if (one.node, one.prefix) == ("Second", "10.101.0.0/16"))
    assert (lost.change, lost.before[0].as_path) == ("removed", (65010, 65101))
    changed = next(one for one in learned if (one.node, one.prefix) == ("Hub", "10.103.0.0/16"))
    assert [changed.before[0].as_path, changed.after[0].as_path] == [(65103,), (65101,)]


def test_a_connection_that_fails_says_so_and_why() -> None:
    before = initial(network())
    key = {"set_key": {"connection": "to-plain", "shared_key": "other", "end": "Plain"}}
    (one,) = difference(before, after(before, Action.model_validate(key)), PARTS).objects
    (state,) = one.properties
    assert (one.name, state.path, state.before) == ("connections.to-plain", "state", "Connected")
    assert state.after.startswith("NotConnected: ")


def test_a_secret_is_compared_and_not_shown() -> None:
    made = network(put("connections", "to-plain", "shared_key", value="first"))
    changed = network(put("connections", "to-plain", "shared_key", value="other"))
    (one,) = between(made, changed).objects
    assert [(p.path, p.before, p.after) for p in one.properties] == [("shared_key", "a secret", "another secret")]


RENAMED: dict[str, tuple[dict[str, str], str]] = {
    "a VNet and all that names it": ({"Near": "Office"}, "vnets.Office"),
    "a machine": ({"vm1": "web"}, "vnets.Near.vms.web"),
    "a subnet": ({"firewall": "inspection"}, "vnets.Hub.subnets.inspection"),
    "a route table": ({"around": "by-firewall"}, "route_tables.by-firewall"),
    "a site": ({"Plain": "Branch"}, "sites.Branch"),
    "a connection": ({"to-plain": "tunnel"}, "connections.tunnel"),
    "a local network gateway": ({"dynamic": "known"}, "local_network_gateways.known"),
}


@pytest.mark.parametrize("case", RENAMED)
def test_what_is_renamed_is_matched_through_the_rename(case: str) -> None:
    words, name = RENAMED[case]
    renamed = text()
    for old, new in words.items():
        renamed = "\n".join(_with(line, old, new) for line in renamed.splitlines())
    found = between(network(), parse(renamed, "n").scenario)
    assert name in [one.name for one in found.objects]
    assert {one.change for one in found.objects} == {"renamed"}
    assert (found.routes, found.cells) == ((), ())


def _with(line: str, old: str, new: str) -> str:
    return line if line.startswith("name:") else re.sub(rf"(?<!\w){old}(?![\w-])", new, line)


def test_machines_of_one_side_only_are_new_or_gone() -> None:
    found = between(network(), network(put(*HARMLESS, value={"subnet": "work"})))
    assert [(cell.kind, cell.source) for cell in found.cells] == [("new", "hub-fw2")]
    assert [(one.change, one.name) for one in found.objects] == [("added", "vnets.Hub.vms.fw2")]
    assert NETWORK["vnets"]["Hub"]["vms"].keys() == {"vm0", "fw"}
