"""Machines with several NICs: their routes, their groups, their forwarding, each NIC for itself (R116, R126)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.views.nics import predicted
from netlab.errors import ScenarioError
from netlab.plan.planner import plan
from netlab.results.drops import DropType
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = """
name: nics
route_tables:
  by-fw: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.2.4}}}
network_security_groups:
  no-ping:
    security_rules:
      no: {priority: 100, direction: Inbound, access: Deny, protocol: Icmp}
  for-all:
    security_rules:
      all: {priority: 100, direction: Inbound, access: Allow, protocol: "*"}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      untrust: 10.1.1.0/24
      trust: 10.1.2.0/24
      app: {address_prefix: 10.1.3.0/24, route_table: by-fw}
    vms:
      fw:
        nva: {}
        nics:
          untrust: {subnet: untrust, private_ip_address: 10.1.1.4, UNTRUST}
          trust: {subnet: trust, private_ip_address: 10.1.2.4, TRUST}
      app: {subnet: app}
      two: {nics: {one: {subnet: app, ONE}, other: {subnet: trust, private_ip_address: 10.1.2.9, OTHER}}}
      near: {subnet: trust}
story:
  - {name: as built, expect: {reach: {app: {REACH}}}}
"""
ON = "enable_ip_forwarding: true"


def forecast(
    untrust: str = ON, trust: str = ON, one: str = "primary: false", other: str = "primary: false", reach: str = ""
) -> Forecast:
    """The network, with further keys of its NICs and what the story has app ask."""
    text = TEXT.replace("UNTRUST", untrust).replace("TRUST", trust).replace("ONE", one).replace("OTHER", other)
    state = initial(parse(text.replace("REACH", reach or "near: reachable"), "nics.yaml").scenario)
    return Forecast(state, endpoint_addresses(state))


def pair(found: Forecast, source: str, target: str, protocol: Protocol = "tcp") -> Predicted:
    ends = by_node(found.state.scenario)
    return found.pair(ends[source], ends[target], protocol)


def test_an_appliance_forwards_from_one_nic_to_the_other_under_the_address_of_the_second() -> None:
    found = pair(forecast(), "vnet1-app", "internet")
    assert found.outcome == "reachable"
    (walk,) = found.forward
    assert walk.nodes == ("vnet1-app", "vnet1", "vnet1-fw", "vnet1", "backbone", "internet")
    # The private address became that of untrust at fw, and the VNet's public one after it.
    assert any(str(item.after.source) == "10.1.1.4" for item in walk.sessions if item.node == "vnet1-fw")


@pytest.mark.parametrize(
    ("keys", "drop", "nic"),
    [
        ({"trust": "enable_ip_forwarding: false"}, DropType.IP_FORWARDING_IN, "vnet1-fw-trust"),
        ({"untrust": f"{ON}, network_security_group: no-ping"}, None, ""),
        ({"trust": f"{ON}, network_security_group: no-ping"}, DropType.SECURITY_RULE, "vnet1-fw-trust"),
    ],
)
def test_each_nic_has_its_own_forwarding_and_its_own_group(keys: dict[str, str], drop: DropType, nic: str) -> None:
    found = pair(forecast(**keys), "vnet1-app", "internet", "icmp")
    why = found.drop
    assert (why.type if why is not None else None) == drop
    cause = found.forward[0].cause
    assert (cause["nic"] if cause is not None else "") == nic


def test_an_answer_leaves_by_the_primary_nic_which_drops_the_address_of_the_other_one() -> None:
    found = pair(forecast(reach="10.1.2.9: reachable"), "vnet1-app", "vnet1-two")
    # app is in the subnet of the first NIC: the machine answers there, from the address that was asked.
    assert found.drop is not None
    assert (found.drop.node, found.drop.direction, found.drop.type) == ("vnet1", "reverse", DropType.IP_FORWARDING_OUT)


@pytest.mark.parametrize("one", [ON, "primary: false"])
def test_ip_forwarding_at_the_primary_nic_lets_the_answer_out(one: str) -> None:
    found = pair(forecast(one=one, reach="10.1.2.9: reachable"), "vnet1-app", "vnet1-two")
    assert found.outcome == ("reachable" if one == ON else "unreachable")


def test_a_secondary_nic_reaches_its_own_subnet_and_is_reached_from_there() -> None:
    found = pair(forecast(), "vnet1-two", "vnet1-near")
    assert found.outcome == "reachable"
    assert [str(walk.arrived.source) for walk in found.forward if walk.arrived is not None] == ["10.1.2.9"]


@pytest.mark.parametrize(
    ("other", "source"),
    [
        ("primary: false", "10.1.3.5"),
        ("primary: true", "10.1.2.9"),
        ("guest_routes: [10.1.1.0/24]", "10.1.2.9"),
        ("guest_routes: [10.1.0.0/16]", "10.1.2.9"),
        ("guest_routes: [10.9.0.0/16]", "10.1.3.5"),
    ],
)
def test_a_machine_asks_by_the_nic_that_its_routes_name(other: str, source: str) -> None:
    found = pair(forecast(other=other), "vnet1-two", "vnet1-fw")
    assert str(found.forward[0].arrived.source if found.forward[0].arrived is not None else "") == source


@pytest.mark.parametrize(
    ("guest", "by"),
    [
        ("", {"0.0.0.0/0": "eth0", "10.0.0.0/8": "eth1", "172.16.0.0/12": "eth1", "192.168.0.0/16": "eth1"}),
        ("guest_routes: [10.1.3.0/24]", {"0.0.0.0/0": "eth0", "10.1.3.0/24": "eth1"}),
    ],
)
def test_the_plan_has_the_routes_of_the_guest(guest: str, by: dict[str, str]) -> None:
    found = forecast(trust=f"{ON}, {guest}" if guest else ON)
    node = plan(found.state.scenario, "t").node("vnet1-fw")
    routes = {route.prefix: route.device for route in node.routes}
    own = {"10.1.1.0/24": "eth0", "10.1.2.0/24": "eth1"}
    assert routes == by | own | ({"10.1.0.0/16": "eth1"} if not guest else {})


def test_each_nic_has_the_effective_routes_of_its_subnet() -> None:
    state = forecast().state
    first, second = (predicted(state, state.network.nics[name]) for name in ("vnet1-two-one", "vnet1-two-other"))
    hops = [{hop for row in rows for hop in row.nextHopIpAddress if row.state == "Active"} for rows in (first, second)]
    assert hops == [{"10.1.2.4"}, set()]


def test_a_name_is_a_nic_or_the_nics_of_a_machine() -> None:
    network = forecast().state.network
    assert [nic.label for nic in network.nics_of("vnet1-fw")] == ["vnet1-fw-untrust", "vnet1-fw-trust"]
    assert [nic.label for nic in network.nics_of("VNet1-fw-Trust")] == ["vnet1-fw-trust"]
    assert [nic.label for nic in network.nics_of("app")] == ["vnet1-app"]
    assert network.nics_of("nothing") == ()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("subnet: app, nics: {one: {subnet: app}}", "a machine with `nics` has subnet at each of them"),
        ("enable_ip_forwarding: true, nics: {one: {subnet: app}}", "has enable_ip_forwarding at each of them"),
        ("private_ip_address: 10.1.3.9", "`subnet` is missing"),
    ],
)
def test_a_machine_has_one_form(keys: str, says: str) -> None:
    vnet = f"address_space: [10.1.0.0/16], subnets: {{app: 10.1.3.0/24}}, vms: {{a: {{{keys}}}}}"
    with pytest.raises(ScenarioError) as caught:
        parse(f"name: one\nvnets: {{V: {{{vnet}}}}}", "one.yaml")
    assert [says in str(finding) for finding in caught.value.findings] == [True]


def test_further_addresses_of_a_nic_are_asked_and_answer() -> None:
    text = "secondary_private_ip_addresses: [10.1.2.20, 10.1.2.21]"
    found = forecast(other=f"primary: true, {text}", reach="10.1.2.21: reachable")
    asked = pair(found, "vnet1-app", "vnet1-two")
    assert str(asked.forward[0].arrived.destination if asked.forward[0].arrived else "") == "10.1.2.21"
    # Its first NIC, which is in app's subnet, is secondary now: the answer leaves there and has a foreign source.
    assert asked.drop is not None
    assert asked.drop.type is DropType.IP_FORWARDING_OUT
    assert pair(found, "vnet1-near", "vnet1-two").outcome == "reachable"
    links = plan(found.state.scenario, "t").links
    (own,) = (link.a for link in links if link.a.node == "vnet1-two" and link.a.name == "eth0")
    assert own.addresses == ("10.1.2.9/24", "10.1.2.20/24", "10.1.2.21/24")
