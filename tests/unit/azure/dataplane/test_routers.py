"""What a site's router does with packets for the Internet, for private destinations, and for its own network.

A route into a tunnel takes precedence over its way to the Internet, however short it is.
"""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Predicted, endpoint_addresses, pair
from netlab.plan import steering
from netlab.plan.model import DEFAULT_TABLE, MAIN_TABLE
from netlab.plan.planner import plan
from netlab.results.drops import DropType
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario
from netlab.scenario.names import by_node

ONE = """
name: ways-out
vnets:
  VNet1:
    address_space: [SPACE]
    subnets: {default: SUBNET, GatewaySubnet: GATEWAY}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  HQ: {address_prefixes: [OWN], hosts: {h1: HOST}, static_routes: {C: [ROUTES]}}
connections:
  C: {type: IPsec, between: [VNet1, HQ]}
"""
DEVICES = ONE.replace("static_routes: {C: [ROUTES]}", "devices: {a: {}, b: {}}, static_routes: {C: [ROUTES]}").replace(
    "[VNet1, HQ]}", "[VNet1, HQ], device: b}"
)
ADDRESSES = {"SPACE": "10.1.0.0/16", "SUBNET": "10.1.0.0/24", "GATEWAY": "10.1.255.0/27"}
PUBLIC = {"SPACE": "203.0.113.0/24", "SUBNET": "203.0.113.0/26", "GATEWAY": "203.0.113.224/27"}
SITE = {"OWN": "10.101.0.0/16", "HOST": "10.101.0.10"}


def scenario(text: str, routes: str, changes: dict[str, str] = ADDRESSES, site: dict[str, str] = SITE) -> Scenario:
    for old, new in {**changes, **site, "ROUTES": routes}.items():
        text = text.replace(old, new)
    return parse(text, "x.yaml").scenario


def asked(found: Scenario, source: str, target: str) -> Predicted:
    state, ends = initial(found), by_node(found)
    return pair(state, ends[source], ends[target], endpoint_addresses(state))


@pytest.mark.parametrize("text", [ONE, DEVICES], ids=["one device", "two devices"])
@pytest.mark.parametrize("routes", ["0.0.0.0/0", "0.0.0.0/1, 128.0.0.0/1", "8.0.0.0/5", "10.0.0.0/8"])
def test_a_wide_static_route_leads_private_destinations_into_the_tunnel(text: str, routes: str) -> None:
    assert asked(scenario(text, routes), "hq-h1", "vnet1-vm1").death is None


@pytest.mark.parametrize("text", [ONE, DEVICES], ids=["one device", "two devices"])
@pytest.mark.parametrize("routes", ["172.16.0.0/12", "10.2.0.0/16", "128.0.0.0/1"])
def test_a_static_route_to_elsewhere_does_not(text: str, routes: str) -> None:
    found = asked(scenario(text, routes), "hq-h1", "vnet1-vm1").death
    assert found is not None
    assert found[1].cause is not None
    assert found[1].cause.type is DropType.NO_PRIVATE_ROUTE


@pytest.mark.parametrize("routes", ["0.0.0.0/0", "128.0.0.0/1"])
def test_the_internet_is_behind_the_tunnel_then(routes: str) -> None:
    """The gateway's VNet lets no packet out that comes from no NIC of its own (P21)."""
    found = asked(scenario(ONE, routes), "hq-h1", "internet").death
    assert found is not None
    assert (found[0], found[1].dropped_at) == ("forward", "vnet1")
    assert asked(scenario(ONE, "10.1.0.0/16"), "hq-h1", "internet").death is None


@pytest.mark.parametrize("text", [ONE, DEVICES], ids=["one device", "two devices"])
@pytest.mark.parametrize("own", ["192.0.2.0/24", "192.0.0.0/16"])
def test_what_is_for_its_own_network_leaves_a_site_never(text: str, own: str) -> None:
    found = asked(scenario(text, "10.1.0.0/16", site={"OWN": own, "HOST": "192.0.2.10"}), "hq-h1", "internet").death
    assert found is not None
    assert (found[1].dropped_at, found[1].cause is not None) == ("hq", True)


@pytest.mark.parametrize("routes", ["0.0.0.0/0", "8.0.0.0/5"])
def test_the_ways_out_are_in_the_last_table_and_tunnels_in_the_main_one(routes: str) -> None:
    found = plan(scenario(ONE, routes), "lab")
    ways = {(r.prefix, r.table) for r in found.node("hq").routes if r.prefix in ("0.0.0.0/0", "10.0.0.0/8")}
    assert ways == {("0.0.0.0/0", DEFAULT_TABLE), ("10.0.0.0/8", DEFAULT_TABLE)}
    [static] = steering.routes(found, "hq", steering.everything_up(found))
    assert (static.prefix, static.table) == (routes, MAIN_TABLE)


@pytest.mark.parametrize("text", [ONE, DEVICES], ids=["one device", "two devices"])
def test_the_router_before_devices_has_the_default_route_to_the_one_with_the_tunnel(text: str) -> None:
    found = plan(scenario(text, "0.0.0.0/0"), "lab")
    routes = steering.routes(found, "hq", steering.everything_up(found))
    assert {route.prefix for route in routes} == {"0.0.0.0/0"}


def test_an_instance_has_bgp_rather_than_the_other_instances_static_routes() -> None:
    """Zebra reads 250 in the first byte of the metric as the administrative distance: more than iBGP's 200."""
    text = ONE.replace("VpnGw1AZ}", "VpnGw2AZ, active_active: true, point_to_site: {address_pool: 192.168.0.0/24}}")
    found = plan(scenario(text, "10.1.0.0/16"), "lab")
    pairs = [r for r in found.node("vnet1-gw-1").routes if r.device == "pair" and r.metric]
    assert {(route.prefix, route.metric >> 24) for route in pairs} >= {("10.101.0.0/16", 250)}
