"""Network security groups in the model (N1 to N35): their test matrix, each row with another that ends otherwise."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.dataplane.security import virtual_network
from netlab.azure.dataplane.walk import Walk
from netlab.azure.moments import initial
from netlab.azure.prediction import endpoint_addresses
from netlab.azure.state import State
from netlab.results.drops import DropType
from netlab.results.protocols import Protocol
from netlab.scenario import service_tags
from netlab.scenario.loader import parse

TEXT = """
name: nsg
route_tables:
  web: {routes: {}}
  nva: {routes: {}}
application_security_groups: {logic: {}, db: {}}
network_security_groups:
  nsg-web: {security_rules: {}}
  nsg-app: {security_rules: {}}
  nsg-nva: {security_rules: {}}
  nsg-far: {security_rules: {}}
  nsg-nic: {security_rules: {}}
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      web: {address_prefix: 10.1.0.0/24, network_security_group: nsg-web, route_table: web}
      app: {address_prefix: 10.1.1.0/24, network_security_group: nsg-app}
      nva: {address_prefix: 10.1.9.0/24, network_security_group: nsg-nva, route_table: nva}
      free: 10.1.2.0/24
      GatewaySubnet: 10.1.255.0/27
    vms:
      web: {subnet: web, public_ip_address: 203.0.113.50, application_security_groups: [logic]}
      web2: {subnet: web}
      app: {subnet: app, application_security_groups: [db]}
      app2: {subnet: app, network_security_group: nsg-nic}
      nva: {subnet: nva, enable_ip_forwarding: true, nva: {}}
      free: {subnet: free}
    vpn_gateway: {bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {far: {address_prefix: 10.2.0.0/24, network_security_group: nsg-far}}
    vms: {far: {subnet: far}}
peerings:
  one: {vnet: VNet1, remote_vnet: VNet2, allow_virtual_network_access: true}
  two: {vnet: VNet2, remote_vnet: VNet1, allow_virtual_network_access: true, allow_forwarded_traffic: true}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
clients:
  win: {os: windows, gateway: VNet1}
"""
WEB, APP, FAR, HOST = "10.1.0.4", "10.1.1.4", "10.2.0.4", "10.101.0.10"
CLIENT = IPv4Address("192.168.0.1")
EMPTY = "{security_rules: {}}"


def rules(group: str, *written: str) -> tuple[str, str]:
    """The edit that gives a group rules; each as `name priority direction access protocol source destination port`."""
    lines = []
    for rule in written:
        name, priority, direction, access, protocol, source, destination, port = rule.split()
        sides = ""
        for side, text in (("source", source), ("destination", destination)):
            asg = f"{side}_application_security_groups: [{text[4:]}]"
            sides += f", {asg}" if text.startswith("asg:") else f', {side}_address_prefix: "{text}"'
        head = f"priority: {priority}, direction: {direction}, access: {access}, protocol: '{protocol}'"
        lines.append(f"{name}: {{{head}{sides}, destination_port_range: '{port}'}}")
    return f"{group}: {EMPTY}", f"{group}: {{security_rules: {{{', '.join(lines)}}}}}"


def routes(table: str, prefix: str, kind: str = "VirtualAppliance, next_hop_ip_address: 10.1.9.4") -> tuple[str, str]:
    return (
        f"{table}: {{routes: {{}}}}",
        f"{table}: {{routes: {{r: {{address_prefix: {prefix}, next_hop_type: {kind}}}}}}}",
    )


def state(*edits: tuple[str, str]) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return initial(parse(text, "nsg.yaml").scenario)


def ended(walk: Walk) -> str:
    """Where and why a walk ends: the node that it reaches, or the rule that drops the packet."""
    if walk.cause is None:
        return walk.nodes[-1]
    if walk.cause.type != DropType.SECURITY_RULE:
        return str(walk.cause.type)
    found = dict(walk.cause.parameters)
    return "{group} {priority} {direction} at {nic}".format(**found)


def fate(moment: State, start: str, source: str, target: str, protocol: Protocol = "tcp", port: int = 22) -> str:
    """What becomes of a packet and then of its answer."""
    plane = Plane(moment, endpoint_addresses(moment))
    ports = (50000, port) if protocol != "icmp" else ()
    (there,) = plane.walks(start, Packet(IPv4Address(source), IPv4Address(target), protocol, *ports))
    if there.arrived is None:
        return ended(there)
    back = plane.walks(there.nodes[-1], there.arrived.answer, there.sessions)
    return ", ".join(dict.fromkeys(ended(walk) for walk in back))


@pytest.mark.parametrize(
    ("edits", "packet", "expected"),
    [
        # 1: empty groups: 65000 both ways.
        ((), ("vnet1-web", WEB, APP), "vnet1-web"),
        # 2: a rule at the destination's subnet; ping and other ports pass.
        ((rules("nsg-app", "no 100 Inbound Deny Tcp 10.1.0.0/24 * 22"),), ("vnet1-web", WEB, APP),
         "nsg-app 100 inbound at vnet1-app"),
        ((rules("nsg-app", "no 100 Inbound Deny Tcp 10.1.0.0/24 * 22"),), ("vnet1-web", WEB, APP, "icmp"), "vnet1-web"),
        ((rules("nsg-app", "no 100 Inbound Deny Tcp 10.1.0.0/24 * 22"),), ("vnet1-web", WEB, APP, "tcp", 23),
         "vnet1-web"),
        ((rules("nsg-app", "no 100 Inbound Deny Tcp 10.1.0.0/24 * 20-22"),), ("vnet1-free", "10.1.2.4", APP),
         "vnet1-free"),
        # 3: neighbours of one subnet (N24).
        ((rules("nsg-web", "no 100 Outbound Deny * VirtualNetwork VirtualNetwork *"),),
         ("vnet1-web", WEB, "10.1.0.5"), "nsg-web 100 outbound at vnet1-web"),
        ((rules("nsg-web", "no 100 Inbound Deny * VirtualNetwork VirtualNetwork *"),),
         ("vnet1-web", WEB, "10.1.0.5"), "nsg-web 100 inbound at vnet1-web2"),
        # 4 and 5: what BGP advertised and the pool are in the tag.
        ((), ("site1-host1", HOST, WEB, "icmp"), "site1-host1"),
        ((), ("win", "192.168.0.1", WEB, "tcp", 3389), "win"),
        # 6: a peer without access is in the tag of neither side; rules of one's own let it through.
        ((("true}\n  two", "false}\n  two"), ("true, allow_f", "false, allow_f")), ("vnet2-far", FAR, WEB),
         "nsg-far 65500 outbound at vnet2-far"),
        ((("true}\n  two", "false}\n  two"),), ("vnet2-far", FAR, WEB), "nsg-web 65500 inbound at vnet1-web"),
        ((("true}\n  two", "false}\n  two"), ("true, allow_f", "false, allow_f"),
          rules("nsg-far", "ok 100 Outbound Allow * * 10.1.0.0/16 *"),
          rules("nsg-web", "ok 100 Inbound Allow * 10.2.0.0/16 * *")), ("vnet2-far", FAR, WEB), "vnet2-far"),
        # 7: from the Internet.
        ((), ("internet", "192.0.2.1", "203.0.113.50", "tcp", 443), "nsg-web 65500 inbound at vnet1-web"),
        ((rules("nsg-web", "https 200 Inbound Allow Tcp Internet * 443"),),
         ("internet", "192.0.2.1", "203.0.113.50", "tcp", 443), "internet"),
        ((rules("nsg-web", "https 200 Inbound Allow Tcp Internet * 443"),),
         ("internet", "192.0.2.1", "203.0.113.50", "icmp"), "nsg-web 65500 inbound at vnet1-web"),
        # 8: a user route 0.0.0.0/0 makes the tag everything (N12), and the appliance's subnet has it not (N13).
        ((routes("web", "0.0.0.0/0"), rules("nsg-web", "vn 100 Outbound Allow * * VirtualNetwork *",
          "no 200 Outbound Deny * * Internet *")), ("vnet1-web", WEB, "192.0.2.1"),
         "nsg-nva 65500 inbound at vnet1-nva"),
        ((rules("nsg-web", "vn 100 Outbound Allow * * VirtualNetwork *", "no 200 Outbound Deny * * Internet *"),),
         ("vnet1-web", WEB, "192.0.2.1"), "nsg-web 200 outbound at vnet1-web"),
        ((routes("web", "0.0.0.0/0"), rules("nsg-nva", "in 100 Inbound Allow * * * *")),
         ("vnet1-web", WEB, "192.0.2.1"), "vnet1-web"),
        # 10: a one-way detour over an appliance does not upset the groups of both ends (N20).
        ((routes("web", "10.1.1.0/24"),), ("vnet1-web", WEB, APP, "udp"), "vnet1-web"),
        # 12: a rule with an application security group is for its members alone (N27).
        ((rules("nsg-app", "ok 110 Inbound Allow Tcp asg:logic asg:db 1433", "no 120 Inbound Deny * * asg:db 1433"),),
         ("vnet1-web", WEB, APP, "tcp", 1433), "vnet1-web"),
        ((rules("nsg-app", "ok 110 Inbound Allow Tcp asg:logic asg:db 1433", "no 120 Inbound Deny * * asg:db 1433"),),
         ("vnet1-web2", "10.1.0.5", APP, "tcp", 1433), "nsg-app 120 inbound at vnet1-app"),
        ((rules("nsg-app", "ok 110 Inbound Allow Tcp asg:logic asg:db 1433", "no 120 Inbound Deny * * asg:db 1433"),),
         ("vnet1-web2", "10.1.0.5", "10.1.1.5", "tcp", 1433), "vnet1-web2"),
    ],
)  # fmt: skip
def test_the_matrix(edits: tuple[tuple[str, str], ...], packet: tuple[str, str, str], expected: str) -> None:
    assert fate(state(*edits), *packet) == expected


def test_both_groups_must_allow_and_the_order_is_azures() -> None:
    """N3: inbound the subnet's group comes first, outbound the NIC's."""
    deny_in, deny_out = "in 100 Inbound Deny * * * *", "out 100 Outbound Deny * * * *"
    app2 = "10.1.1.5"
    assert fate(state(rules("nsg-nic", deny_in)), "vnet1-web", WEB, app2) == "nsg-nic 100 inbound at vnet1-app2"
    both = state(rules("nsg-nic", deny_in, deny_out), rules("nsg-app", deny_in.replace("100", "150"), deny_out))
    assert fate(both, "vnet1-web", WEB, app2) == "nsg-app 150 inbound at vnet1-app2"
    assert fate(both, "vnet1-app2", app2, WEB) == "nsg-nic 100 outbound at vnet1-app2"


def test_the_lowest_priority_decides_whatever_the_order_of_the_file() -> None:
    """N4."""
    allow, deny = "a 300 Inbound Allow * * * *", "d 200 Inbound Deny * * * *"
    for order in ((allow, deny), (deny, allow)):
        assert fate(state(rules("nsg-app", *order)), "vnet1-web", WEB, APP) == "nsg-app 200 inbound at vnet1-app"
    assert fate(state(rules("nsg-app", allow, deny.replace("200", "400"))), "vnet1-web", WEB, APP) == "vnet1-web"


@pytest.mark.parametrize(
    ("rule", "protocol", "port", "expected"),
    [
        ("no 100 Inbound Deny * * * 22", "tcp", 22, "nsg-app 100 inbound at vnet1-app"),
        ("no 100 Inbound Deny * * * 22", "udp", 22, "nsg-app 100 inbound at vnet1-app"),
        ("no 100 Inbound Deny * * * 22", "tcp", 23, "vnet1-web"),
        ("no 100 Inbound Deny * * * 22", "icmp", 22, "vnet1-web"),
        ("no 100 Inbound Deny * * * 0-65535", "icmp", 22, "nsg-app 100 inbound at vnet1-app"),
        ("no 100 Inbound Deny Icmp * * 22", "icmp", 22, "nsg-app 100 inbound at vnet1-app"),
        ("no 100 Inbound Deny Icmp * * 22", "tcp", 22, "vnet1-web"),
    ],
)
def test_a_rule_with_ports_is_not_for_ping(rule: str, protocol: Protocol, port: int, expected: str) -> None:
    """N25; N7: the ports of a rule for ping mean nothing."""
    assert fate(state(rules("nsg-app", rule)), "vnet1-web", WEB, APP, protocol, port) == expected


@pytest.mark.parametrize(
    ("tag", "given", "expected"),
    [
        ("Storage", "Storage: [10.1.1.0/24]", "nsg-web 100 outbound at vnet1-web"),
        ("storage.WestEurope", "Storage: [10.1.1.0/24]", "nsg-web 100 outbound at vnet1-web"),
        ("Storage", "Storage: [10.1.2.0/24]", "vnet1-web"),
        ("Sql", "Storage: [10.1.1.0/24]", "vnet1-web"),
    ],
)
def test_the_tag_of_a_service_is_what_the_scenario_gives_it(tag: str, given: str, expected: str) -> None:
    denied = rules("nsg-web", f"no 100 Outbound Deny * * {tag} *")
    edits = (denied, ("name: nsg\n", f"name: nsg\nservice_tags: {{{given}}}\n"))
    assert fate(state(*edits), "vnet1-web", WEB, APP) == expected


def test_an_answer_needs_no_rule_and_a_request_does() -> None:
    """N19: the group of the asking NIC lets nothing in, and the answer in."""
    closed = state(rules("nsg-web", "no 100 Inbound Deny * * * *"))
    for protocol in ("icmp", "udp", "tcp"):
        assert fate(closed, "vnet1-web", WEB, APP, protocol) == "vnet1-web"
        assert fate(closed, "vnet1-app", APP, WEB, protocol) == "nsg-web 100 inbound at vnet1-web"


@pytest.mark.parametrize(
    ("edits", "subnet", "inside", "outside"),
    [
        ((), "web", (WEB, FAR, HOST, "192.168.0.9", "168.63.129.16"), ("8.8.8.8", "10.3.0.1", "192.168.1.1")),
        ((routes("web", "198.51.100.0/24"),), "web", ("198.51.100.7",), ("198.51.101.7",)),
        ((routes("web", "198.51.100.0/24"),), "app", (WEB,), ("198.51.100.7",)),
        ((routes("web", "198.51.100.0/24", "Internet"),), "web", (WEB,), ("198.51.100.7",)),
        ((routes("web", "198.51.100.0/24", "None"),), "web", (WEB,), ("198.51.100.7",)),
        ((routes("web", "0.0.0.0/0"),), "web", ("8.8.8.8", "10.77.0.1"), ()),
        ((("web: {routes: {}}", "web: {disable_bgp_route_propagation: true}"),), "web", (FAR,), (HOST, "192.168.0.9")),
        ((("true}\n  two", "false}\n  two"),), "web", (WEB, HOST), (FAR,)),
    ],
)
def test_the_tag_is_what_a_subnet_can_route_to(
    edits: tuple[tuple[str, str], ...], subnet: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    """N10 to N14, decision 1."""
    moment = state(*edits)
    tag = virtual_network(moment, moment.network.vnets["VNet1"].subnets[subnet])
    assert all(IPv4Address(address) in tag for address in inside)
    assert not any(IPv4Address(address) in tag for address in outside)


def test_the_tag_internet_leaves_out_what_azure_leaves_out() -> None:
    """N15, with the blocks of the second check."""
    found = service_tags.internet()
    for address in ("8.8.8.8", "192.0.2.1", "198.51.100.1", "203.0.113.1", "1.1.1.1", "223.255.255.255", "25.0.0.1"):
        assert any(IPv4Address(address) in prefix for prefix in found), address
    for text in ("10.1.0.0/16", "100.64.0.0/10", "224.0.0.0/4", "169.254.0.0/16", "21.0.0.0/8", "4.128.0.0/12"):
        assert not any(IPv4Network(text).overlaps(prefix) for prefix in found), text


def test_a_private_destination_that_nobody_routes_to_dies_at_the_group() -> None:
    """N16: it is in neither tag, and the group comes before the route to None."""
    assert fate(state(), "vnet1-web", WEB, "10.77.0.1") == "nsg-web 65500 outbound at vnet1-web"
    assert fate(state(), "vnet1-free", "10.1.2.4", "10.77.0.1") == "none-route"


def test_a_gateway_meets_no_group() -> None:
    """N35: from a branch to a client, whatever the groups of the VNet say."""
    closed = state(rules("nsg-web", "no 100 Inbound Deny * * * *"))
    (walk,) = Plane(closed, endpoint_addresses(closed)).walks("site1-host1", Packet(IPv4Address(HOST), CLIENT))
    assert ended(walk) == "win"
    assert fate(closed, "site1-host1", HOST, WEB, "icmp") == "nsg-web 100 inbound at vnet1-web"
