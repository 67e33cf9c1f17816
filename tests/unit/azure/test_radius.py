"""RADIUS: a server answers where packets between it and the gateway's instance pass, both ways (P15, R61)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from netlab.azure.moments import after, initial
from netlab.azure.p2s.refusals import NO_RADIUS, WRONG_PASSWORD, WRONG_SECRET
from netlab.azure.state import State
from netlab.scenario.models import Action, Scenario

NOBODY = "10.1.0.9"
VM, SPOKE, SITE = "10.1.0.4", "10.2.0.4", "10.101.0.10"
ACTION: TypeAdapter[Action] = TypeAdapter(Action)


def scenario(server: str, **changes: Any) -> Scenario:
    """A gateway with clients of two types; a VM, a spoke with a VM, and a site."""
    settings = {
        "address_pool": "192.168.0.0/24",
        "tunnel_types": ["IkeV2", "OpenVPN"],
        "authentication_types": ["Radius"],
        "radius_server_address": server,
        **changes.pop("settings", {}),
    }
    gateway = {"bgp": {"asn": 65010}, "point_to_site": settings, **changes.pop("gateway", {})}
    subnets: dict[str, Any] = {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"}
    own = {"address_space": ["10.1.0.0/16"], "subnets": subnets | changes.pop("subnets", {}), "vpn_gateway": gateway}
    spoke = {"address_space": ["10.2.0.0/16"], "subnets": {"default": "10.2.0.0/24"}}
    transit = changes.pop("transit", True)
    values = {
        "name": "x",
        "vnets": {
            "VNet1": {**own, "vms": {"vm1": {"subnet": "default", "private_ip_address": VM}}},
            "Spoke": {**spoke, "vms": {"vm2": {"subnet": "default", "private_ip_address": SPOKE}}},
        },
        "peerings": {
            "there": {"vnet": "VNet1", "remote_vnet": "Spoke", "allow_gateway_transit": transit},
            "back": {"vnet": "Spoke", "remote_vnet": "VNet1", "use_remote_gateways": transit},
        },
        "sites": {"Site1": {"address_prefixes": ["10.101.0.0/16"], "bgp": {"asn": 65101}, "hosts": {"nps": SITE}}},
        "connections": {"c": {"type": "IPsec", "between": ["VNet1", "Site1"], "enable_bgp": True}},
        "clients": {
            "lin": {"os": "linux", "gateway": "VNet1"},
            "ovpn": {"os": "windows", "gateway": "VNet1", "tunnel_type": "OpenVPN"},
            "eve": {"os": "linux", "gateway": "VNet1", "password": "wrong"},
        },
        **changes,
    }
    return Scenario.model_validate(values)


def absent(state: State) -> tuple[str, str, str]:
    lin, ovpn, eve = (state.absence(client) for client in ("lin", "ovpn", "eve"))
    return lin, ovpn, eve


def act(state: State, *actions: dict[str, Any]) -> State:
    for action in actions:
        state = after(state, ACTION.validate_python(action))
    return state


IN = ("", "", WRONG_PASSWORD)
OUT = (NO_RADIUS,) * 3
STATIC = {"type": "IPsec", "between": ["VNet1", "Site1"]}


@pytest.mark.parametrize("server", [VM, SPOKE, SITE])
def test_a_server_in_the_vnet_in_a_peer_and_on_premises_judges_passwords(server: str) -> None:
    assert absent(initial(scenario(server))) == IN


@pytest.mark.parametrize("active_active", [False, True])
@pytest.mark.parametrize("connection", [STATIC, {**STATIC, "enable_bgp": True}])
def test_a_server_on_premises_is_reached_by_static_routes_and_by_bgp(active_active: bool, connection: object) -> None:
    gateway = {"active_active": active_active}
    assert absent(initial(scenario(SITE, gateway=gateway, connections={"c": connection}))) == IN


@pytest.mark.parametrize(
    "lost",
    [
        scenario(NOBODY),
        scenario("10.1.255.1"),
        scenario("10.101.255.254"),
        scenario("8.8.8.8"),
        scenario(SITE, connections={}),
        scenario(
            VM,
            subnets={"default": {"address_prefix": "10.1.0.0/24", "route_table": "rt"}},
            route_tables={"rt": {"routes": {"no": {"address_prefix": "10.1.255.0/27", "next_hop_type": "None"}}}},
        ),
    ],
    ids=["no machine", "the fabric", "the site's device", "the Internet", "no connection", "no way back"],
)
def test_where_packets_do_not_pass_nobody_comes_in(lost: Scenario) -> None:
    assert absent(initial(lost)) == OUT


@pytest.mark.parametrize("server", [VM, SPOKE, SITE])
def test_with_another_secret_nobody_comes_in(server: str) -> None:
    assert absent(initial(scenario(server, settings={"radius_server_secret": "wrong"}))) == (WRONG_SECRET,) * 3


def test_a_server_that_is_not_reached_is_the_reason_before_its_secret() -> None:
    assert absent(initial(scenario(NOBODY, settings={"radius_server_secret": "wrong"}))) == OUT


def test_who_is_in_stays_when_the_server_is_lost_and_who_asks_then_does_not_come_in() -> None:
    state = act(initial(scenario(SITE)), {"cut_link": {"name": "Site1"}})
    assert absent(state) == IN
    state = act(
        state, {"disconnect": {"client": "lin"}}, {"connect": {"client": "lin"}}, {"connect": {"client": "eve"}}
    )
    assert absent(state) == (NO_RADIUS, "", NO_RADIUS)
    state = act(state, {"mend_link": {"name": "Site1"}}, {"connect": {"client": "lin"}}, {"connect": {"client": "eve"}})
    assert absent(state) == IN


def test_a_client_that_authenticates_afresh_while_the_server_is_lost_is_out() -> None:
    state = act(initial(scenario(SITE)), {"cut_link": {"name": "Site1"}}, {"reconnect": {"client": "ovpn"}})
    assert absent(state) == ("", NO_RADIUS, WRONG_PASSWORD)


def listed(*servers: tuple[str, int, str], **changes: Any) -> Scenario:
    keys = ("radius_server_address", "radius_server_score", "radius_server_secret")
    found = [dict(zip(keys, server, strict=True)) for server in servers]
    return scenario(SITE, settings={"radius_server_address": None, "radius_servers": found}, **changes)


FIRST, SECOND = (SITE, 30, "right"), (VM, 1, "right")


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ((FIRST, SECOND), IN),
        ((FIRST,), IN),
        (((NOBODY, 30, "right"), SECOND), IN),
        ((FIRST, (NOBODY, 1, "right")), IN),
        (((SITE, 30, "wrong"), SECOND), IN),
        (((SITE, 1, "wrong"), (NOBODY, 30, "right")), (WRONG_SECRET,) * 3),
        (((SITE, 1, "wrong"), (VM, 2, "wrong")), (WRONG_SECRET,) * 3),
        (((NOBODY, 30, "right"), ("8.8.8.8", 1, "right")), OUT),
    ],
)
def test_one_of_two_servers_that_answers_is_enough(servers: Any, found: tuple[str, str, str]) -> None:
    """P34."""
    assert absent(initial(listed(*servers))) == found


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_a_lost_server_is_no_matter_and_two_are(order: Any) -> None:
    state = act(initial(listed(*order)), {"stop_vm": {"vm": "VNet1-vm1"}}, {"reconnect": {"client": "ovpn"}})
    assert absent(state) == IN
    state = act(state, {"cut_link": {"name": "Site1"}}, {"reconnect": {"client": "ovpn"}})
    assert absent(state) == ("", NO_RADIUS, WRONG_PASSWORD)
    state = act(state, {"start_vm": {"vm": "VNet1-vm1"}}, {"connect": {"client": "ovpn"}})
    assert absent(state) == IN


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_a_higher_score_comes_first_whatever_the_order_in_the_file(order: Any) -> None:
    gateway = initial(listed(*order)).network.vnets["VNet1"].vpn_gateway
    assert gateway is not None
    assert [str(server.radius_server_address) for server in gateway.spec.radius_servers] == [SITE, VM]
