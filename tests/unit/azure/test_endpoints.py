"""Private endpoints: the rows of the rulebook's test matrix E, each with a neighbour that fails (E1 to E12)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.state import State
from netlab.azure.views.nics import predicted
from netlab.plan.planner import plan
from netlab.results.protocols import Protocol
from netlab.scenario.loader import parse
from netlab.scenario.names import by_node

TEXT = (
    """
name: endpoints
route_tables:
  steer: {routes: {data: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.4}}}
  spoke: {routes: {all: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.4}}}
  own: {routes: {all: {address_prefix: 0.0.0.0/0, next_hop_type: None}}}
vnets:
  Hub:
    address_space: [10.0.0.0/16]
    subnets: {default: 10.0.0.0/24, GatewaySubnet: 10.0.255.0/27}
    vms: {nva: {subnet: default, private_ip_address: 10.0.0.4, enable_ip_forwarding: true, nva: {}}}
    vpn_gateway: {sku: VpnGw1AZ, point_to_site: {address_pool: 192.168.7.0/24}}
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      default: {address_prefix: 10.1.0.0/24, route_table: steer}
      pe: {address_prefix: 10.1.2.0/24, private_endpoint_network_policies: Disabled, route_table: own}
      inner: 10.1.7.0/24
    vms:
      client: {subnet: default}
      inner: {subnet: inner, private_ip_address: 10.1.7.4, enable_ip_forwarding: true, nva: {}}
    private_endpoints: {pe: {subnet: pe}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: {address_prefix: 10.2.0.0/24, route_table: spoke}}
    vms: {spoke: {subnet: default}}
  VNet3:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24}
    vms: {third: {subnet: default}}
peerings:
  out: {vnet: Hub, remote_vnet: VNet1, allow_gateway_transit: true}
  back: {vnet: VNet1, remote_vnet: Hub, use_remote_gateways: true, allow_forwarded_traffic: true}
  hs: {vnet: Hub, remote_vnet: VNet2}
  sh: {vnet: VNet2, remote_vnet: Hub, allow_forwarded_traffic: true}
  st: {vnet: VNet2, remote_vnet: VNet3}
  ts: {vnet: VNet3, remote_vnet: VNet2}
clients:
  lin: {os: linux, gateway: Hub}
""".replace("  1h:", "  oh:")
    .replace("  23:", "  tt:")
    .replace("  32:", "  ut:")
)

Edit = tuple[str, str]
BY_NVA = ("vnet1-client", "vnet1", "hub", "hub-nva", "hub", "vnet1", "vnet1-pe")
DIRECT = ("vnet1-client", "vnet1", "vnet1-pe")
ON: Edit = ("policies: Disabled", "policies: RouteTableEnabled")
BOTH: Edit = ("policies: Disabled", "policies: Enabled")
ONLY_GROUPS: Edit = ("policies: Disabled", "policies: NetworkSecurityGroupEnabled")
GUARDED: Edit = ("route_table: own}", "network_security_group: shut}")
GROUP: Edit = (
    "vnets:",
    "network_security_groups:\n  shut:\n    security_rules:\n      none: "
    '{priority: 100, direction: Inbound, access: Deny, protocol: "*"}\nvnets:',
)


def route(prefix: str, hop: str = "10.0.0.4") -> Edit:
    """The route of the client's subnet."""
    before = (
        "steer: {routes: {data: {address_prefix: 10.0.0.0/8, next_hop_type: VirtualAppliance, next_hop_ip_address: "
    )
    return f"{before}10.0.0.4", f"{before}{hop}".replace("10.0.0.0/8", prefix)


def state(*edits: Edit) -> State:
    text = TEXT
    for before, now in edits:
        assert before in text, before
        text = text.replace(before, now, 1)
    return initial(parse(text, "endpoints.yaml").scenario)


def pair(found: State, source: str, target: str = "vnet1-pe", protocol: Protocol = "tcp") -> Predicted:
    ends = by_node(found.scenario)
    return Forecast(found, endpoint_addresses(found)).pair(ends[source], ends[target], protocol)


def there(found: Predicted) -> tuple[str, ...]:
    assert found.outcome == "reachable", found.drop
    (walk,) = found.forward
    return walk.nodes


def back(found: Predicted) -> tuple[str, ...]:
    (walk,) = found.reverse
    return walk.nodes[::-1]


@pytest.mark.parametrize(
    ("edits", "way"),
    [
        # E1: by the /32. The route 10.0.0.0/8 is shorter than the VNet's range.
        ((), DIRECT),
        # E6, policies for routes off: a /32 only.
        ((route("10.1.0.0/16"),), DIRECT),
        ((route("10.1.2.0/24"),), DIRECT),
        ((route("10.1.2.4/31"),), DIRECT),
        ((route("10.1.2.4/32"),), BY_NVA),
        ((ONLY_GROUPS, route("10.1.2.0/24")), DIRECT),
        # E6, on: as long as the VNet's range at least.
        ((ON, route("10.1.0.0/16")), BY_NVA),
        ((BOTH, route("10.1.2.0/25")), BY_NVA),
        ((BOTH, route("10.1.2.4/32")), BY_NVA),
        ((ON, route("10.0.0.0/15")), DIRECT),
        ((BOTH, route("0.0.0.0/0")), DIRECT),
        ((BOTH, route("10.1.3.0/24")), DIRECT),
    ],
)
def test_a_user_route_beats_the_endpoints_by_its_length_and_the_policies(
    edits: tuple[Edit, ...], way: tuple[str, ...]
) -> None:
    found = pair(state(*edits), "vnet1-client")
    assert there(found) == back(found) == way


def test_with_several_ranges_the_one_of_the_endpoint_counts() -> None:
    """Decision 6."""
    wider = ("address_space: [10.1.0.0/16]", "address_space: [10.1.0.0/22, 10.1.4.0/22]")
    assert there(pair(state(ON, wider, route("10.1.0.0/21")), "vnet1-client")) == DIRECT
    assert there(pair(state(ON, wider, route("10.1.0.0/22")), "vnet1-client")) == BY_NVA


INNER = route("10.1.2.4/32", "10.1.7.4")
TAGGED: Edit = ("nva: {}}\n    private", 'nva: {}, tags: {disableSnatOnPL: "true"}}\n    private')
ROUTER: Edit = ("nva: {}}\n    private", "nva: {stateful: none}}\n    private")
SNAT: Edit = ("nva: {}}\n    private", "nva: {masquerade: always}}\n    private")
MISSPELT: Edit = ("nva: {}}\n    private", 'nva: {}, tags: {disableSnatOnPl: "true"}}\n    private')


@pytest.mark.parametrize(
    ("edits", "follows", "dropped_at"),
    [
        ((INNER,), False, "vnet1-inner"),
        ((INNER, MISSPELT), False, "vnet1-inner"),
        ((INNER, ROUTER), False, None),
        ((INNER, TAGGED), True, None),
        ((INNER, SNAT), True, None),
    ],
)
def test_answers_go_past_an_appliance_in_the_clients_vnet_unless_it_is_tagged_or_translates(
    edits: tuple[Edit, ...], follows: bool, dropped_at: str | None
) -> None:
    """E8, E10: the case of the tag's name matters. A strict appliance drops the handshake that it has half seen."""
    found = pair(state(*edits), "vnet1-client")
    assert "vnet1-inner" in found.forward[0].nodes
    assert (found.drop.node if found.drop else None) == dropped_at
    assert any("vnet1-inner" in walk.nodes[1:] for walk in found.reverse) == follows


def test_a_spoke_reaches_it_through_the_hubs_appliance_and_back() -> None:
    """E9: VNet1 has no route to VNet2; the answer follows the appliance."""
    found = pair(state(), "vnet2-spoke")
    assert there(found) == back(found) == ("vnet2-spoke", "vnet2", "hub", "hub-nva", "hub", "vnet1", "vnet1-pe")


def test_a_machine_in_its_place_answers_nowhere() -> None:
    """The neighbour of the row before: its subnet has no route to VNet2."""
    found = pair(state(), "vnet2-spoke", "vnet1-inner")
    assert (found.drop and (found.drop.node, found.drop.direction)) == ("vnet1", "reverse")


def test_a_vnet_two_peerings_away_has_no_route() -> None:
    """E2."""
    found = pair(state(), "vnet3-third")
    assert (found.drop and (found.drop.node, found.drop.type)) == ("vnet3", "none-route")


GATEWAY: Edit = ("GatewaySubnet: 10.0.255.0/27", "GatewaySubnet: {address_prefix: 10.0.255.0/27, route_table: inbound}")
INBOUND: Edit = ("route_tables:", "route_tables:\n  inbound: {routes: {pe: {address_prefix: 10.1.2.0/24, "
                 "next_hop_type: VirtualAppliance, next_hop_ip_address: 10.0.0.4}}}")  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "way"),
    [
        ((), ("lin", "hub-gw-0", "hub", "vnet1", "vnet1-pe")),
        ((GATEWAY, INBOUND), ("lin", "hub-gw-0", "hub", "vnet1", "vnet1-pe")),
        ((GATEWAY, INBOUND, ON), ("lin", "hub-gw-0", "hub", "hub-nva", "hub", "vnet1", "vnet1-pe")),
    ],
)
def test_what_a_gateway_brings_follows_the_route_of_its_subnet(edits: tuple[Edit, ...], way: tuple[str, ...]) -> None:
    """E7, E9."""
    found = pair(state(*edits), "lin")
    assert there(found) == back(found) == way


BALANCED = """    load_balancers:
      lb:
        frontend_ip_configurations: {front: {subnet: default, private_ip_address: 10.0.0.100}}
        backend_address_pools: {pool: [nva]}
        probes: {ssh: {protocol: Tcp, port: 22}}
        load_balancing_rules:
          ha: {frontend_ip_configuration: front, backend_address_pool: pool, probe: ssh,
            protocol: All, frontend_port: 0, backend_port: 0}
    vpn_gateway:"""
FRONTEND: Edit = ("    vpn_gateway:", BALANCED)


@pytest.mark.parametrize(
    ("edits", "through"),
    [((), False), ((FRONTEND, ("address: 10.0.0.4}}}", "address: 10.0.0.100}}}")), True),
     ((("address: 10.0.0.4}}}", "address: 10.0.0.77}}}"),), None)],
    ids=["an appliance", "a frontend", "nobody"],
)  # fmt: skip
def test_answers_to_a_gateway_follow_no_frontend(edits: tuple[Edit, ...], through: bool | None) -> None:
    """E9. The plan has the table that the model reads, whoever has the next hop's address."""
    found = state(GATEWAY, INBOUND, ON, *edits)
    fabric = next(node for node in plan(found.scenario, "t").nodes if node.name == "vnet1")
    (rule,) = (rule for rule in fabric.rules if rule.iif == "v-pe")
    assert any(route.table == rule.table for route in fabric.routes)
    asked = pair(found, "lin", protocol="udp")
    if through is None:
        assert (asked.drop and (asked.drop.node, asked.drop.type)) == ("hub", "no-next-hop")
        return
    assert ("hub-nva" in there(asked), "hub-nva" in back(asked)) == (True, not through)


@pytest.mark.parametrize(
    ("edits", "drop"),
    [
        ((GUARDED, GROUP), None),
        ((GUARDED, GROUP, ON), None),
        ((GUARDED, GROUP, ONLY_GROUPS), "security-rule"),
        ((GUARDED, GROUP, BOTH), "security-rule"),
    ],
)
def test_its_subnets_security_group_filters_by_the_policies(edits: tuple[Edit, ...], drop: str | None) -> None:
    """E4, E5."""
    found = pair(state(*edits), "vnet1-client")
    assert (found.drop.type if found.drop else None) == drop


@pytest.mark.parametrize(
    ("status", "protocol", "drop"),
    [
        ("Approved", "tcp", None),
        ("Approved", "udp", None),
        ("Approved", "icmp", "not-the-service"),
        ("Pending", "tcp", "private-endpoint-not-approved"),
        ("Rejected", "udp", "private-endpoint-not-approved"),
        ("Disconnected", "tcp", "private-endpoint-not-approved"),
        ("Pending", "icmp", "not-the-service"),
    ],
)
def test_it_takes_tcp_and_udp_while_it_is_approved(status: str, protocol: Protocol, drop: str | None) -> None:
    """E12."""
    found = pair(
        state(("pe: {subnet: pe}", f"pe: {{subnet: pe, status: {status}}}")), "vnet1-client", protocol=protocol
    )
    assert (found.drop.type if found.drop else None) == drop


def test_it_asks_nothing() -> None:
    found = state()
    assert {cell.source for cell in Forecast(found, endpoint_addresses(found)).matrix()} == {
        *("hub-nva", "vnet1-client", "vnet1-inner", "vnet2-spoke", "vnet3-third", "lin")
    }


@pytest.mark.parametrize(
    ("edits", "shown"),
    [
        ((), ["10.1.2.4/32 InterfaceEndpoint Default Active"]),
        ((ON, route("10.1.2.0/24")), ["10.1.2.4/32 InterfaceEndpoint Default Invalid"]),
        (
            (route("10.1.2.4/32"),),
            ["10.1.2.4/32 InterfaceEndpoint Default Invalid", "10.1.2.4/32 VirtualAppliance User Active"],
        ),
    ],
)
def test_the_effective_routes_of_its_clients_show_it(edits: tuple[Edit, ...], shown: list[str]) -> None:
    found = state(*edits)
    nic = next(nic for nic in found.network.vnets["VNet1"].nics if nic.name == "client")
    rows = [row for row in predicted(found, nic) if row.addressPrefix == ("10.1.2.4/32",)]
    assert sorted(f"{r.addressPrefix[0]} {r.nextHopType} {r.source} {r.state}" for r in rows) == shown


def test_a_plan_gives_it_a_table_of_its_own_without_its_subnets_user_routes() -> None:
    found = plan(state().scenario, "t")
    fabric = next(node for node in found.nodes if node.name == "vnet1")
    (rule,) = (rule for rule in fabric.rules if rule.iif == "v-pe")
    mine = {route.prefix: route.type for route in fabric.routes if route.table == rule.table}
    assert mine["0.0.0.0/0"] == "unicast"
    assert "10.2.0.0/24" in mine
