"""What routers learn by BGP: azure-rules.md, sections 1.1, 3 and 5.5."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network
from typing import Any

import pytest
from converged import by_end, of_end

from netlab.scenario.loader import load
from netlab.scenario.models import Scenario
from netlab.scenario.network import resolve

POOL = "192.168.0.0/24"
V1, V2, V3, V4, S1 = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.101.0.0/16"
A1, A2, A3, AS1 = 65010, 65020, 65030, 65101


@cache
def catalogued(name: str) -> Scenario:
    return load(name).scenario


Heard = dict[str, tuple[int, ...]]


def static_prefixes(scenario: Scenario, end: str, connection: str) -> tuple[IPv4Network, ...]:
    network = resolve(scenario)
    return network.connections[connection].side(network.end(end)).static_prefixes


def heard(scenario: Scenario, end: str, announced: dict[str, list[str]] | None = None) -> Heard:
    """What an end learns: prefix and AS path."""
    return {str(prefix): paths[0].as_path for prefix, paths in by_end(scenario, announced)[end].items()}


def texts(prefixes: tuple[IPv4Network, ...]) -> set[str]:
    found = set(map(str, prefixes))
    assert len(found) == len(prefixes), "a prefix twice"
    return found


# --- the eight scenarios --------------------------------------------------------------------------------------------

BY_BGP: dict[str, dict[str, Heard]] = {
    "p2s-isolated-vnet": {"VNet1": {}},
    "p2s-peered-vnets": {"VNet1": {}},
    "p2s-multi-vnet-s2s": {"VNet1": {}, "VNet2": {}, "VNet3": {}},
    "p2s-multi-vnet-s2s-bgp": {
        "VNet1": {V2: (A2,), V3: (A2, A3)},
        "VNet2": {V1: (A1,), POOL: (A1,), V3: (A3,)},
        "VNet3": {V2: (A2,), V1: (A2, A1), POOL: (A2, A1)},
    },
    "p2s-branch": {"VNet1": {}, "Site1": {}},
    "p2s-branch-bgp": {"VNet1": {S1: (AS1,)}, "Site1": {V1: (A1,), POOL: (A1,)}},
    "p2s-multi-vnet-branch": {"VNet1": {}, "VNet2": {}, "VNet3": {}, "Site1": {}},
    "p2s-multi-vnet-branch-bgp": {
        "VNet1": {V2: (A2,), V3: (A2, A3), S1: (A2, A3, AS1)},
        "VNet2": {V1: (A1,), POOL: (A1,), V3: (A3,), S1: (A3, AS1)},
        "VNet3": {V2: (A2,), V1: (A2, A1), POOL: (A2, A1), S1: (AS1,)},
        # azure-rules.md 1.2, row 8.
        "Site1": {V3: (A3,), V2: (A3, A2), V1: (A3, A2, A1), POOL: (A3, A2, A1)},
    },
}


@pytest.mark.parametrize("name", BY_BGP)
def test_every_end_learns_what_the_documents_say(name: str) -> None:
    scenario = catalogued(name)
    assert {end: heard(scenario, end) for end in by_end(scenario)} == BY_BGP[name]


# --- a small network to try the rules on ----------------------------------------------------------------------------


def network(**changes: Any) -> Scenario:
    """VNet1 with a pool and a spoke, VNet2 and Site1 connected to it with BGP, Site2 without."""
    gateway_subnets = {name: {"GatewaySubnet": f"10.{n}.255.0/27"} for n, name in enumerate(("VNet1", "VNet2"), 1)}
    data: dict[str, Any] = {
        "name": "network",
        "vnets": {
            "VNet1": {
                "address_space": [V1],
                "subnets": gateway_subnets["VNet1"],
                "vpn_gateway": {"bgp": {"asn": A1}, "point_to_site": {"address_pool": POOL}},
            },
            "VNet2": {
                "address_space": [V2],
                "subnets": gateway_subnets["VNet2"],
                "vpn_gateway": {"bgp": {"asn": A2}},
            },
            "Spoke": {"address_space": [V4], "subnets": {}},
        },
        "peerings": {
            "hub": {"vnet": "VNet1", "remote_vnet": "Spoke", "allow_gateway_transit": True},
            "spoke": {"vnet": "Spoke", "remote_vnet": "VNet1", "use_remote_gateways": True},
        },
        "sites": {
            "Site1": {"address_prefixes": [S1], "bgp": {"asn": AS1}},
            "Site2": {"address_prefixes": ["10.102.0.0/16"]},
        },
        "connections": {
            "VNet1-VNet2": {"type": "Vnet2Vnet", "between": ["VNet1", "VNet2"], "enable_bgp": True},
            "VNet1-Site1": {"type": "IPsec", "between": ["VNet1", "Site1"], "enable_bgp": True},
            "VNet1-Site2": {"type": "IPsec", "between": ["VNet1", "Site2"]},
        },
    }
    return Scenario.model_validate(data | changes)


def test_a_gateway_announces_its_vnet_its_spokes_its_static_prefixes_and_its_pool() -> None:
    """B17, B18, B25; and B63: the BGP peers' host routes, which it does not advertise to them."""
    assert texts(of_end(network(), "VNet1")) == {V1, V4, "10.102.0.0/16", POOL, "10.2.255.30/32", "10.101.255.254/32"}
    assert heard(network(), "VNet2") == {
        **dict.fromkeys((V1, V4, "10.102.0.0/16", POOL), (A1,)),
        S1: (A1, AS1),
    }


def test_a_neighbour_without_bgp_learns_nothing() -> None:
    """B25, and the reason why nobody without BGP knows the pool."""
    assert heard(network(), "Site2") == {}
    assert {end.name for end in resolve(network()).bgp_ends} == {"VNet1", "VNet2", "Site1"}
    assert texts(static_prefixes(network(), "Site2", "VNet1-Site2")) == {V1}


def test_a_vnet_connection_without_bgp_holds_the_neighbours_space_without_its_pool_and_spokes() -> None:
    """R75, R78."""
    plain = {"VNet1-VNet2": {"type": "Vnet2Vnet", "between": ["VNet1", "VNet2"]}}
    found = network(connections=plain)
    assert texts(static_prefixes(found, "VNet2", "VNet1-VNet2")) == {V1}
    assert heard(found, "VNet2") == {}


def test_a_local_network_gateway_adds_to_what_bgp_tells() -> None:
    """R82; B11: without one, nothing but the peer's address."""
    assert texts(static_prefixes(network(), "VNet1", "VNet1-Site1")) == set()
    assert texts(static_prefixes(network(), "Site1", "VNet1-Site1")) == set()
    found = network(
        local_network_gateways={"wide": {"site": "Site1", "address_prefixes": ["10.150.0.0/16"]}},
        connections={
            "VNet1-VNet2": {"type": "Vnet2Vnet", "between": ["VNet1", "VNet2"], "enable_bgp": True},
            "VNet1-Site1": {
                "type": "IPsec",
                "between": ["VNet1", "Site1"],
                "enable_bgp": True,
                "local_network_gateways": {"VNet1": "wide"},
            },
        },
    )
    assert texts(static_prefixes(found, "VNet1", "VNet1-Site1")) == {"10.150.0.0/16"}
    assert heard(found, "VNet1") == {V2: (A2,), S1: (AS1,)}
    assert heard(found, "VNet2")["10.150.0.0/16"] == (A1,)


def test_the_device_of_a_site_sends_what_it_was_told_by_hand() -> None:
    site = {"address_prefixes": [S1], "static_routes": {"VNet1-Site1": [V1, V2]}}
    found = network(
        sites={"Site1": site}, connections={"VNet1-Site1": {"type": "IPsec", "between": ["VNet1", "Site1"]}}
    )
    assert texts(static_prefixes(found, "Site1", "VNet1-Site1")) == {V1, V2}


# --- B19 to B24: what a gateway refuses, and what it keeps to itself ------------------------------------------------


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param(V1, id="B19, identical to the VNet's"),
        pytest.param("10.1.5.0/24", id="B20, inside the VNet's"),
        pytest.param("10.1.0.4/32", id="B20, a host"),
        pytest.param(V4, id="B22, identical to a transit spoke's"),
        pytest.param("10.4.9.0/24", id="B22, inside a transit spoke's"),
    ],
)
def test_a_gateway_refuses_what_is_its_own(prefix: str) -> None:
    announced = {"Site1": [S1, prefix]}
    assert heard(network(), "VNet1", announced) == {S1: (AS1,), V2: (A2,)}
    assert heard(network(), "VNet2", announced)[S1] == (A1, AS1)
    assert heard(network(), "VNet2", announced).get(prefix) in {None, (A1,)}, "VNet1 passed on what it refused"


def test_a_peered_vnet_without_transit_is_unknown_to_the_gateway() -> None:
    """B22, second half: exact matches are accepted, and passed on."""
    peerings = {
        "hub": {"vnet": "VNet1", "remote_vnet": "Spoke"},
        "spoke": {"vnet": "Spoke", "remote_vnet": "VNet1"},
    }
    found, announced = network(peerings=peerings), {"Site1": [V4]}
    assert texts(resolve(found).vnets["VNet1"].prefixes) == {V1}
    assert heard(found, "VNet1", announced)[V4] == (AS1,)
    assert heard(found, "VNet2", announced)[V4] == (A1, AS1)


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("10.0.0.0/8", id="B21, B23, around the VNet's"),
        pytest.param("10.4.0.0/14", id="B21, B23, around a spoke's"),
        pytest.param("0.0.0.0/0", id="B24, the default route"),
    ],
)
def test_a_gateway_accepts_what_is_around_its_own_and_keeps_it_to_itself(prefix: str) -> None:
    announced = {"Site1": [S1, prefix]}
    assert heard(network(), "VNet1", announced)[prefix] == (AS1,)
    assert prefix not in heard(network(), "VNet2", announced)


def test_a_gateway_passes_on_what_only_its_neighbour_refuses() -> None:
    inside_vnet2 = {"Site1": ["10.2.7.0/24"]}
    assert heard(network(), "VNet1", inside_vnet2)["10.2.7.0/24"] == (AS1,)
    assert "10.2.7.0/24" not in heard(network(), "VNet2", inside_vnet2)


def test_a_site_passes_on_everything_the_default_route_too() -> None:
    """Its device is no Azure gateway: VNet1 and VNet2 are connected through Site1 only."""
    between = (["VNet1", "Site1"], ["VNet2", "Site1"], ["VNet1", "Site3"])
    found = network(
        sites={
            "Site1": {"address_prefixes": [S1], "bgp": {"asn": AS1}},
            "Site3": {"address_prefixes": ["10.103.0.0/16"], "bgp": {"asn": 65103}},
        },
        connections={"-".join(ends): {"type": "IPsec", "between": ends, "enable_bgp": True} for ends in between},
    )
    assert heard(found, "VNet2")[POOL] == (AS1, A1)
    assert heard(found, "VNet2", {"Site1": ["0.0.0.0/0"]})["0.0.0.0/0"] == (AS1,)
    # VNet1 tells Site1 no default route of Site3's.
    assert "0.0.0.0/0" not in heard(found, "Site1", {"Site3": ["0.0.0.0/0"]})


def test_branches_reach_each_other_over_one_gateway() -> None:
    """B32."""
    found = _two_branches(65101, 65102)
    assert heard(found, "Site2")[S1] == (A1, 65101)
    assert heard(found, "Site1")["10.102.0.0/16"] == (A1, 65102)


def test_an_end_drops_a_path_that_holds_its_own_asn() -> None:
    """B31: two branches of one ASN do not hear of each other."""
    found = _two_branches(65101, 65101)
    assert heard(found, "VNet1") == {S1: (65101,), "10.102.0.0/16": (65101,)}
    assert heard(found, "Site1") == heard(found, "Site2") == {V1: (A1,), V4: (A1,), POOL: (A1,)}


def _two_branches(one: int, other: int) -> Scenario:
    return network(
        sites={
            "Site1": {"address_prefixes": [S1], "bgp": {"asn": one}},
            "Site2": {"address_prefixes": ["10.102.0.0/16"], "bgp": {"asn": other}},
        },
        connections={
            f"VNet1-{site}": {"type": "IPsec", "between": ["VNet1", site], "enable_bgp": True}
            for site in ("Site1", "Site2")
        },
    )


# --- best paths and withdrawal --------------------------------------------------------------------------------------


def _ring(*between: tuple[str, str]) -> Scenario:
    ends = sorted({end for pair in between for end in pair})
    return network(
        peerings={},
        vnets={
            end: {
                "address_space": [f"10.{n}.0.0/16"],
                "subnets": {"GatewaySubnet": f"10.{n}.255.0/27"},
                "vpn_gateway": {"bgp": {"asn": 65000 + n}},
            }
            for n, end in enumerate(ends, 1)
        },
        sites={},
        connections={f"{a}-{b}": {"type": "Vnet2Vnet", "between": [a, b], "enable_bgp": True} for a, b in between},
    )


def test_the_shortest_path_wins() -> None:
    """B28."""
    assert heard(_ring(("a", "b"), ("b", "c"), ("a", "c")), "a") == {V2: (65002,), V3: (65003,)}


def test_equal_paths_are_used_together() -> None:
    """B27: a hears of d's space from b and from c."""
    found = by_end(_ring(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")))
    paths = found["a"][IPv4Network("10.4.0.0/16")]
    assert [(path.tunnel, path.as_path) for path in paths] == [("a-b", (65002, 65004)), ("a-c", (65003, 65004))]


def test_what_a_site_withdraws_is_gone_everywhere() -> None:
    scenario = catalogued("p2s-multi-vnet-branch-bgp")
    for end in ("VNet1", "VNet2", "VNet3"):
        before, after = heard(scenario, end), heard(scenario, end, {"Site1": []})
        assert before.keys() - after.keys() == {S1}
        assert before.items() >= after.items()
    assert heard(scenario, "Site1", {"Site1": []}) == heard(scenario, "Site1")


def test_what_a_site_withdraws_stays_where_it_is_static() -> None:
    """R83: a static route does not depend on what the site says."""
    assert heard(network(), "VNet2", {"Site2": []})["10.102.0.0/16"] == (A1,)


@pytest.mark.parametrize(("count", "kept"), [(4000, True), (4001, False)])
def test_a_peer_that_tells_too_much_loses_its_session_and_nobody_else_does(count: int, kept: bool) -> None:
    """B16. What is refused does not count (B19), nor does anybody tell the gateway what it said itself."""
    parts = IPv4Network("172.16.0.0/12").subnets(new_prefix=24)
    told = [*(str(next(parts)) for _ in range(count)), V1]
    found = heard(_two_branches(65101, 65102), "VNet1", {"Site1": told})
    assert ("172.16.0.0/24" in found) is kept
    assert found["10.102.0.0/16"] == (65102,)
