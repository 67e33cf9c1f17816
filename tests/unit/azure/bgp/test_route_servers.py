"""Route Servers: who tells whom (azure-rules.md, section 4), and what reaches the tables of a VNet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from netlab.azure.bgp.settling import Path as BgpPath
from netlab.azure.bgp.values import MAXIMUM_PREFIX, SEED_MAXIMUM_PREFIX
from netlab.azure.learning import learners
from netlab.azure.learning import routers as learning_routers
from netlab.azure.moments import after, initial
from netlab.azure.prediction import matrix
from netlab.azure.state import State
from netlab.controllers import tables as controller
from netlab.plan.model import Plan, Route, SubnetTable
from netlab.plan.planner import plan
from netlab.plan.tables import GATEWAY_METRIC
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario
from netlab.scenario.network import resolve

TEXT = """
name: servers
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      a: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, sites: [Remote]}}}
      b: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65002, announces: [10.9.0.0/16]}}}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {}
  Spoke:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms: {vm2: {subnet: default}}
  Aside:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24}
    vms: {vm3: {subnet: default}}
peerings:
  hub-spoke: {vnet: VNet1, remote_vnet: Spoke, allow_gateway_transit: true}
  spoke-hub: {vnet: Spoke, remote_vnet: VNet1, use_remote_gateways: true}
  hub-aside: {vnet: VNet1, remote_vnet: Aside, allow_gateway_transit: true}
  aside-hub: {vnet: Aside, remote_vnet: VNet1}
sites:
  Remote: {address_prefixes: [10.201.0.0/16], bgp: {asn: 65201}}
  Office: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}}
  Plain: {address_prefixes: [10.102.0.0/16]}
connections:
  VNet1-Office: {type: IPsec, between: [VNet1, Office], enable_bgp: true}
  VNet1-Plain: {type: IPsec, between: [VNet1, Plain]}
"""
BRANCH_TO_BRANCH = ("route_server: {}", "route_server: {allow_branch_to_branch_traffic: true}")
B = "asn: 65002, announces: [10.9.0.0/16]"
SERVERS = ("vnet1-rs-0", "vnet1-rs-1")
GATEWAYS = ("vnet1-gw-0", "vnet1-gw-1")


def scenario(*edits: tuple[str, str]) -> Scenario:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return parse(text, "servers.yaml").scenario


def state(*edits: tuple[str, str]) -> State:
    return initial(scenario(*edits))


def acted(start: State, verb: str, **subject: Any) -> State:
    return after(start, Action.model_validate({verb: subject}))


def heard(at: State, node: str) -> dict[str, tuple[int, ...]]:
    """What a node learns: prefix and AS path."""
    return {str(prefix): paths[0].as_path for prefix, paths in at.learned[node].items()}


def paths(at: State, node: str, prefix: str) -> tuple[BgpPath, ...]:
    return at.learned[node].get(IPv4Network(prefix), ())


def next_hops(at: State, node: str, prefix: str) -> set[str]:
    return {str(path.next_hop) for path in paths(at, node, prefix)}


# --- appliances -----------------------------------------------------------------------------------------------------


def test_appliances_hear_of_the_vnet_and_its_spokes_from_both_instances() -> None:
    """A3, A4, A13: not of a VNet that does not use the hub's gateways (A28)."""
    at = state()
    found = heard(at, "vnet1-b")
    assert found["10.1.0.0/16"] == found["10.2.0.0/16"] == (65515,)
    assert "10.3.0.0/16" not in found
    assert [path.neighbor for path in paths(at, "vnet1-b", "10.1.0.0/16")] == list(SERVERS)


def test_an_appliance_hears_of_another_one_with_its_next_hop() -> None:
    """A14, A15: plain eBGP, but for the next hop."""
    at = state()
    assert heard(at, "vnet1-a")["10.9.0.0/16"] == (65515, 65002)
    assert heard(at, "vnet1-b")["10.201.0.0/16"] == (65515, 65001, 65201)
    assert next_hops(at, "vnet1-a", "10.9.0.0/16") == {"10.1.0.6"}


def test_a_site_behind_an_appliance_hears_of_all_that() -> None:
    assert heard(state(), "remote") == {
        "10.1.0.0/16": (65001, 65515),
        "10.2.0.0/16": (65001, 65515),
        "10.9.0.0/16": (65001, 65515, 65002),
    }


def test_a_next_hop_may_be_another_address() -> None:
    """A14."""
    at = state((B, f"{B}, next_hop: 10.1.0.4"))
    for node in (*SERVERS, "vnet1-a"):
        assert next_hops(at, node, "10.9.0.0/16") == {"10.1.0.4"}


def test_a_next_hop_does_not_hear_of_what_leads_to_it() -> None:
    """RFC 4271, section 5.1.3; and Remote, behind it, does not either."""
    at = state((B, f"{B}, next_hop: 10.1.0.5"))
    assert next_hops(at, "vnet1-rs-0", "10.9.0.0/16") == {"10.1.0.5"}
    assert "10.9.0.0/16" not in {**heard(at, "vnet1-a"), **heard(at, "remote")}


def test_what_is_not_to_be_advertised_stays_with_the_route_server() -> None:
    """A22."""
    at = state(BRANCH_TO_BRANCH, (B, f"{B}, no_advertise: [10.9.0.0/16]"))
    assert heard(at, "vnet1-rs-0")["10.9.0.0/16"] == (65002,)
    for node in ("vnet1-a", "remote", "office", *GATEWAYS):
        assert "10.9.0.0/16" not in heard(at, node)


def test_equal_paths_are_all_kept_and_a_shorter_one_alone() -> None:
    """A16, A17."""
    also = ("sites: [Remote]}}}", "sites: [Remote], announces: [10.9.0.0/16]}}}")
    assert next_hops(state(also), "vnet1-rs-0", "10.9.0.0/16") == {"10.1.0.5", "10.1.0.6"}
    prepended = state(also, (B, f"{B}, as_path_prepend: 2"))
    assert next_hops(prepended, "vnet1-rs-0", "10.9.0.0/16") == {"10.1.0.5"}
    alone = acted(prepended, "stop_vm", vm="a")
    assert heard(alone, "vnet1-rs-0")["10.9.0.0/16"] == (65002,) * 3


def test_an_appliance_may_peer_with_one_instance_only() -> None:
    """A4: what it tells, the other instance does not know."""
    at = state((B, f"{B}, route_server_instances: [1]"))
    assert "10.9.0.0/16" in heard(at, "vnet1-rs-1")
    assert "10.9.0.0/16" not in heard(at, "vnet1-rs-0")
    assert [path.neighbor for path in paths(at, "vnet1-a", "10.9.0.0/16")] == ["vnet1-rs-1"]


def test_appliances_of_one_asn_do_not_hear_of_each_other() -> None:
    """B31."""
    at = state(("asn: 65002", "asn: 65001"))
    assert "10.9.0.0/16" not in heard(at, "vnet1-a")
    assert "10.201.0.0/16" not in heard(at, "vnet1-b")


@pytest.mark.parametrize("prefix", ["10.1.0.0/16", "10.1.0.0/24", "10.2.0.0/24"])
def test_a_route_server_takes_nothing_of_its_vnet(prefix: str) -> None:
    """A18."""
    at = acted(state(), "announce", nva="VNet1-b", prefix=prefix)
    assert prefix not in heard(at, "vnet1-rs-0")


def test_a_route_server_takes_a_prefix_around_its_vnet() -> None:
    """A18."""
    at = acted(state(), "announce", nva="VNet1-b", prefix="10.0.0.0/8")
    assert heard(at, "vnet1-rs-0")["10.0.0.0/8"] == (65002,)


def test_what_a_stopped_appliance_told_is_gone_until_it_starts() -> None:
    stopped = acted(state(), "stop_vm", vm="b")
    assert "10.9.0.0/16" not in heard(stopped, "vnet1-rs-0")
    assert learning_routers(stopped, "vnet1-b") == ()
    assert heard(acted(stopped, "start_vm", vm="b"), "vnet1-rs-0") == heard(state(), "vnet1-rs-0")


@pytest.mark.parametrize(("profile", "most"), [("seed", SEED_MAXIMUM_PREFIX), ("current", MAXIMUM_PREFIX)])
def test_too_many_prefixes_end_the_sessions_of_an_appliance(profile: str, most: int) -> None:
    """A8."""
    start = state(("name: servers\n", f"name: servers\nprofile: {profile}\n"), ("active_active: true, ", ""))
    full = acted(start, "announce", nva="VNet1-b", prefix="100.64.0.0/12", count=most - 1)  # and its own one
    assert len(heard(full, "vnet1-rs-0")) == most + 1  # and Remote's
    over = acted(start, "announce", nva="VNet1-b", prefix="100.64.0.0/12", count=most)
    assert set(heard(over, "vnet1-rs-0")) == {"10.201.0.0/16"}
    assert not heard(over, "vnet1-b")


# --- branch-to-branch -----------------------------------------------------------------------------------------------


def test_without_branch_to_branch_gateway_and_appliances_do_not_hear_of_each_other() -> None:
    """A23."""
    at = state()
    for node in (*SERVERS, "vnet1-a", "vnet1-b", "remote"):
        assert not {"10.101.0.0/16", "10.102.0.0/16"} & set(heard(at, node))
    for node in (*GATEWAYS, "office"):
        assert not {"10.9.0.0/16", "10.201.0.0/16"} & set(heard(at, node))


def test_with_branch_to_branch_they_do() -> None:
    """A23, A24: static prefixes too."""
    at = state(BRANCH_TO_BRANCH)
    assert heard(at, "remote")["10.101.0.0/16"] == (65001, 65515, 65101)
    assert heard(at, "remote")["10.102.0.0/16"] == (65001, 65515)
    assert heard(at, "office")["10.201.0.0/16"] == (65515, 65001, 65201)
    for node in GATEWAYS:
        assert heard(at, node)["10.9.0.0/16"] == (65002,)


def test_a_gateway_takes_a_default_route_and_keeps_it() -> None:
    """A26."""
    at = acted(state(BRANCH_TO_BRANCH), "announce", nva="VNet1-b", prefix="0.0.0.0/0")
    assert heard(at, "vnet1-gw-0")["0.0.0.0/0"] == (65002,)
    assert "0.0.0.0/0" not in heard(at, "office")
    assert "0.0.0.0/0" not in heard(at, "remote")


def test_who_learns() -> None:
    nodes = (*SERVERS, "vnet1-a", "vnet1-b")
    assert set(learners(resolve(scenario()))) == {"VNet1", "Office", "Remote", *nodes}


# --- the tables of VNets --------------------------------------------------------------------------------------------


def tables(found: Plan, node: str, subnet: str) -> SubnetTable:
    fabric = next(fabric for fabric in found.fabrics if fabric.node == node)
    return next(item for item in fabric.tables if item.subnet == subnet)


def wanted(item: SubnetTable, told: Mapping[str, set[str]] | None = None) -> dict[str, Route]:
    """The routes of a table when the Route Server of VNet1 tells these next hops by prefix."""
    injected = {"VNet1": {prefix: (1, frozenset(hops)) for prefix, hops in (told or {}).items()}}
    return {route.prefix: route for route in controller.wanted_routes(item, {}, injected)}


def test_what_a_route_server_knows_is_in_the_table_with_its_next_hop() -> None:
    """A12, A14."""
    table = tables(plan(scenario(), "lab"), "vnet1", "default")
    found = wanted(table, {"10.9.0.0/16": {"10.1.0.6"}})
    expected = Route("10.9.0.0/16", "v-b", via="10.1.0.6", table=table.table, metric=GATEWAY_METRIC)
    assert found["10.9.0.0/16"] == expected


def test_several_next_hops_share_a_prefix() -> None:
    """A16."""
    table = tables(plan(scenario(), "lab"), "vnet1", "default")
    found = wanted(table, {"10.9.0.0/16": {"10.1.0.5", "10.1.0.6"}})["10.9.0.0/16"]
    assert set(found.hops) == {("v-a", "10.1.0.5"), ("v-b", "10.1.0.6")}


def test_in_a_spoke_it_leads_over_the_peering_and_elsewhere_nowhere() -> None:
    """A28."""
    found = plan(scenario(), "lab")
    spoke = wanted(tables(found, "spoke", "default"), {"10.9.0.0/16": {"10.1.0.6"}})
    assert spoke["10.9.0.0/16"].device == "n-vnet1-b"
    aside = wanted(tables(found, "aside", "default"), {"10.9.0.0/16": {"10.1.0.6"}})
    assert "10.9.0.0/16" not in aside


def test_without_propagation_a_table_has_nothing_of_it() -> None:
    """A29."""
    table = replace(tables(plan(scenario(), "lab"), "vnet1", "default"), propagates=False)
    assert "10.9.0.0/16" not in wanted(table, {"10.9.0.0/16": {"10.1.0.6"}})


@pytest.mark.parametrize("inside", ["10.1.0.0/24", "10.3.0.0/16", "10.3.7.0/24"])
def test_the_vnets_and_its_peers_ranges_are_not_to_be_steered(inside: str) -> None:
    """A18, A19."""
    table = tables(plan(scenario(), "lab"), "vnet1", "default")
    assert wanted(table, {inside: {"10.1.0.6"}}) == wanted(table)


def test_a_default_route_replaces_the_internet_and_the_none_routes() -> None:
    """Section 5.1, item 5."""
    table = tables(plan(scenario(), "lab"), "vnet1", "default")
    found = wanted(table, {"0.0.0.0/0": {"10.1.0.6"}})
    assert found["0.0.0.0/0"].device == "v-b"
    assert "172.16.0.0/12" in wanted(table)
    assert "172.16.0.0/12" not in found


def test_a_next_hop_that_no_nic_has_leads_nowhere() -> None:
    table = tables(plan(scenario(), "lab"), "vnet1", "default")
    assert wanted(table, {"10.9.0.0/16": {"10.1.0.99"}})["10.9.0.0/16"].type == "blackhole"


# --- several regions ------------------------------------------------------------------------------------------------


def regions(*edits: tuple[str, str]) -> State:
    text = (Path(__file__).parents[4] / "scenarios" / "route-server-multiregion.yaml").read_text()
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return initial(parse(text, "regions.yaml").scenario)


def test_a_route_server_drops_what_another_one_told_unless_the_appliance_overrides_its_asn() -> None:
    """A31: of another region's VNet; what is behind that one's appliance never bore 65515."""
    kept, plain = regions(), regions((", as_override: true", ""))
    assert heard(kept, "west-rs-0")["10.1.0.0/16"] == (65002, 65001, 65002)
    assert "10.1.0.0/16" not in heard(plain, "west-rs-0")
    assert heard(plain, "west-nva2")["10.1.0.0/16"] == (65001, 65515)
    assert heard(plain, "west-rs-0")["10.101.0.0/16"] == (65002, 65001, 65101)


def test_without_a_tunnel_what_another_appliance_told_leads_into_the_vnet() -> None:
    """A21: and there back to the appliance, unless its subnet has routes of its own."""
    at = regions()
    found = {(cell.source, cell.target): cell for cell in matrix(at)}
    (walk,) = found["north-vm3", "site1-h1"].forward
    assert walk.nodes == ("north-vm3", "north", "north-nva3", "north")
    assert walk.reason.startswith("loop")
    (walk,) = found["south-vm4", "site1-h1"].forward
    assert walk.nodes == ("south-vm4", "south", "south-nva4", "south", "east", "east-nva1", "site1", "site1-h1")
