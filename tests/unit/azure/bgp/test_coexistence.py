"""A site on a circuit and on the VPN of the same VNet, beside a Route Server: its site of origin stops loops."""

from __future__ import annotations

from netlab.azure.moments import after, initial
from netlab.azure.prediction import matrix
from netlab.azure.state import State
from netlab.plan.planner import plan
from netlab.render.text import speaker_conf
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.loader import parse
from netlab.scenario.models import Action, Scenario

TEXT = """
name: coexistence
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      nva: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, sites: [Remote]}}}
      own: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65002, announces: [10.60.0.0/16]}}}
    expressroute_gateway: {}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {allow_branch_to_branch_traffic: true}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.254.0/27}
    vpn_gateway: {bgp: {asn: 65020}}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}, hosts: {h2: 10.102.0.10}}
  Remote: {address_prefixes: [10.201.0.0/16], bgp: {asn: 65201}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
  VNet2-Site1: {type: IPsec, between: [VNet2, Site1], enable_bgp: true}
  VNet1-Site2: {type: IPsec, between: [VNet1, Site2], enable_bgp: true}
  own-Site2: {type: IPsec, between: [VNet1-own, Site2], enable_bgp: true}
expressroute_circuits:
  c1: {site: Site1, vnets: {VNet1: {}}}
"""


def scenario() -> Scenario:
    return parse(TEXT, "coexistence.yaml").scenario


def heard(at: State, node: str) -> dict[str, tuple[int, ...]]:
    return {str(prefix): paths[0].as_path for prefix, paths in at.learned[node].items()}


def acted(at: State, verb: str, **subject: object) -> State:
    return after(at, Action.model_validate({verb: subject}))


def test_a_vnet_does_not_hear_by_its_vpn_what_it_told_over_the_circuit() -> None:
    """Microsoft takes 65515 out of it (R99): the loop check would let it in."""
    at = initial(scenario())
    assert heard(at, "site1")["10.201.0.0/16"] == (12076,)
    assert heard(at, "vnet1-gw-0")["10.201.0.0/16"] == (65001, 65201)


def test_another_vnet_hears_it_from_the_site() -> None:
    """Which gives transit between its circuit and the VPN of a VNet that is not on it."""
    at = initial(scenario())
    assert heard(at, "vnet2-gw-0")["10.201.0.0/16"] == (65101, 12076)
    assert heard(at, "vnet1-er-0")["10.2.0.0/16"] == (12076, 65101, 65020)


def test_the_site_sets_a_site_of_origin_and_advertises_no_route_with_the_same() -> None:
    found = plan(scenario(), "lab")
    (site,) = (speaker for speaker in found.speakers if speaker.node == "site1")
    (number,) = site.communities
    assert {neighbor.node: neighbor.communities for neighbor in site.neighbors} == {
        **dict.fromkeys(("vnet1-gw-0", "vnet1-gw-1", "c1-msee-0", "c1-msee-1"), (number,)),
        "vnet2-gw-0": (),
    }
    said = speaker_conf(site, "bgpd")
    assert f"bgp community-list standard SITE-OF-ORIGIN-{number} seq 5 permit 0:{number}\n" in said
    assert said.count(f" set community 0:{number} additive\n") == 4
    for neighbor in (neighbor for neighbor in site.neighbors if neighbor.communities):
        name = site.export_maps[neighbor.address]
        assert f"  neighbor {neighbor.address} route-map EXPORT-{name} out\n" in said
        assert f"route-map EXPORT-{name} deny 6\n match community SITE-OF-ORIGIN-{number}\n" in said


def test_what_a_gateway_keeps_it_keeps_from_circuits_and_appliances_too() -> None:
    """B17, B23: what is wider than its VNet goes inside only, and from there to nobody else."""
    at = acted(initial(scenario()), "announce", site="Site2", prefix="10.0.0.0/8")
    assert heard(at, "vnet1-gw-0")["10.0.0.0/8"] == (65102,)
    assert "10.0.0.0/8" in heard(at, "vnet1-rs-0")
    for node in ("c1-msee-0", "site1", "vnet1-nva"):
        assert "10.0.0.0/8" not in heard(at, node), node


def test_an_appliance_tells_no_default_route_into_its_tunnels() -> None:
    at = acted(initial(scenario()), "announce", nva="VNet1-own", prefix="0.0.0.0/0")
    assert "0.0.0.0/0" in heard(at, "vnet1-rs-0")
    assert "0.0.0.0/0" not in heard(at, "site2")
    (own,) = (speaker for speaker in plan(scenario(), "lab").speakers if speaker.node == "vnet1-own")
    assert {n.node: n.policy.exports.prefix_filter for n in own.neighbors}["site2"] == (DEFAULT_ROUTE,)


def test_an_appliance_resolves_what_leads_to_any_gateway_of_its_vnet() -> None:
    routes = {route.prefix for route in plan(scenario(), "lab").node("vnet1-own").routes}
    assert {f"10.1.254.{last}/32" for last in (4, 5, 12, 13)} <= routes


def test_a_peer_whose_tunnel_is_down_is_not_looked_for_elsewhere() -> None:
    """Site2 still has a route to all of VNet1, by the gateway; but not to own, its BGP peer."""
    at = acted(initial(scenario()), "fail_tunnel", connection="own-Site2")
    found = {(cell.source, cell.target): cell for cell in matrix(at)}
    assert found["site2-h2", "vnet1-vm1"].outcome == "reachable"
    death = found["site2-h2", "vnet1-own"].death
    assert death is not None
    assert (death[0], death[1].dropped_at) == ("forward", "site2")
