"""What a change of the configuration does to a moment: what clients hold stays, what gateways offer changes."""

from __future__ import annotations

from typing import Any

import pytest
from changes import loaded, untold

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.scenario.models import Action

PEERED = {
    "VNet1-VNet2": {"vnet": "VNet1", "remote_vnet": "VNet2", "allow_gateway_transit": True},
    "VNet2-VNet1": {"vnet": "VNet2", "remote_vnet": "VNet1", "use_remote_gateways": True},
}
NAME = "p2s-peering-added-later"


def acted(*actions: dict[str, Any], name: str = NAME) -> State:
    state = initial(loaded(untold(name)).scenario)
    for action in actions:
        state = after(state, Action.model_validate(action))
    return state


def routes(state: State, client: str) -> set[str]:
    return {str(prefix) for prefix in state.client_routes(client)}


ADDED = {"change": {"peerings": PEERED}}
OLD = {"10.1.0.0/16", "192.168.0.0/24"}
NEW = OLD | {"10.2.0.0/16"}


@pytest.mark.parametrize(
    ("client", "action", "found"),
    [
        ("win", None, OLD),
        ("win", "reconnect", OLD),
        ("win", "download_profile", NEW),
        ("lin", None, OLD),
        ("lin", "download_profile", OLD),
        ("lin", "reconnect", NEW),
        ("tls", None, OLD),
        ("tls", "download_profile", OLD),
        ("tls", "reconnect", NEW),
    ],
)
def test_routes_of_clients_after_a_peering_was_added(client: str, action: str | None, found: set[str]) -> None:
    """Windows has its routes from the package, others from the connection (azure-rules.md 1.3)."""
    more = ({action: {"client": client}},) if action is not None else ()
    assert routes(acted(ADDED, *more), client) == found


def test_another_pool_ends_the_tunnels_of_the_gateway() -> None:
    pool = {"vpn_gateway": {"point_to_site": {"address_pool": "192.168.9.0/24"}}}
    state = acted({"change": {"vnets": {"VNet1": pool}}})
    assert all(state.absence(client) for client in ("win", "lin", "tls"))
    assert not after(state, Action.model_validate({"connect": {"client": "lin"}})).absence("lin")


def test_a_peering_ends_no_tunnel() -> None:
    assert not any(acted(ADDED).absence(client) for client in ("win", "lin", "tls"))


def test_a_gateway_advertises_a_spoke_from_then_on() -> None:
    """B18: the prefixes of transit spokes are the gateway's own."""
    hub = "hub-spoke-gateway-transit"
    gone = {"peerings": {"Hub-to-Spoke3": None, "Spoke3-to-Hub": None}}
    before, now = acted(name=hub), acted({"change": gone}, name=hub)
    learned = [{str(prefix) for prefix in state.learned["site1"]} for state in (before, now)]
    assert learned[0] - learned[1] == {"10.3.0.0/16"}


def test_what_a_site_advertises_by_hand_stays() -> None:
    announced = {"announce": {"site": "Site1", "prefix": "10.77.0.0/16"}}
    wider = {"change": {"sites": {"Site1": {"address_prefixes": ["10.101.0.0/16", "10.102.0.0/16"]}}}}
    state = acted(announced, wider, name="hub-spoke-gateway-transit")
    assert {str(p) for p in state.announced["Site1"]} == {"10.77.0.0/16", "10.101.0.0/16", "10.102.0.0/16"}


def test_a_connection_that_comes_is_up() -> None:
    hub = "hub-spoke-gateway-transit"
    removed, again = {"Hub-Site1": None}, {"Hub-Site1": {"type": "IPsec", "between": ["Hub", "Site1"]}}
    assert not acted({"change": {"connections": removed}}, name=hub).up
    both = acted({"change": {"connections": removed}}, {"change": {"connections": again}}, name=hub)
    assert both.up == {"Hub-Site1"}
    assert not both.learned.get("site1")


RADIUS = {"authentication_types": ["Radius"], "radius_server_address": "10.1.0.4"}


def of_clients(**settings: Any) -> dict[str, Any]:
    return {"change": {"vnets": {"VNet1": {"vpn_gateway": {"point_to_site": settings}}}}}


@pytest.mark.parametrize(
    "settings",
    [{"tunnel_types": ["OpenVPN"]}, RADIUS, {"tunnel_types": ["OpenVPN"], **RADIUS}],
    ids=["tunnel types", "authentication types", "both"],
)
def test_other_tunnel_or_authentication_types_drop_every_client_until_it_connects(settings: dict[str, Any]) -> None:
    """P28."""
    changed = of_clients(**settings)
    assert all(acted(changed).absence(client) for client in ("win", "lin", "tls"))
    again = acted(changed, {"download_profile": {"client": "win"}}, {"connect": {"client": "win"}})
    assert (again.absence("win"), bool(again.absence("lin"))) == ("", True)


@pytest.mark.parametrize(
    "vnet", [{"subnets": {"more": "10.1.7.0/24"}}, {"vms": {"vm9": {"subnet": "default"}}}], ids=["subnet", "machine"]
)
def test_what_is_not_the_gateways_configuration_drops_no_client(vnet: dict[str, Any]) -> None:
    state = acted({"change": {"vnets": {"VNet1": vnet}}})
    assert not any(state.absence(client) for client in ("win", "lin", "tls"))
