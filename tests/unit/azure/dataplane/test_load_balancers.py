"""Load balancers in the model: which member a flow takes, who is up, and what is for a frontend itself (L1 to L18)."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from netlab.azure.dataplane import load_balancers
from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.dataplane.walk import Walk
from netlab.azure.moments import after, initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.plan.load_balancers import pools
from netlab.plan.timers import timers
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import parse
from netlab.scenario.models import Action
from netlab.scenario.names import by_node

TEXT = """
name: balanced
route_tables:
  by-lb:
    routes:
      all: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.10}
  back:
    routes:
      all: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.10}
network_security_groups:
  guard: {}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {nva: {address_prefix: 10.0.0.0/24, network_security_group: guard}}
    vms:
      nva1: {subnet: nva, private_ip_address: 10.0.0.4, enable_ip_forwarding: true, nva: {}}
      nva2: {subnet: nva, private_ip_address: 10.0.0.5, enable_ip_forwarding: true, nva: {}}
    load_balancers:
      lb:
        frontend_ip_configurations:
          fe: {subnet: nva, private_ip_address: 10.0.0.10}
          fe2: {subnet: nva, private_ip_address: 10.0.0.11}
        backend_address_pools: {nvas: [nva1, nva2], same: [nva1, nva2]}
        probes: {alive: {port: 22}}
        load_balancing_rules:
          ha: {frontend_ip_configuration: fe, backend_address_pool: nvas, probe: alive, protocol: All,
               frontend_port: 0, backend_port: 0}
          ha2: {frontend_ip_configuration: fe2, backend_address_pool: same, probe: alive, protocol: All,
                frontend_port: 0, backend_port: 0}
  Spoke1:
    address_space: [10.1.0.0/16]
    subnets: {default: {address_prefix: 10.1.0.0/24, route_table: by-lb}}
    vms: {app: {subnet: default}}
  Spoke2:
    address_space: [10.2.0.0/16]
    subnets: {default: {address_prefix: 10.2.0.0/24, route_table: back}}
    vms: {db: {subnet: default}}
peerings:
  h1: {vnet: Hub, remote_vnet: Spoke1}
  s1: {vnet: Spoke1, remote_vnet: Hub, allow_forwarded_traffic: true}
  h2: {vnet: Hub, remote_vnet: Spoke2}
  s2: {vnet: Spoke2, remote_vnet: Hub, allow_forwarded_traffic: true}
"""
NVAS = {"hub-nva1", "hub-nva2"}
DEAD = ("", "")


def state(*edits: tuple[str, str], stopped: tuple[str, ...] = ()) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now)
    found = initial(parse(text, "balanced.yaml").scenario)
    for name in stopped:
        found = after(found, Action.model_validate({"stop_vm": {"vm": name}}))
    return found


def pair(found: State, protocol: Protocol = "tcp", source: str = "spoke1-app", target: str = "spoke2-db") -> Predicted:
    ends = by_node(found.scenario)
    return Forecast(found, endpoint_addresses(found)).pair(ends[source], ends[target], protocol)


def members(walks: tuple[Walk, ...]) -> list[frozenset[str]]:
    return [frozenset(walk.nodes) & NVAS for walk in walks]


def guard(*rules: str) -> tuple[str, str]:
    return "guard: {}", f"guard: {{security_rules: {{{', '.join(rules)}}}}}"


# --- as the next hop of a route -------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_member_may_take_a_flow_and_its_answer_takes_the_same_one(protocol: Protocol) -> None:
    """L2, L7, L18; matrix L, rows 1, 2 and 8."""
    found = pair(state(), protocol)
    assert sorted(map(sorted, members(found.forward))) == [["hub-nva1"], ["hub-nva2"]]
    assert members(found.reverse) == members(found.forward)
    assert found.outcome == "reachable"


@pytest.mark.parametrize("protocol", ["icmp", "tcp"])
def test_two_frontends_give_no_such_promise(protocol: Protocol) -> None:
    """L7: a hash is salted by its frontend, so an answer may meet a firewall that has not seen the request (F22)."""
    two = """  back:
    routes:
      all: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.1"""
    found = pair(state((f"{two}0}}", f"{two}1}}")), protocol)
    assert found.ends == {DEAD, ("hub-nva1", "reverse"), ("hub-nva2", "reverse")}
    assert {walk.cause.type for walk in found.reverse if walk.cause is not None} == {"invalid-state"}


def test_an_appliance_one_way_and_its_load_balancer_the_other_way_meet_by_chance() -> None:
    """Matrix L, row 10, with F22 where they do not."""
    direct = ("10.0.0.10}\n  back:", "10.0.0.4}\n  back:")
    found = pair(state(direct))
    assert members(found.forward) == [{"hub-nva1"}]
    assert found.ends == {DEAD, ("hub-nva2", "reverse")}


@pytest.mark.parametrize(("dead", "left"), [("nva1", "hub-nva2"), ("nva2", "hub-nva1")])
def test_a_member_that_is_stopped_gets_no_new_flows(dead: str, left: str) -> None:
    """L10, L11; matrix L, row 4."""
    found = pair(state(stopped=(dead,)))
    assert members(found.forward) == members(found.reverse) == [{left}]
    assert found.outcome == "reachable"


def test_without_a_probe_a_dead_member_keeps_its_flows() -> None:
    found = pair(state((", probe: alive", ""), stopped=("nva1",)))
    assert found.ends == {DEAD, ("hub-nva1", "forward")}


def test_with_all_members_down_there_are_no_new_flows() -> None:
    """L12."""
    found = pair(state(stopped=("nva1", "nva2")))
    assert found.drop is not None
    assert (found.drop.node, found.drop.type) == ("spoke1", "no-healthy-member")


def test_all_probed_up_sends_flows_to_dead_members() -> None:
    """L12: noHealthyBackendsBehavior."""
    up = ("{port: 22}", "{port: 22, no_healthy_backends_behavior: AllProbedUp}")
    assert {walk.cause.type for walk in pair(state(up, stopped=("nva1", "nva2"))).forward if walk.cause} == {"stopped"}
    assert pair(state(up, stopped=("nva1",))).ends == {DEAD}


DENY = "deny: {priority: 200, direction: Inbound, access: Deny, protocol: %s, source_address_prefix: %s%s}"


@pytest.mark.parametrize(
    "rules",
    [
        (DENY % ("Tcp", "AzureLoadBalancer", ""),),
        (DENY % ('"*"', '"*"', ", destination_port_range: 20-25"),),
        (DENY % ("Tcp", "168.63.129.16/32", ""),),
    ],
)
def test_a_probe_that_is_denied_takes_all_members_out(rules: tuple[str, ...]) -> None:
    """L9; matrix L, row 5."""
    found = pair(state(guard(*rules)))
    assert found.drop is not None
    assert (found.drop.node, found.drop.type) == ("spoke1", "no-healthy-member")
    assert "guard, rule 200 deny" in found.drop.reason


@pytest.mark.parametrize(
    "rules",
    [
        (DENY % ("Udp", "AzureLoadBalancer", ""),),
        (DENY % ("Tcp", "AzureLoadBalancer", ", destination_port_range: 80"),),
        (
            DENY % ("Tcp", '"*"', ", destination_port_range: 22"),
            "allow: {priority: 100, direction: Inbound, access: Allow, protocol: Tcp,"
            " source_address_prefix: AzureLoadBalancer}",
        ),
    ],
)
def test_rules_for_other_packets_leave_members_up(rules: tuple[str, ...]) -> None:
    assert pair(state(guard(*rules))).ends == {DEAD}


@pytest.mark.parametrize(("denied", "drop"), [("23", "no-healthy-member"), ("22", None)])
def test_of_rules_with_several_probes_the_last_one_decides_in_model_and_plan(denied: str, drop: str | None) -> None:
    ports = """ha: {frontend_ip_configuration: fe, backend_address_pool: nvas, probe: alive, protocol: Tcp,
              frontend_port: 7007, backend_port: 7007}
          later: {frontend_ip_configuration: fe, backend_address_pool: nvas, probe: late, protocol: Tcp,
                  frontend_port: 80, backend_port: 80}"""
    ha = TEXT[TEXT.index("ha: {") : TEXT.index("          ha2")].rstrip()
    edits = ((ha, ports), ("alive: {port: 22}", "alive: {port: 22}, late: {port: 23}"))
    found = state(*edits, guard(DENY % ("Tcp", "AzureLoadBalancer", f", destination_port_range: {denied}")))
    answer = pair(found, target="hub-lb-fe")
    assert (answer.drop.type if answer.drop is not None else None) == drop
    vnet = found.network.vnets["Hub"]
    pool = next(pool for pool in pools("lab", vnet, timers(20)) if pool.name == "Hub/lb/fe/nvas")
    assert pool.port == 23


def test_check_warns_of_members_that_no_probe_reaches() -> None:
    rule = DENY % ("Tcp", "AzureLoadBalancer", "")
    (of_nva1, of_nva2, *_) = load_balancers.warnings(state(guard(rule)))
    assert (of_nva1.rule, of_nva1.severity) == ("L9", "warning")
    assert of_nva1.message == (
        "member `nva1` is down from the start: security rule: guard, rule 200 deny, denies it inbound at the NIC of "
        "hub-nva1; let 168.63.129.16 (AzureLoadBalancer) in to the port of its probe"
    )
    assert "`nva2`" in of_nva2.message
    assert not tuple(load_balancers.warnings(state()))


def test_a_rule_at_one_member_takes_that_one_out() -> None:
    at_nva1 = ("nva1: {subnet: nva,", "nva1: {subnet: nva, network_security_group: shut,")
    rule = DENY % ("Tcp", "AzureLoadBalancer", "")
    shut = ("  guard: {}", f"  guard: {{}}\n  shut: {{security_rules: {{{rule}}}}}")
    found = pair(state(at_nva1, shut))
    assert members(found.forward) == [{"hub-nva2"}]


def test_without_ha_ports_a_frontend_forwards_nothing() -> None:
    """L3, L6: rules for ports are for packets to the frontend."""
    ha, port = "frontend_port: 0, backend_port: 0}", "frontend_port: 7007, backend_port: 7007}"
    rule = "{frontend_ip_configuration: fe, backend_address_pool: nvas, probe: alive, protocol: "
    found = pair(state((f"{rule}All,\n               {ha}", f"{rule}Tcp,\n               {port}")))
    assert found.drop is not None
    assert (found.drop.node, found.drop.type) == ("spoke1", "no-load-balancing-rule")


# --- asked at the frontend ------------------------------------------------------------------------------------------


def to_frontend(start: str, source: str, protocol: Protocol, port: int = 443) -> tuple[State, tuple[Walk, ...]]:
    found, ports = state(), (10_000, port) if protocol != "icmp" else ()
    packet = Packet(IPv4Address(source), IPv4Address("10.0.0.10"), protocol, *ports)
    return found, Plane(found, {}).walks(start, packet)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_packet_for_the_frontend_reaches_a_member_under_its_address_and_is_answered_from_the_frontend(
    protocol: Protocol,
) -> None:
    """L1."""
    found, walks = to_frontend("spoke1-app", "10.1.0.4", protocol)
    assert {(walk.nodes[-1], str(walk.arrived.destination)) for walk in walks if walk.arrived is not None} == {
        ("hub-nva1", "10.0.0.4"),
        ("hub-nva2", "10.0.0.5"),
    }
    for walk in walks:
        assert walk.arrived is not None
        (back,) = Plane(found, {}).walks(walk.nodes[-1], walk.arrived.answer, walk.sessions)
        assert back.arrived is not None
        assert str(back.arrived.source) == "10.0.0.10"


def test_a_frontend_answers_no_ping() -> None:
    """L17; matrix L, row 7."""
    _, (walk,) = to_frontend("spoke1-app", "10.1.0.4", "icmp")
    assert walk.cause is not None
    assert (walk.dropped_at, walk.cause.type) == ("hub", "no-load-balancing-rule")


def test_a_member_reaches_its_own_frontend_where_the_hash_picks_another_one() -> None:
    """L15; matrix L, row 6."""
    _, walks = to_frontend("hub-nva1", "10.0.0.4", "tcp")
    ends = {(walk.nodes[-1], walk.cause.type if walk.cause is not None else "") for walk in walks}
    assert ends == {("hub-nva1", "loop"), ("hub-nva2", "")}


def test_a_pair_with_a_frontend_reaches_each_member_and_its_answer_comes_from_the_frontend() -> None:
    """L1; matrix L, row 2."""
    found = pair(state(), target="hub-lb-fe")
    assert sorted(walk.nodes[-1] for walk in found.forward) == sorted(NVAS)
    assert sorted(walk.nodes[0] for walk in found.reverse) == sorted(NVAS)
    assert found.outcome == "reachable"


def test_a_pair_with_a_frontend_has_no_ping() -> None:
    """L17; matrix L, row 7."""
    found = pair(state(), "icmp", target="hub-lb-fe")
    assert found.drop is not None
    assert (found.drop.node, found.drop.type) == ("hub", "no-load-balancing-rule")


@pytest.mark.parametrize(("dead", "ends"), [("nva1", {DEAD}), ("nva2", {("hub-nva1", "forward")})])
def test_a_member_reaches_its_frontend_by_another_one_only(dead: str, ends: set[tuple[str, str]]) -> None:
    """L15; matrix L, row 6: with itself alone it never does."""
    if dead == "nva1":
        assert pair(state(), source="hub-nva1", target="hub-lb-fe").ends == {DEAD, ("hub-nva1", "forward")}
    found = pair(state(stopped=(dead,)), source="hub-nva1" if dead == "nva2" else "spoke1-app", target="hub-lb-fe")
    assert found.ends == ends


def test_rules_at_members_read_their_own_address_and_not_the_frontends() -> None:
    """N9."""
    rule = "deny: {priority: 200, direction: Inbound, access: Deny, protocol: Tcp, destination_address_prefix: %s,"
    rule += " source_address_prefix: 10.1.0.4/32}"
    assert pair(state(guard(rule % "10.0.0.10/32")), target="hub-lb-fe").ends == {DEAD}
    assert pair(state(guard(rule % "10.0.0.4/32")), target="hub-lb-fe").ends == {DEAD, ("hub", "forward")}


def test_rules_at_a_client_read_the_frontends_address() -> None:
    at_client = ("{address_prefix: 10.1.0.0/24,", "{address_prefix: 10.1.0.0/24, network_security_group: guard,")
    elsewhere = (", network_security_group: guard}", "}")
    rule = "deny: {priority: 200, direction: Outbound, access: Deny, protocol: Tcp, destination_address_prefix: %s}"
    for address, ends in (("10.0.0.10/32", {("spoke1", "forward")}), ("10.0.0.4/31", {DEAD})):
        assert pair(state(elsewhere, at_client, guard(rule % address)), target="hub-lb-fe").ends == ends
