"""Appliances of peered VNets at a Route Server (A45)."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.azure.moments import initial
from netlab.azure.prediction import matrix
from netlab.azure.state import State
from netlab.scenario.loader import parse

IN_SPOKE = """
name: in-spoke
vnets:
  Hub:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      near: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65002, announces: [10.8.0.0/16]}}}
    route_server: {}
  Spoke:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms:
      vm2: {subnet: default}
      far:
        subnet: default
        enable_ip_forwarding: true
        nva: {bgp: {asn: 65001, route_server: Hub, sites: [Remote]}}
  Other:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24}
    vms: {vm3: {subnet: default}}
peerings:
  hub-spoke: {vnet: Hub, remote_vnet: Spoke, allow_gateway_transit: true, allow_forwarded_traffic: true}
  spoke-hub: {vnet: Spoke, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
  hub-other: {vnet: Hub, remote_vnet: Other, allow_gateway_transit: true, allow_forwarded_traffic: true}
  other-hub: {vnet: Other, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
sites:
  Remote: {address_prefixes: [10.201.0.0/16], bgp: {asn: 65201}, hosts: {h: 10.201.0.10}}
"""


def in_spoke(*changes: tuple[str, str]) -> State:
    text = IN_SPOKE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return initial(parse(text, "in-spoke.yaml").scenario)


def paths_of(state: State, node: str) -> dict[str, set[tuple[int, ...]]]:
    return {str(prefix): {path.as_path for path in paths} for prefix, paths in state.learned[node].items() if paths}


def to_h(state: State, source: str) -> tuple[str, tuple[str, ...]]:
    found = next(c for c in matrix(state) if (c.source, c.target) == (source, "remote-h"))
    return (found.death[1].dropped_at if found.death else "", found.forward[0].nodes)


def test_an_appliance_of_a_spoke_peers_over_the_peering() -> None:
    state = in_spoke()
    for instance in ("hub-rs-0", "hub-rs-1"):
        assert paths_of(state, instance) == {"10.8.0.0/16": {(65002,)}, "10.201.0.0/16": {(65001, 65201)}}
    own = {"10.1.0.0/16": {(65515,)}, "10.2.0.0/16": {(65515,)}, "10.3.0.0/16": {(65515,)}}
    assert paths_of(state, "spoke-far") == {
        **own,
        "10.8.0.0/16": {(65515, 65002)},
        "10.201.0.0/16": {(65201,)},
    }
    assert paths_of(state, "hub-near") == {**own, "10.201.0.0/16": {(65515, 65001, 65201)}}


def test_the_hub_and_the_spoke_send_to_it_and_another_spoke_has_its_next_hop_nowhere() -> None:
    state = in_spoke()
    assert to_h(state, "hub-vm1") == ("", ("hub-vm1", "hub", "spoke", "spoke-far", "remote", "remote-h"))
    assert to_h(state, "spoke-vm2") == ("", ("spoke-vm2", "spoke", "spoke-far", "remote", "remote-h"))
    assert to_h(state, "other-vm3")[0] == "other"
    peered = (
        "sites:\n  Remote",
        "  other-spoke: {vnet: Other, remote_vnet: Spoke, allow_forwarded_traffic: true}\n"
        "  spoke-other: {vnet: Spoke, remote_vnet: Other}\nsites:\n  Remote",
    )
    assert to_h(in_spoke(peered), "other-vm3") == (
        "",
        ("other-vm3", "other", "spoke", "spoke-far", "remote", "remote-h"),
    )


def test_it_may_peer_with_one_instance_and_without_the_key_with_none() -> None:
    one = in_spoke(("route_server: Hub,", "route_server: Hub, route_server_instances: [1],"))
    assert "10.201.0.0/16" in paths_of(one, "hub-rs-1")
    assert "10.201.0.0/16" not in paths_of(one, "hub-rs-0")
    none = in_spoke(("route_server: Hub, ", ""))
    assert set(paths_of(none, "hub-rs-0")) == set(paths_of(none, "hub-rs-1")) == {"10.8.0.0/16"}
    assert to_h(none, "hub-vm1")[0] == "hub"


def test_its_next_hop_may_be_another_machine_of_its_vnet() -> None:
    state = in_spoke(("route_server: Hub,", "route_server: Hub, announces: [10.9.0.0/16], next_hop: 10.2.0.4,"))
    best = state.learned["hub-rs-0"][IPv4Network("10.9.0.0/16")]
    assert [str(path.next_hop) for path in best] == ["10.2.0.4"]
