"""Machines with a public address, and what becomes of what the Internet's host asks them: R86 and section 5.4."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.prediction import Predicted, endpoint_addresses, pair
from netlab.azure.state import State
from netlab.scenario.loader import parse
from netlab.scenario.models import Action
from netlab.scenario.names import by_node

TEXT = """\
name: public
route_tables:
  out: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: Internet}}}
  none: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: None}}}
  through: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.4.4}}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      default: 10.1.0.0/24
      exempt: {address_prefix: 10.1.1.0/24, route_table: out}
      closed: {address_prefix: 10.1.2.0/24, route_table: none}
      behind: {address_prefix: 10.1.3.0/24, route_table: through}
      firewall: 10.1.4.0/24
      GatewaySubnet: 10.1.255.0/27
    vms:
      vm1: {subnet: default, public_ip_address: 203.0.113.101}
      hidden: {subnet: default}
      exempt: {subnet: exempt, public_ip_address: 203.0.113.102}
      closed: {subnet: closed, public_ip_address: 203.0.113.103}
      behind: {subnet: behind, public_ip_address: 203.0.113.104}
      fw: {subnet: firewall, enable_ip_forwarding: true, nva: {stateful: none}, public_ip_address: 203.0.113.105}
    vpn_gateway: {bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
sites: {Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}}
connections: {VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}}
clients: {lin: {os: linux, gateway: VNet1}}
"""
FORCED = {"announce": {"site": "Site1", "prefix": "0.0.0.0/0"}}
OPEN = {"withdraw": {"site": "Site1", "prefix": "0.0.0.0/0"}}


@cache
def state(*actions: str) -> State:
    moment = initial(parse(TEXT, "public.yaml").scenario)
    for name in actions:
        moment = after(moment, Action.model_validate({"forced": FORCED, "open": OPEN}[name]))
    return moment


def asked(moment: State, target: str, source: str = "internet") -> Predicted:
    ends = by_node(moment.scenario)
    return pair(moment, ends[source], ends[target], endpoint_addresses(moment))


@pytest.mark.parametrize(
    ("actions", "target"),
    [
        ((), "vnet1-vm1"),
        ((), "vnet1-fw"),
        ((), "vnet1-exempt"),
        # R85, R87.
        (("forced",), "vnet1-exempt"),
        (("forced", "open"), "vnet1-vm1"),
    ],
)
def test_the_internet_reaches_a_public_address_whose_nic_answers_by_the_route_to_internet(
    actions: tuple[str, ...], target: str
) -> None:
    found = asked(state(*actions), target)
    assert [walk.nodes for walk in found.forward] == [("internet", "backbone", "vnet1", target)]
    assert [walk.nodes for walk in found.reverse] == [(target, "vnet1", "backbone", "internet")]
    assert found.outcome == "reachable"


@pytest.mark.parametrize(
    ("actions", "target", "dropped_at", "leg", "reason"),
    [
        ((), "vnet1-hidden", "internet", "forward", "no route: internet has no route to 10.1.0.5"),
        ((), "site1-h1", "internet", "forward", "no route: internet has no route to 10.101.0.10"),
        ((), "lin", "internet", "forward", "no route: internet has no route to 192.168.0.1"),
        ((), "vnet1-closed", "vnet1", "reverse", "None route: 192.0.2.1 matches the user route 0.0.0.0/0 to None"),
        (
            (),
            "vnet1-behind",
            "internet",
            "reverse",
            "no answer: the answer comes from 203.0.113.105, and 203.0.113.104 was asked",
        ),
        # R86.
        (
            ("forced",),
            "vnet1-vm1",
            "internet",
            "reverse",
            "no answer: the answer comes from {device}, and 203.0.113.101 was asked",
        ),
    ],
)
def test_the_internet_does_not_reach_what_has_no_public_address_or_answers_by_another_way(
    actions: tuple[str, ...], target: str, dropped_at: str, leg: str, reason: str
) -> None:
    here = state(*actions)
    death = asked(here, target).death
    assert death is not None
    expected = reason.format(device=here.network.public.routers["site1"])
    assert (death[1].dropped_at, death[0], death[1].reason) == (dropped_at, leg, expected)


def test_a_machine_never_sees_its_public_address() -> None:
    (walk,) = asked(state(), "vnet1-vm1").forward
    assert walk.arrived is not None
    assert walk.arrived.destination == IPv4Address("10.1.0.4")
    assert all(session.before == session.after for session in walk.sessions)


@pytest.mark.parametrize(
    ("source", "address"), [("vnet1-vm1", "203.0.113.101"), ("vnet1-behind", "203.0.113.105"), ("vnet1-hidden", None)]
)
def test_a_nic_goes_to_the_internet_under_its_public_address(source: str, address: str | None) -> None:
    """What an appliance forwards under the appliance's; one without under its VNet's."""
    here = state()
    found = asked(here, "internet", source)
    (walk,) = found.forward
    assert found.outcome == "reachable"
    assert walk.arrived is not None
    assert str(walk.arrived.source) == (address or str(here.network.public.egress["VNet1"]))


def test_a_client_and_a_host_reach_the_internet_as_ever() -> None:
    for source in ("lin", "site1-h1"):
        assert asked(state(), "internet", source).outcome == "reachable"
