"""Which routes of a NIC are active: azure-rules.md, section 5."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.azure import effective
from netlab.azure.dataplane.offers import effective_routes
from netlab.azure.effective import (
    DEFAULT_ROUTE,
    NONE_PREFIXES,
    EffectiveRoute,
    NextHopType,
    active,
    fixed_routes,
    user_routes,
)
from netlab.azure.moments import initial
from netlab.scenario.models import Scenario
from netlab.scenario.network import Subnet, resolve

NONE = set(map(str, NONE_PREFIXES))


def scenario(*spaces: str, peered: tuple[str, ...] = (), flags: dict[str, bool] | None = None) -> Scenario:
    """VNet ``here`` with these ranges; ``there`` with those of ``peered``, connected to it."""
    vnets = {"here": {"address_space": spaces, "subnets": {}}}
    peerings = {}
    if peered:
        vnets["there"] = {"address_space": peered, "subnets": {}}
        peerings["out"] = {"vnet": "here", "remote_vnet": "there", **(flags or {})}
        peerings["back"] = {"vnet": "there", "remote_vnet": "here"}
    return Scenario.model_validate({"name": "s", "vnets": vnets, "peerings": peerings})


def system_routes(found: Scenario, vnet: str) -> list[EffectiveRoute]:
    return list(effective.system_routes(resolve(found).vnets[vnet]))


def subnet_of(found: Scenario, vnet: str, subnet: str) -> Subnet:
    return resolve(found).vnets[vnet].subnets[subnet]


def routes(found: Scenario, vnet: str = "here") -> dict[str, str]:
    """Prefix and next hop type of the system routes."""
    listed = [(str(route.prefix), route.next_hop_type) for route in system_routes(found, vnet)]
    assert len(listed) == len(dict(listed)), "a prefix twice"
    return dict(listed)


def vnet(prefix: str, kind: NextHopType = "VnetLocal") -> EffectiveRoute:
    return EffectiveRoute("Default", IPv4Network(prefix), kind)


def gateway(prefix: str) -> EffectiveRoute:
    return EffectiveRoute("VirtualNetworkGateway", IPv4Network(prefix), "VirtualNetworkGateway")


def user(prefix: str, kind: NextHopType = "VirtualAppliance", hop: str = "10.1.0.9", name: str = "") -> EffectiveRoute:
    return EffectiveRoute("User", IPv4Network(prefix), kind, hop, name)


INTERNET = vnet("0.0.0.0/0", "Internet")
NONES = tuple(vnet(prefix, "None") for prefix in sorted(NONE))


# --- 5.1: system routes ---------------------------------------------------------------------------------------------


def test_a_vnet_has_its_ranges_the_internet_and_the_none_routes() -> None:
    assert routes(scenario("10.1.0.0/16", "10.7.0.0/24")) == {
        "10.1.0.0/16": "VnetLocal",
        "10.7.0.0/24": "VnetLocal",
        "0.0.0.0/0": "Internet",
        **dict.fromkeys(NONE, "None"),
    }


@pytest.mark.parametrize("prefix", sorted(NONE))
def test_a_range_equal_to_a_none_route_takes_its_place(prefix: str) -> None:
    found = routes(scenario(prefix))
    assert found[prefix] == "VnetLocal"
    assert {p for p, kind in found.items() if kind == "None"} == NONE - {prefix}


@pytest.mark.parametrize("prefix", sorted(NONE))
def test_a_range_around_a_none_route_removes_it(prefix: str) -> None:
    wide = IPv4Network(prefix).supernet()
    found = routes(scenario(str(wide)))
    assert prefix not in found
    assert {p for p, kind in found.items() if kind == "None"} == {p for p in NONE if not IPv4Network(p).subnet_of(wide)}


@pytest.mark.parametrize("prefix", sorted(NONE))
def test_a_range_inside_a_none_route_leaves_it(prefix: str) -> None:
    inside = str(next(IPv4Network(prefix).subnets(prefixlen_diff=4)))
    found = routes(scenario(inside))
    assert found[inside] == "VnetLocal"
    assert found[prefix] == "None"


def test_a_peering_makes_one_route_per_range_of_the_peer() -> None:
    """R106."""
    found = scenario("10.1.0.0/16", peered=("10.2.0.0/16", "10.9.0.0/24"))
    assert [r for r in system_routes(found, "here") if r.next_hop_type == "VNetPeering"] == [
        EffectiveRoute("Default", IPv4Network(prefix), "VNetPeering", "there")
        for prefix in ("10.2.0.0/16", "10.9.0.0/24")
    ]
    assert routes(found, "there")["10.1.0.0/16"] == "VNetPeering"


def test_a_peering_needs_both_objects() -> None:
    """R101: one alone stays Initiated."""
    whole = scenario("10.1.0.0/16", peered=("10.2.0.0/16",))
    half = whole.model_copy(update={"peerings": {"out": whole.peerings["out"]}})
    assert "10.2.0.0/16" not in routes(half)
    assert "10.1.0.0/16" not in routes(half, "there")


def test_a_peers_range_takes_the_place_of_a_none_route_too() -> None:
    found = routes(scenario("10.1.0.0/16", peered=("192.168.0.0/16",)))
    assert found["192.168.0.0/16"] == "VNetPeering"


def test_a_peering_is_not_transitive() -> None:
    """R102."""
    chain = {name: {"address_space": [f"10.{n}.0.0/16"], "subnets": {}} for n, name in enumerate("abc", 1)}
    pairs = ("ab", "ba", "bc", "cb")
    peerings = {pair: {"vnet": pair[0], "remote_vnet": pair[1]} for pair in pairs}
    found = Scenario.model_validate({"name": "s", "vnets": chain, "peerings": peerings})
    assert "10.3.0.0/16" not in routes(found, "a")
    assert "10.3.0.0/16" in routes(found, "b")


# --- 5.2: selection -------------------------------------------------------------------------------------------------


def test_the_precedence_between_equal_prefixes_is_user_gateway_system() -> None:
    prefix = "10.8.0.0/16"
    ranked = [user(prefix), gateway(prefix), vnet(prefix, "None")]
    for best in range(len(ranked)):
        assert list(active(reversed(ranked[best:]))) == [ranked[best]]


def test_different_prefixes_do_not_compete() -> None:
    """The longest prefix is the kernel's choice; all of them are active."""
    candidates = {vnet("10.0.0.0/8", "None"), gateway("10.8.0.0/16"), gateway("10.8.1.0/24"), user("10.8.1.128/25")}
    assert set(active(candidates)) == candidates


@pytest.mark.parametrize("kind", ["VnetLocal", "VNetPeering"])
@pytest.mark.parametrize("prefix", ["10.1.0.0/16", "10.1.5.0/24", "10.1.0.4/32"])
def test_a_gateway_route_equal_to_or_inside_a_vnet_or_peering_range_never_wins(kind: NextHopType, prefix: str) -> None:
    """The exception of 5.2, which B19, B20, A18 and A19 rest on."""
    mine = vnet("10.1.0.0/16", kind)
    assert list(active([gateway(prefix), mine])) == [mine]


def test_a_gateway_route_around_a_vnet_range_is_active() -> None:
    """B21."""
    assert gateway("10.0.0.0/8") in active([vnet("10.1.0.0/16"), gateway("10.0.0.0/8")])


def test_a_gateway_route_is_not_shielded_by_none_routes_or_the_internet() -> None:
    learned = [gateway("10.8.0.0/16"), gateway("192.168.0.0/16"), gateway("8.8.8.0/24")]
    assert set(learned) <= set(active([INTERNET, *NONES, *learned]))


def test_a_user_route_beats_a_vnet_or_peering_range() -> None:
    """5.2: the exception is for gateway routes only (worked examples 2, 6 and 7 of UDR23)."""
    equal, inside = user("10.1.0.0/16"), user("10.1.5.0/24")
    assert set(active([vnet("10.1.0.0/16"), equal, inside])) == {equal, inside}


def test_a_range_that_a_user_route_beats_still_shields() -> None:
    equal = user("10.1.0.0/16")
    assert set(active([vnet("10.1.0.0/16"), equal, gateway("10.1.5.0/24")])) == {equal}


def test_equal_gateway_routes_are_all_active() -> None:
    """ECMP."""
    both = [EffectiveRoute("VirtualNetworkGateway", DEFAULT_ROUTE, "VirtualNetworkGateway", hop) for hop in "ab"]
    assert list(active(both)) == both


# --- 5.1, item 5, and section 8, point 2: what removes the None routes ----------------------------------------------


@pytest.mark.parametrize(
    "forced", [gateway("0.0.0.0/0"), user("0.0.0.0/0"), user("0.0.0.0/0", "VirtualNetworkGateway", "")]
)
def test_an_active_default_route_to_elsewhere_removes_the_none_routes(forced: EffectiveRoute) -> None:
    mine = vnet("10.1.0.0/16")
    assert set(active([mine, INTERNET, *NONES, forced])) == {mine, forced}


def test_a_default_route_to_the_internet_leaves_the_none_routes() -> None:
    exempt = user("0.0.0.0/0", "Internet", "")
    assert set(active([INTERNET, *NONES, exempt])) == {exempt, *NONES}


def test_a_learned_default_route_that_loses_leaves_the_none_routes() -> None:
    """R85: a subnet is exempt from forced tunnelling by a UDR."""
    exempt = user("0.0.0.0/0", "Internet", "")
    assert set(active([INTERNET, *NONES, gateway("0.0.0.0/0"), exempt])) == {exempt, *NONES}


def test_a_none_route_that_a_user_asked_for_stays() -> None:
    asked = user("10.0.0.0/8", "None", "")
    assert asked in active([*NONES, asked, gateway("0.0.0.0/0")])


def test_halves_of_everything_are_no_default_route() -> None:
    """R64: 0.0.0.0/1 and 128.0.0.0/1 cover everything and remove nothing."""
    halves = [gateway("0.0.0.0/1"), gateway("128.0.0.0/1")]
    assert set(NONES) <= set(active([INTERNET, *NONES, *halves]))


def test_a_default_route_to_none_removes_the_none_routes_too() -> None:
    closed = user("0.0.0.0/0", "None", "")
    assert set(active([INTERNET, *NONES, closed])) == {closed}


def test_an_exempted_subnet_keeps_what_the_gateway_knows_better() -> None:
    """R85 is about 0.0.0.0/0 only."""
    exempt, site = user("0.0.0.0/0", "Internet", ""), gateway("10.101.0.0/16")
    assert set(active([INTERNET, *NONES, gateway("0.0.0.0/0"), exempt, site])) == {exempt, *NONES, site}


# --- 5.1, items 6 and 7: route tables -------------------------------------------------------------------------------

TABLES = {
    "steered": {
        "routes": {
            "out": {
                "address_prefix": "0.0.0.0/0",
                "next_hop_type": "VirtualAppliance",
                "next_hop_ip_address": "10.1.9.4",
            },
            "home": {"address_prefix": "10.101.0.0/16", "next_hop_type": "VirtualNetworkGateway"},
        }
    },
    "open": {"routes": {"out": {"address_prefix": "0.0.0.0/0", "next_hop_type": "Internet"}}},
    "quiet": {"disable_bgp_route_propagation": True},
}


def with_tables() -> Scenario:
    """A hub with a gateway, a static and a default site; in hub and spoke a subnet for each route table."""
    subnets = {
        name: {"address_prefix": f"{{}}.{number}.0/24", "route_table": name} for number, name in enumerate(TABLES)
    }

    def of(vnet: str) -> dict[str, object]:
        return {key: {**item, "address_prefix": item["address_prefix"].format(vnet)} for key, item in subnets.items()}

    return Scenario.model_validate(
        {
            "name": "s",
            "route_tables": TABLES,
            "vnets": {
                "hub": {
                    "address_space": ["10.1.0.0/16"],
                    "subnets": {"plain": "10.1.9.0/24", "GatewaySubnet": "10.1.255.0/27", **of("10.1")},
                    "vms": {"fw": {"subnet": "plain", "enable_ip_forwarding": True, "nva": {}}},
                    "vpn_gateway": {"default_site": "site"},
                },
                "spoke": {"address_space": ["10.2.0.0/16"], "subnets": {"plain": "10.2.9.0/24", **of("10.2")}},
            },
            "peerings": {
                "down": {"vnet": "hub", "remote_vnet": "spoke", "allow_gateway_transit": True},
                "up": {"vnet": "spoke", "remote_vnet": "hub", "use_remote_gateways": True},
            },
            "sites": {"site": {"address_prefixes": ["10.101.0.0/16"]}},
            "connections": {"c": {"type": "IPsec", "between": ["hub", "site"]}},
        }
    )


def active_in(vnet: str, subnet: str) -> dict[str, tuple[str, str]]:
    """Source and next hop type of the active routes, by prefix."""
    found = effective_routes(initial(with_tables()), subnet_of(with_tables(), vnet, subnet))
    return {str(route.prefix): (route.source, route.next_hop_type) for route in found}


def test_the_routes_of_a_table_are_its_subnets_only() -> None:
    found = with_tables()
    assert list(user_routes(subnet_of(found, "hub", "plain"))) == []
    assert set(fixed_routes(subnet_of(found, "hub", "plain"))) == set(system_routes(found, "hub"))
    assert [r for r in fixed_routes(subnet_of(found, "hub", "steered")) if r.source == "User"] == [
        user("0.0.0.0/0", "VirtualAppliance", "10.1.9.4", "out"),
        user("10.101.0.0/16", "VirtualNetworkGateway", "hub", "home"),
    ]


def test_a_user_route_to_the_gateway_leads_a_spoke_to_its_hub() -> None:
    assert user("10.101.0.0/16", "VirtualNetworkGateway", "hub", "home") in user_routes(
        subnet_of(with_tables(), "spoke", "steered")
    )


@pytest.mark.parametrize("vnet", ["hub", "spoke"])
def test_propagation_off_keeps_static_routes_and_the_default_sites_out_too(vnet: str) -> None:
    """5.1, item 6."""
    assert active_in(vnet, "plain")["10.101.0.0/16"] == ("VirtualNetworkGateway", "VirtualNetworkGateway")
    quiet = active_in(vnet, "quiet")
    assert subnet_of(with_tables(), vnet, "quiet").serving is None
    assert "VirtualNetworkGateway" not in {source for source, _ in quiet.values()}
    assert quiet["0.0.0.0/0"] == ("Default", "Internet")
    assert set(quiet) >= NONE


@pytest.mark.parametrize("vnet", ["hub", "spoke"])
def test_a_default_site_is_a_default_route_of_the_gateway(vnet: str) -> None:
    """R84, 5.4; and R85."""
    plain, exempt = active_in(vnet, "plain"), active_in(vnet, "open")
    assert plain["0.0.0.0/0"] == ("VirtualNetworkGateway", "VirtualNetworkGateway")
    assert not NONE & set(plain)
    assert exempt["0.0.0.0/0"] == ("User", "Internet")
    assert set(exempt) >= NONE


@pytest.mark.parametrize("vnet", ["hub", "spoke"])
def test_a_user_route_beats_the_gateways_static_and_default_routes(vnet: str) -> None:
    steered = active_in(vnet, "steered")
    assert steered["0.0.0.0/0"] == ("User", "VirtualAppliance")
    assert steered["10.101.0.0/16"] == ("User", "VirtualNetworkGateway")
    assert not NONE & set(steered)


_KINDS: dict[str, st.SearchStrategy[NextHopType]] = {
    "Default": st.sampled_from(["VnetLocal", "VNetPeering", "Internet", "None"]),
    "VirtualNetworkGateway": st.just("VirtualNetworkGateway"),
    "User": st.sampled_from(["VirtualAppliance", "Internet", "None", "VnetLocal"]),
}
_PREFIXES = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.5.0/24", "10.2.0.0/16", "8.8.0.0/16"])
_ROUTES = st.one_of(
    [
        st.builds(EffectiveRoute, st.just(source), _PREFIXES.map(IPv4Network), kind)  # type: ignore[arg-type]
        for source, kind in _KINDS.items()
    ]
)


@given(st.lists(_ROUTES, max_size=8))
def test_the_active_routes_stay_active_and_the_order_does_not_matter(candidates: list[EffectiveRoute]) -> None:
    chosen = list(active(candidates))
    assert set(chosen) <= set(candidates)
    assert set(active(reversed(candidates))) == set(chosen)
    assert len({(r.source, r.prefix) for r in chosen}) == len({r.prefix for r in chosen}), "two sources for a prefix"
