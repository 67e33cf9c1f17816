"""Clients behind NAT, firewalls and proxies: which tunnel gets out, and what is dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from dialled import CERTIFICATE, LIN, act, cell, scenario

from netlab.azure.moments import initial
from netlab.azure.state import State

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
