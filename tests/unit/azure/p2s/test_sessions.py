"""Who is connected: the order of connection, refusals with their reason, what a client keeps, several gateways."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.p2s import refusals, sessions
from netlab.azure.prediction import Predicted, matrix
from netlab.azure.state import State
from netlab.scenario.models import Action, Scenario

VNET1 = {
    "address_space": ["10.1.0.0/16"],
    "subnets": {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
    "vms": {"vm1": {"subnet": "default"}},
}
LIN = {"os": "linux", "gateway": "VNet1"}


def scenario(settings: Mapping[str, Any] = {}, clients: Mapping[str, Any] = {}, **more: Any) -> Scenario:
    point_to_site = {"address_pool": "192.168.0.0/29", **settings}
    vnet = {**VNET1, "vpn_gateway": {"point_to_site": point_to_site}}
    return Scenario.model_validate({"name": "x", "vnets": {"VNet1": vnet}, "clients": clients or {"lin": LIN}, **more})


def act(state: State, **action: Any) -> State:
    return after(state, Action.model_validate(action))


def routes(state: State, client: str) -> set[str]:
    return set(map(str, state.client_routes(client)))


def cell(state: State, source: str, target: str) -> Predicted:
    return next(c for c in matrix(state) if (c.source, c.target) == (source, target))


CERTIFICATE = {"authentication_types": ["Certificate"]}
REFUSED = {
    "revoked": ({**CERTIFICATE, "revoked_certificates": ["LIN"]}, {}, refusals.REVOKED),
    "untrusted": (CERTIFICATE, {"certificate": {"issued_by": "stranger"}}, refusals.UNTRUSTED),
    "untrusted is said of one that is revoked too": (
        {**CERTIFICATE, "revoked_certificates": ["lin"]},
        {"certificate": {"issued_by": "stranger"}},
        refusals.UNTRUSTED,
    ),
    "wrong password": ({"authentication_types": ["EapMSChapv2"]}, {"password": "wrong"}, refusals.WRONG_PASSWORD),
    "another trusted root": (
        {**CERTIFICATE, "root_certificates": ["one", "two"]},
        {"certificate": {"issued_by": "two"}},
        "",
    ),
    "a password where certificates count": (CERTIFICATE, {"password": "wrong"}, ""),
    "a certificate where a PSK counts": ({}, {"certificate": {"issued_by": "stranger"}}, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    settings, client, reason = REFUSED[name]
    state = initial(scenario(settings, {"lin": {**LIN, **client}}))
    assert state.absence("lin") == reason
    assert bool(state.client_routes("lin")) == (not reason)


def test_a_refused_client_is_unreachable_at_itself_both_ways() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    for source, target in (("lin", "vnet1-vm1"), ("vnet1-vm1", "lin")):
        death = cell(state, source, target).death
        assert death is not None
        leg, walk = death
        assert (leg, walk.dropped_at) == ("forward", "lin")
        assert walk.reason == "no tunnel: lin is not connected: its certificate is revoked"


# --- the pool -------------------------------------------------------------------------------------------------------


def crowd(count: int) -> dict[str, Any]:
    return {f"c{number}": LIN for number in range(1, count + 1)}


def test_the_client_too_many_is_the_last_one() -> None:
    state = initial(scenario(clients=crowd(7)))
    assert [name for name in crowd(7) if state.absence(name)] == ["c7"]
    assert state.absence("c7") == refusals.NO_ADDRESS


def test_a_place_that_becomes_free_is_taken_by_who_connects_next() -> None:
    state = act(initial(scenario(clients=crowd(7))), disconnect={"client": "c2"})
    state = act(state, connect={"client": "c7"})
    assert not state.absence("c7")
    state = act(state, connect={"client": "c2"})
    assert state.absence("c2") == refusals.NO_ADDRESS


def test_who_is_connected_finds_its_place_again_in_a_full_pool() -> None:
    state = act(initial(scenario(clients=crowd(6))), reconnect={"client": "c3"})
    assert not any(state.absence(name) for name in crowd(6))


def test_the_129th_client_of_a_gateway_for_128() -> None:
    pool = {"address_pool": "192.168.0.0/24"}
    seed = initial(scenario(pool, crowd(129), profile="seed"))
    assert [name for name in crowd(129) if seed.absence(name)] == ["c129"]
    current = initial(scenario(pool, crowd(129)))
    assert not any(current.absence(name) for name in crowd(129))


# --- coming and going -----------------------------------------------------------------------------------------------


def test_a_disconnected_client_stays_away_until_it_connects() -> None:
    connected = initial(scenario())
    away = act(connected, disconnect={"client": "lin"})
    assert away.absence("lin") == sessions.DISCONNECTED
    assert act(away, connect={"client": "lin"}) == connected


def test_routes_added_by_hand_go_with_the_tunnel_and_the_profile_stays() -> None:
    state = initial(scenario(clients={"win": {"os": "windows", "gateway": "VNet1"}}))
    state = act(state, add_route={"client": "win", "prefix": "10.9.0.0/16"})
    state = act(state, disconnect={"client": "win"})
    assert routes(state, "win") == set()
    assert act(state, add_route={"client": "win", "prefix": "10.9.0.0/16"}) == state
    assert routes(act(state, connect={"client": "win"}), "win") == {"10.1.0.0/16", "192.168.0.0/24"}


def test_a_refused_client_keeps_its_reason_when_it_is_disconnected() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    assert act(state, disconnect={"client": "lin"}) == state


@pytest.mark.parametrize("link", ["lin", "VNet1"])
def test_who_lost_the_gateway_stays_away_when_it_is_back(link: str) -> None:
    cut = act(initial(scenario()), cut_link={"name": link})
    assert cut.absence("lin") == sessions.DISCONNECTED
    assert act(cut, connect={"client": "lin"}).absence("lin") == sessions.UNREACHABLE
    mended = act(cut, mend_link={"name": link})
    assert mended.absence("lin") == sessions.DISCONNECTED
    assert not act(mended, connect={"client": "lin"}).absence("lin")


def test_a_failover_drops_the_clients_and_a_cut_link_only_its_own() -> None:
    assert act(initial(scenario()), fail_gateway={"vnet": "VNet1"}).absence("lin") == sessions.DISCONNECTED
    state = act(two(), cut_link={"name": "VNet2"})
    assert [state.absence(client) for client in ("both", "one", "two")] == ["", "", sessions.DISCONNECTED]


# --- custom routes --------------------------------------------------------------------------------------------------


def test_custom_routes_reach_linux_when_it_reconnects_and_windows_when_it_downloads() -> None:
    clients = {"lin": LIN, "win": {"os": "windows", "gateway": "VNet1"}}
    before = initial(scenario(clients=clients))
    told = act(before, set_custom_routes={"vnet": "VNet1", "prefixes": ["10.9.0.0/16"]})
    for name, pool in (("lin", "192.168.0.0/29"), ("win", "192.168.0.0/24")):
        assert routes(told, name) == routes(before, name) == {"10.1.0.0/16", pool}
    assert "10.9.0.0/16" in routes(act(told, reconnect={"client": "lin"}), "lin")
    assert "10.9.0.0/16" not in routes(act(told, reconnect={"client": "win"}), "win")
    assert "10.9.0.0/16" in routes(act(told, download_profile={"client": "win"}), "win")


def test_forced_tunnelling_leaves_nothing_but_two_halves() -> None:
    halves = ["0.0.0.0/1", "128.0.0.0/1"]
    state = initial(scenario({"custom_routes": halves}))
    assert routes(state, "lin") == set(halves)


# --- two gateways ---------------------------------------------------------------------------------------------------


def two() -> State:
    found = scenario().model_dump(mode="json", exclude_unset=True)
    found["vnets"]["VNet2"] = {
        "address_space": ["10.2.0.0/16"],
        "subnets": {"default": "10.2.0.0/24", "GatewaySubnet": "10.2.255.0/27"},
        "vms": {"vm2": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": "192.168.1.0/24"}},
    }
    found["clients"] = {
        "both": {**LIN, "further_gateways": ["VNet2"]},
        "one": LIN,
        "two": {"os": "linux", "gateway": "VNet2"},
    }
    return initial(Scenario.model_validate(found))


def test_a_client_of_two_gateways_reaches_both_and_brings_nobody_across() -> None:
    state = two()
    for target in ("vnet1-vm1", "vnet2-vm2", "one", "two"):
        assert cell(state, "both", target).outcome == "reachable", target
        assert cell(state, target, "both").outcome == "reachable", target
    assert cell(state, "vnet1-vm1", "vnet2-vm2").outcome == "unreachable"
    death = cell(state, "one", "two").death
    assert death is not None
    assert death[1].dropped_at == "one"


def test_one_of_two_tunnels_ends_alone() -> None:
    state = act(two(), disconnect={"client": "both", "gateway": "VNet1"})
    assert state.absence("both") == ""
    assert routes(state, "both") == {"10.2.0.0/16", "192.168.1.0/24"}
    assert cell(state, "both", "vnet2-vm2").outcome == "reachable"
    assert cell(state, "both", "vnet1-vm1").outcome == "unreachable"
    assert act(state, disconnect={"client": "both"}).absence("both") == sessions.DISCONNECTED


def test_a_client_does_not_use_the_address_of_its_other_tunnel() -> None:
    state = act(two(), add_route={"client": "both", "prefix": "10.2.0.0/24"})
    death = cell(state, "both", "vnet2-vm2").death
    assert death is not None
    assert death[1].reason.startswith("not in the selectors")
    assert IPv4Network("10.2.0.0/24") in state.sessions["both", "VNet1"].by_hand


BLOCKED = "the network that it is in does not let its tunnel out"
IKE, TLS = ["udp/500", "udp/4500"], ["tcp/443"]


@pytest.mark.parametrize(
    ("types", "blocks", "own", "chosen", "absent"),
    [
        (["IkeV2", "SSTP"], [], None, "IkeV2", ""),
        (["SSTP", "IkeV2"], ["udp/500"], None, "SSTP", ""),
        (["IkeV2", "SSTP"], ["udp/4500"], None, "SSTP", ""),
        (["IkeV2", "OpenVPN"], IKE, None, "OpenVPN", ""),
        (["IkeV2", "SSTP"], TLS, None, "IkeV2", ""),
        (["IkeV2", "SSTP"], IKE, "IkeV2", "IkeV2", BLOCKED),
        (["SSTP"], TLS, None, "SSTP", BLOCKED),
        (["IkeV2"], IKE, None, "IkeV2", BLOCKED),
        (["IkeV2", "SSTP"], IKE + TLS, None, "IkeV2", BLOCKED),
    ],
)
def test_a_client_uses_the_first_type_that_its_network_lets_out(
    types: list[str], blocks: list[str], own: str | None, chosen: str, absent: str
) -> None:
    one = {"os": "windows", "gateway": "VNet1", **({"tunnel_type": own} if own else {})}
    clients = {"one": {**one, **({"network": {"blocks": blocks}} if blocks else {})}}
    state = initial(scenario({"tunnel_types": types, **CERTIFICATE}, clients, as_of="2025-06-30"))
    assert state.network.client_tunnels["one", "VNet1"].tunnel_type == chosen
    assert state.absence("one") == absent
    assert state.sessions["one", "VNet1"].absent == absent


def test_connecting_again_does_not_open_a_firewall() -> None:
    clients = {"one": {"os": "linux", "gateway": "VNet1", "network": {"blocks": IKE}}}
    state = act(initial(scenario({}, clients)), connect={"client": "one"})
    assert state.absence("one") == BLOCKED


# --- behind NAT, firewalls and proxies ------------------------------------------------------------------------------

PASSWORD = "the HTTP proxy of its network asks for a password, and its software gives none"
PORT = "the HTTP proxy of its network does not connect to TCP port 443"
OLD = {"as_of": "2025-06-30"}


def behind(network: Mapping[str, Any], types: list[str], os: str = "windows", **own: Any) -> State:
    clients = {"one": {"os": os, "gateway": "VNet1", "network": "hotel", **own}}
    return initial(scenario({"tunnel_types": types, **CERTIFICATE}, clients, access_networks={"hotel": network}, **OLD))


@pytest.mark.parametrize(
    ("network", "types", "chosen", "absent"),
    [
        ({}, ["IkeV2", "SSTP"], "IkeV2", ""),
        ({"lets_out": ["tcp/443"]}, ["IkeV2", "SSTP"], "SSTP", ""),
        ({"lets_out": ["tcp/443"]}, ["IkeV2", "OpenVPN"], "OpenVPN", ""),
        ({"lets_out": ["udp/500", "udp/4500"]}, ["IkeV2", "SSTP"], "IkeV2", ""),
        # NAT traversal needs UDP 4500, too.
        ({"lets_out": ["udp/500", "tcp/443"]}, ["IkeV2", "SSTP"], "SSTP", ""),
        ({"lets_out": ["udp/500"]}, ["IkeV2"], "IkeV2", BLOCKED),
        ({"lets_out": []}, ["SSTP"], "SSTP", BLOCKED),
        ({"http_proxy": {}}, ["IkeV2", "SSTP"], "SSTP", ""),
        ({"http_proxy": {}}, ["OpenVPN"], "OpenVPN", ""),
        ({"http_proxy": {}}, ["IkeV2"], "IkeV2", BLOCKED),
        ({"http_proxy": {"asks_for_password": True}}, ["IkeV2", "SSTP"], "SSTP", PASSWORD),
        ({"http_proxy": {"asks_for_password": True}}, ["OpenVPN"], "OpenVPN", PASSWORD),
        ({"http_proxy": {"connects_to": [80]}}, ["SSTP"], "SSTP", PORT),
        ({"http_proxy": {"connects_to": [80, 443]}}, ["SSTP"], "SSTP", ""),
        # Who gets out past the proxy does not ask it.
        ({"lets_out": ["tcp/443"], "http_proxy": {"asks_for_password": True}}, ["SSTP"], "SSTP", ""),
        ({"lets_out": ["udp/500", "udp/4500"], "http_proxy": {"connects_to": [80]}}, ["IkeV2", "SSTP"], "IkeV2", ""),
    ],
)
def test_what_gets_out_of_an_access_network(
    network: Mapping[str, Any], types: list[str], chosen: str, absent: str
) -> None:
    state = behind(network, types)
    assert state.network.client_tunnels["one", "VNet1"].tunnel_type == chosen
    assert state.absence("one") == absent


def test_a_tunnel_passes_the_proxy_only_where_the_firewall_keeps_it() -> None:
    ways = [
        ({"http_proxy": {}}, "SSTP", True),
        ({"http_proxy": {}, "lets_out": ["tcp/443"]}, "SSTP", False),
        ({"lets_out": ["tcp/443"]}, "SSTP", False),
        ({"http_proxy": {}, "lets_out": ["udp/500", "udp/4500"]}, "IkeV2", False),
    ]
    for network, tunnel_type, passes in ways:
        tunnel = behind(network, [tunnel_type]).network.client_tunnels["one", "VNet1"]
        assert (tunnel.proxy is not None) is passes, network


def test_clients_behind_one_nat_share_its_address_and_reach_each_other_through_the_gateway() -> None:
    many = {name: {"os": "linux", "gateway": "VNet1", "network": "hotel"} for name in ("one", "two", "three")}
    hotel = {"hotel": {"public_ip_address": "198.51.100.9"}}
    state = initial(scenario({}, many, access_networks=hotel))
    clients = state.network.clients.values()
    assert {str(client.public_address) for client in clients} == {"198.51.100.9"}
    assert len({client.own_address for client in clients}) == 3
    assert cell(state, "one", "two").forward[0].nodes == ("one", "vnet1-gw-0", "two")
    assert [state.absence(name) for name in many] == ["", "", ""]


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ({}, None),
        ({"lets_out": ["tcp/443"]}, "firewall: hotel lets only tcp/443 out"),
        ({"lets_out": ["udp/500", "tcp/443"]}, "firewall: hotel lets only udp/500 and tcp/443 out"),
        ({"http_proxy": {}}, "firewall: hotel lets nothing out"),
    ],
)
def test_a_firewall_drops_what_it_does_not_let_out(network: Mapping[str, Any], why: str | None) -> None:
    clients = {"one": {"os": "windows", "gateway": "VNet1", "network": "hotel"}}
    asked = {"name": "now", "expect": {"reach": {"one": {"internet": "reachable"}}}}
    settings = {"tunnel_types": ["SSTP"]}
    state = initial(scenario(settings, clients, access_networks={"hotel": network}, story=[asked], **OLD))
    drop = cell(state, "one", "internet").drop
    assert (drop.node, drop.reason) == ("hotel", why) if drop is not None else why is None
    assert cell(state, "one", "vnet1-vm1").outcome == "reachable"


SITES = {"Site1": {"address_prefixes": ["10.101.0.0/16"], "hosts": {"pc": "10.101.0.10"}}}
TO_SITE1 = {"S": {"type": "IPsec", "between": ["VNet1", "Site1"]}}
SHARED = "it has the public address of a site-to-site device of the same gateway, whose IKE it is"


@pytest.mark.parametrize(
    ("types", "own", "connections", "chosen", "absent"),
    [
        (["IkeV2"], None, TO_SITE1, "IkeV2", SHARED),
        (["IkeV2", "SSTP"], None, TO_SITE1, "SSTP", ""),
        (["IkeV2", "OpenVPN"], None, TO_SITE1, "OpenVPN", ""),
        (["IkeV2", "OpenVPN"], "IkeV2", TO_SITE1, "IkeV2", SHARED),
        (["OpenVPN"], None, TO_SITE1, "OpenVPN", ""),
        # Without a connection the gateway does not know the site's address.
        (["IkeV2"], None, {}, "IkeV2", ""),
    ],
)
def test_a_gateway_takes_no_ike_of_clients_with_the_address_of_a_device(
    types: list[str], own: str | None, connections: Mapping[str, Any], chosen: str, absent: str
) -> None:
    one = {"os": "windows", "gateway": "VNet1", "network": "Site1", **({"tunnel_type": own} if own else {})}
    settings = {"tunnel_types": types, **CERTIFICATE}
    state = initial(scenario(settings, {"one": one}, sites=SITES, connections=connections, **OLD))
    assert state.network.client_tunnels["one", "VNet1"].tunnel_type == chosen
    assert state.absence("one") == absent
    assert state.network.clients["one"].public_address == state.network.public.routers["site1"]


def test_a_client_in_a_site_reaches_its_hosts_without_the_tunnel() -> None:
    one = {"os": "windows", "gateway": "VNet1", "network": "Site1"}
    state = initial(scenario({"tunnel_types": ["SSTP"]}, {"one": one}, sites=SITES, connections=TO_SITE1, **OLD))
    found = cell(state, "one", "site1-pc")
    assert found.outcome == "reachable"
    assert found.forward[0].nodes == ("one", "site1", "site1-pc")
    assert found.reverse[0].nodes == ("site1-pc", "site1", "one")
    # Its answers to an address of the pool have no route.
    assert cell(state, "site1-pc", "one").outcome == "unreachable"


@pytest.mark.parametrize(
    ("place", "absent"),
    [("Site1", SHARED), ("home", SHARED), ("cafe", "")],
)
def test_a_client_shares_the_address_of_a_device_behind_the_same_nat(place: str, absent: str) -> None:
    """R69: also one in the site behind the NAT, with two translations on its way."""
    sites = {"Site1": {**SITES["Site1"], "behind": "home"}}
    one = {"os": "linux", "gateway": "VNet1", "network": place}
    networks = {"home": {}, "cafe": {}}
    state = initial(scenario({}, {"one": one}, sites=sites, connections=TO_SITE1, access_networks=networks))
    assert state.absence("one") == absent
    shared = state.network.clients["one"].public_address == state.network.public.routers["site1"]
    assert shared is bool(absent)


def test_packets_to_the_internet_pass_both_nats() -> None:
    sites = {"Site1": {**SITES["Site1"], "behind": "home"}}
    asked = {"name": "now", "expect": {"reach": {"Site1": {"internet": "reachable"}}}}
    more = {"access_networks": {"home": {}}, "sites": sites, "story": [asked]}
    found = cell(initial(scenario(clients={"lin": {**LIN, "network": "Site1"}}, **more)), "site1-pc", "internet")
    assert found.forward[0].nodes == ("site1-pc", "site1", "site1-edge", "home", "internet")
    assert found.reverse[0].nodes == ("internet", "home", "site1-edge", "site1", "site1-pc")


TWO_VNETS = {
    "VNet2": {
        "address_space": ["10.2.0.0/16"],
        "subnets": {"default": "10.2.0.0/24", "GatewaySubnet": "10.2.255.0/27"},
        "vms": {"vm2": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": "192.168.2.0/29", "tunnel_types": ["OpenVPN"]}},
    }
}


@pytest.mark.parametrize("os", ["linux", "windows"])
def test_a_restarted_client_has_no_tunnel_until_it_connects_and_loses_what_was_added_by_hand(os: str) -> None:
    """R66."""
    state = act(initial(scenario({}, {"c": {**LIN, "os": os}})), add_route={"client": "c", "prefix": "10.1.9.0/24"})
    before = routes(state, "c")
    assert "10.1.9.0/24" in before
    state = act(state, restart_client={"client": "c"})
    assert state.absence("c") == sessions.RESTARTED
    assert routes(state, "c") == set()
    assert routes(act(state, connect={"client": "c"}), "c") == before - {"10.1.9.0/24"}


def test_a_restart_ends_all_tunnels_of_a_client_and_no_other_ones() -> None:
    whole = scenario({}, {"both": {**LIN, "further_gateways": ["VNet2"]}, "other": LIN})
    state = initial(
        Scenario.model_validate({**whole.model_dump(exclude_unset=True), "vnets": {**whole.vnets, **TWO_VNETS}})
    )
    found = act(state, restart_client={"client": "both"})
    assert {session.absent for session in found.sessions_of("both").values()} == {sessions.RESTARTED}
    assert len(found.sessions_of("both")) == 2
    assert found.absence("other") == ""


def test_a_refused_client_that_restarts_keeps_its_reason() -> None:
    state = initial(scenario({**CERTIFICATE, "revoked_certificates": ["lin"]}))
    assert act(state, restart_client={"client": "lin"}).absence("lin") == refusals.REVOKED
