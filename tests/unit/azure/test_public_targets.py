"""Machines that a story names by their public address: who asks them there, by which way, whence they answer."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address

import pytest

from netlab.azure.expecting import additions
from netlab.azure.moments import after, initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse
from netlab.scenario.models import Action
from netlab.scenario.names import asked_by_address, by_node, resolve

PUBLIC = IPv4Address("203.0.113.101")
TEXT = """\
name: public
network_security_groups:
  web:
    security_rules:
      Web: {priority: 100, direction: Inbound, access: Allow, protocol: Tcp, source_address_prefix: Internet,
            destination_port_range: "7007"}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms:
      vm1: {subnet: default, public_ip_address: 203.0.113.101}
      web: {subnet: default, public_ip_address: 203.0.113.102, network_security_group: web}
      beside: {subnet: default}
    vpn_gateway: {bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
  VNet2: {region: eastus, address_space: [10.2.0.0/16], subnets: {default: 10.2.0.0/24}, vms: {vm2: {subnet: default}}}
sites:
  Site1:
    address_prefixes: [10.101.0.0/16]
    bgp: {asn: 65101}
    hosts: {h1: 10.101.0.10, other: 10.101.0.11}
  Site2: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.0.10}}
connections: {VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}}
clients: {lin: {os: linux, gateway: VNet1}}
story:
  - name: as built
    expect:
      reach:
        vm1: {internet: reachable}
        h1: {203.0.113.101: reachable}
        other: {vm1: reachable}
        Site2: {203.0.113.101: reachable, 203.0.113.102: {tcp: reachable, icmp: unreachable}}
        vm2: {203.0.113.101: reachable}
        lin: {203.0.113.101: reachable}
        beside: {203.0.113.101: reachable}
"""


@cache
def state(*actions: str) -> State:
    moment = initial(parse(TEXT, "public.yaml").scenario)
    for name in actions:
        subject = {"site": "Site1", "prefix": "0.0.0.0/0"}
        moment = after(moment, Action.model_validate({"announce": subject} if name == "forced" else {name: {}}))
    return moment


def asked(moment: State, source: str, target: str = "vnet1-vm1", protocol: Protocol = "icmp") -> Predicted:
    ends = by_node(moment.scenario)
    return Forecast(moment, endpoint_addresses(moment)).pair(ends[source], ends[target], protocol)


@pytest.mark.parametrize(
    ("source", "way"),
    [
        # A site with a tunnel to the VNet: its packets for the public address do not enter the tunnel.
        ("site1-h1", ("site1-h1", "site1", "site1-edge", "internet", "backbone", "vnet1", "vnet1-vm1")),
        ("site2-h2", ("site2-h2", "site2", "site2-edge", "internet", "backbone", "vnet1", "vnet1-vm1")),
        ("lin", ("lin", "internet", "backbone", "vnet1", "vnet1-vm1")),
        # R80: what is between two addresses of Azure does not pass the Internet.
        ("vnet2-vm2", ("vnet2-vm2", "vnet2", "backbone-eastus", "backbone", "vnet1", "vnet1-vm1")),
        ("vnet1-beside", ("vnet1-beside", "vnet1", "backbone", "vnet1", "vnet1-vm1")),
    ],
)
def test_a_machine_is_asked_at_its_public_address_and_answers_from_there(source: str, way: tuple[str, ...]) -> None:
    found = asked(state(), source)
    (there,), (back,) = found.forward, found.reverse
    assert there.nodes == way
    assert back.nodes == way[::-1]
    assert back.arrived is not None
    assert back.arrived.source == PUBLIC


def test_others_are_asked_at_the_private_address() -> None:
    found = asked(state(), "site1-other")
    assert "vnet1-gw-0" in found.forward[0].nodes
    assert asked_by_address(state().scenario).keys() == {
        *((source, "vnet1-vm1") for source in ("site1-h1", "site2-h2", "vnet2-vm2", "lin", "vnet1-beside")),
        ("site2-h2", "vnet1-web"),
    }


@pytest.mark.parametrize(
    ("protocol", "outcome"), [("tcp", "reachable"), ("udp", "unreachable"), ("icmp", "unreachable")]
)
def test_a_security_group_lets_the_port_in_and_no_other(protocol: Protocol, outcome: str) -> None:
    found = asked(state(), "site2-h2", "vnet1-web", protocol)
    assert found.outcome == outcome
    if outcome == "unreachable":
        assert found.drop is not None
        assert (found.drop.node, found.drop.type) == ("vnet1", DropType.SECURITY_RULE)


def test_forced_tunnelling_leads_the_answer_away() -> None:
    """R86: what comes from the Internet is answered over the gateway."""
    found = asked(state("forced"), "site2-h2")
    assert found.outcome == "unreachable"
    assert found.drop is not None
    assert found.drop.direction == "reverse"


def test_a_cut_internet_leaves_what_is_between_machines_of_azure() -> None:
    cut = state("cut_internet")
    assert asked(cut, "vnet2-vm2").outcome == "reachable"
    for source in ("site1-h1", "site2-h2"):
        drop = asked(cut, source).drop
        assert drop is not None
        assert (drop.node, drop.type) == ("internet", DropType.INTERNET_CUT)


def test_an_address_that_no_machine_has_names_nothing() -> None:
    assert resolve(state().scenario, "203.0.113.101") == ("vnet1-vm1",)
    assert resolve(state().scenario, "203.0.113.109") == ()


def test_what_a_file_lacks_is_written_with_the_address() -> None:
    """A later step names the target so, and a pair is asked by one address in the whole story."""
    steps = "story:\n  - name: as built\n  - name: later\n    expect: {reach: {h1: {203.0.113.101: reachable}}}\n"
    first, later = additions(parse(TEXT[: TEXT.index("story:")] + steps, "x.yaml").scenario)
    assert first["reach"]["h1"]["203.0.113.101"] == "reachable"
    assert "vm1" not in first["reach"]["h1"]
    assert "203.0.113.101" not in later.get("reach", {}).get("h1", {})


def test_other_traffic_leaves_under_an_address_of_azure_unless_tunnelling_is_forced() -> None:
    """Seed 001: what is for no prefix of the gateway goes to the public networks through the load balancer."""
    public = state().network.public
    for source, address in (
        ("vnet1-vm1", PUBLIC),
        ("vnet1-beside", public.egress["VNet1"]),
        ("vnet2-vm2", public.egress["VNet2"]),
    ):
        (way,) = asked(state(), source, "internet").forward
        assert way.arrived is not None
        assert way.arrived.source == address
    assert "vnet1-gw-0" in asked(state(), "vnet1-vm1", "site1-other").forward[0].nodes
    assert "vnet1-gw-0" in asked(state("forced"), "vnet1-beside", "internet").forward[0].nodes
