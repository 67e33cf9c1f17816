"""Equal prefixes of ExpressRoute, VPN and an appliance: whose a VNet takes, who hears of it (A27, A32, A36, B29)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.azure.dataplane.offers import effective_routes, instances_by_prefix
from netlab.azure.effective import Offer, Origin, preferred
from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.controllers import tables as controller
from netlab.errors import ScenarioError
from netlab.plan.model import SubnetTable
from netlab.plan.planner import plan
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Action, HubRoutingPreference, Scenario

# Office's prefix: over ExpressRoute "12076 65101", over VPN "65101", over the appliance "65001 65101".
TEXT = """
name: preference
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms:
      vm1: {subnet: default}
      nva: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65001, sites: [Office]}}}
      far: {subnet: default, nva: {bgp: {asn: 65002}}}
      log: {subnet: default, nva: {bgp: {asn: 65011}}}
    expressroute_gateway: {}
    vpn_gateway: {active_active: true, bgp: {asn: 65515}}
    route_server: {allow_branch_to_branch_traffic: true}
  Spoke:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24}
    vms: {vm2: {subnet: default}}
  VNet3:
    address_space: [10.3.0.0/16]
    subnets: {default: 10.3.0.0/24, GatewaySubnet: 10.3.254.0/27, RouteServerSubnet: 10.3.255.0/26}
    vms: {vm3: {subnet: default}}
    expressroute_gateway: {}
    route_server: {allow_branch_to_branch_traffic: true}
peerings:
  hub-spoke: {vnet: VNet1, remote_vnet: Spoke, allow_gateway_transit: true}
  spoke-hub: {vnet: Spoke, remote_vnet: VNet1, use_remote_gateways: true}
sites:
  Office: {address_prefixes: [10.100.0.0/16], bgp: {asn: 65101}}
  Remote: {address_prefixes: [10.201.0.0/16], bgp: {asn: 65201}}
  Plain: {address_prefixes: [10.102.0.0/16]}
connections:
  VNet1-Office: {type: IPsec, between: [VNet1, Office], enable_bgp: true}
  VNet1-Plain: {type: IPsec, between: [VNet1, Plain]}
expressroute_circuits:
  circuit1: {site: Office, vnets: {VNet1: {}, VNet3: {}}}
"""
OFFICE, HOME = "10.100.0.0/16", "VNet1"
NVA = "10.1.0.5"
PREPENDED = ("bgp: {asn: 65101}}", "bgp: {asn: 65101}, as_path_prepend: {VNet1-Office: 1}}")
TWICE = ("bgp: {asn: 65101}}", "bgp: {asn: 65101}, as_path_prepend: {VNet1-Office: 2}}")
SECOND_CIRCUIT = (
    "circuit1: {site: Office, vnets: {VNet1: {}, VNet3: {}}}",
    """circuit1: {site: Office, vnets: {VNet1: {}}}
  circuit2: {site: Office, vnets: {VNet1: {}}}""",
)
NO_ROUTE_SERVER = (
    ("    route_server: {allow_branch_to_branch_traffic: true}\n  Spoke:", "  Spoke:"),
    ("log: {subnet: default, nva: {bgp: {asn: 65011}}}", "log: {subnet: default}"),
    ("far: {subnet: default, nva: {bgp: {asn: 65002}}}", "far: {subnet: default}"),
)
BEFORE_REMOTE = (
    "far: {subnet: default, nva: {bgp: {asn: 65002}}}",
    "far: {subnet: default, enable_ip_forwarding: true, nva: {bgp: {asn: 65002, sites: [Remote]}}}",
)


def scenario(preference: str = "ExpressRoute", *edits: tuple[str, str], exchanges: bool = True) -> Scenario:
    exchange = f"allow_branch_to_branch_traffic: {str(exchanges).lower()}"
    settings = f"route_server: {{{exchange}, hub_routing_preference: {preference}}}"
    text = TEXT
    for before, now in (*edits, ("route_server: {allow_branch_to_branch_traffic: true}", settings)):
        assert before in text, before
        text = text.replace(before, now, 1)
    return parse(text, "preference.yaml").scenario


def acted(start: State, verb: str, **subject: Any) -> State:
    return after(start, Action.model_validate({verb: subject}))


def heard(at: State, node: str, prefix: str = OFFICE) -> tuple[int, ...] | None:
    """The AS path of a prefix that a node has learned."""
    found = at.learned[node].get(IPv4Network(prefix))
    return found[0].as_path if found else None


def used(at: State, vnet: str = HOME, prefix: str = OFFICE) -> set[str]:
    """What a VNet's machines use for a prefix: the roles of gateway instances, or addresses of appliances."""
    hops = {
        r.next_hop for r in effective_routes(at, at.network.vnets[vnet].subnets["default"]) if str(r.prefix) == prefix
    }
    instances = instances_by_prefix(at, at.network.vnets[HOME]).get(IPv4Network(prefix), ()) if HOME in hops else ()
    return {hop for hop in hops if hop != HOME} | {router.role for router in instances}


# --- the decision ---------------------------------------------------------------------------------------------------


def winners(preference: HubRoutingPreference, **lengths: int) -> set[Origin]:
    origins: dict[str, Origin] = {"er": "ExpressRoute", "vpn": "VpnGateway", "nva": "NVA"}
    told = [Offer(IPv4Network(OFFICE), origins[name], length, name) for name, length in lengths.items()]
    return {item.origin for item in preferred(told, preference)}


@pytest.mark.parametrize(
    ("preference", "lengths", "expected"),
    [
        ("ExpressRoute", {"er": 9, "vpn": 1, "nva": 1}, {"ExpressRoute"}),
        ("ExpressRoute", {"vpn": 2, "nva": 1}, {"NVA"}),
        ("ExpressRoute", {"vpn": 0, "nva": 1}, {"VpnGateway"}),
        ("ExpressRoute", {"vpn": 2, "nva": 2}, {"VpnGateway", "NVA"}),
        ("VpnGateway", {"er": 0, "vpn": 9, "nva": 8}, {"NVA"}),
        ("VpnGateway", {"er": 0, "vpn": 9}, {"VpnGateway"}),
        ("VpnGateway", {"er": 5}, {"ExpressRoute"}),
        ("VpnGateway", {"er": 1, "vpn": 3, "nva": 3}, {"VpnGateway", "NVA"}),
        ("ASPath", {"er": 2, "vpn": 1, "nva": 2}, {"VpnGateway"}),
        ("ASPath", {"er": 2, "vpn": 2, "nva": 2}, {"ExpressRoute"}),
        ("ASPath", {"er": 3, "vpn": 2, "nva": 2}, {"VpnGateway", "NVA"}),
        ("ASPath", {"er": 3, "vpn": 2, "nva": 1}, {"NVA"}),
    ],
)
def test_whose_route_is_preferred(
    preference: HubRoutingPreference, lengths: dict[str, int], expected: set[Origin]
) -> None:
    assert winners(preference, **lengths) == expected


def test_a_longer_prefix_is_another_one() -> None:
    """A27: the longest prefix comes first."""
    told = [Offer(IPv4Network(OFFICE), "ExpressRoute", 1, "er"), Offer(IPv4Network("10.100.0.0/17"), "NVA", 9, "nva")]
    assert [item.leads_to for item in preferred(told, "ExpressRoute")] == ["er", "nva"]


def test_all_ways_of_a_teller_are_used_however_long() -> None:
    """A4: each instance of a Route Server has its own best."""
    told = [Offer(IPv4Network(OFFICE), "NVA", length, str(length)) for length in (1, 5)]
    assert [item.leads_to for item in preferred(told, "ASPath")] == ["1", "5"]


# --- what a VNet does, and what is told to others -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preference", "edits", "machines", "server"),
    [
        ("ExpressRoute", (), {"expressroute"}, (12076, 65101)),
        ("VpnGateway", (), {"gateway"}, (65101,)),
        ("VpnGateway", (TWICE,), {NVA}, (65001, 65101)),
        ("VpnGateway", (PREPENDED,), {NVA, "gateway"}, (65001, 65101)),
        ("ASPath", (), {"gateway"}, (65101,)),
        ("ASPath", (TWICE,), {"expressroute"}, (12076, 65101)),
    ],
)
def test_machines_and_appliances_get_what_is_preferred(
    preference: str, edits: tuple[tuple[str, str], ...], machines: set[str], server: tuple[int, ...]
) -> None:
    """A27, and the spoke as the hub (A28)."""
    at = initial(scenario(preference, *edits))
    assert used(at) == used(at, "Spoke") == machines
    assert heard(at, "vnet1-rs-0") == heard(at, "vnet1-rs-1") == server
    assert heard(at, "vnet1-log") == (65515, *server)


@pytest.mark.parametrize("preference", ["ExpressRoute", "VpnGateway", "ASPath"])
def test_the_preference_counts_without_branch_to_branch(preference: str) -> None:
    """ARSHRP23 of July says otherwise, the later one no more; nobody else is told (A23)."""
    at = initial(scenario(preference, exchanges=False))
    assert used(at) == used(initial(scenario(preference)))
    assert heard(at, "vnet1-log") is None or heard(at, "vnet1-log") == (65515, 65001, 65101)


def test_without_a_route_server_expressroute_wins() -> None:
    """R94."""
    found = scenario("VpnGateway", *NO_ROUTE_SERVER)
    assert used(initial(found)) == {"expressroute"}


def test_static_prefixes_are_shorter_than_any_as_path() -> None:
    """A27 with A24: the VPN's static prefix against an appliance that announces the same."""
    at = acted(initial(scenario("ASPath")), "announce", nva="VNet1-far", prefix="10.102.0.0/16")
    assert used(at, prefix="10.102.0.0/16") == {"gateway"}
    assert heard(at, "vnet1-rs-0", "10.102.0.0/16") == ()


@pytest.mark.parametrize(
    ("preference", "first", "second", "third"),
    [
        ("ExpressRoute", {"expressroute"}, {"gateway"}, {NVA}),
        ("VpnGateway", {"gateway"}, {"gateway"}, {NVA}),
        ("ASPath", {"gateway"}, {"gateway"}, {NVA}),
    ],
)
def test_what_is_lost_gives_way_to_the_next(
    preference: str, first: set[str], second: set[str], third: set[str]
) -> None:
    at = initial(scenario(preference))
    without_circuit = acted(at, "fail_circuit", circuit="circuit1")
    without_vpn = acted(without_circuit, "fail_tunnel", connection="VNet1-Office")
    assert [used(at), used(without_circuit), used(without_vpn)] == [first, second, third]
    assert used(acted(without_vpn, "stop_vm", vm="nva")) == set()


@pytest.mark.parametrize(
    ("preference", "vpn", "private"),
    [
        ("ExpressRoute", (12076, 65101), (12076, 65101)),
        ("VpnGateway", (65001, 65101), (65001, 65101)),
        ("ASPath", (12076, 65101), (12076, 65101)),
    ],
)
def test_gateways_prefer_what_their_route_server_does(
    preference: str, vpn: tuple[int, ...], private: tuple[int, ...]
) -> None:
    """B29: what the other one knows, or an appliance, before what is their own."""
    at = initial(scenario(preference, TWICE))
    assert heard(at, "vnet1-gw-0") == heard(at, "vnet1-gw-1") == vpn
    assert heard(at, "vnet1-er-0") == heard(at, "vnet1-er-1") == private


UNSETTLED = """
name: unsettled
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.254.0/27, RouteServerSubnet: 10.1.255.0/26}
    vms: {nva: {subnet: default, nva: {bgp: {asn: 65201, sites: [Site1]}}}}
    expressroute_gateway: {}
    route_server: {allow_branch_to_branch_traffic: true, hub_routing_preference: VpnGateway}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {GatewaySubnet: 10.2.254.0/27}
    expressroute_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}}
  Site2: {address_prefixes: [10.102.0.0/16], bgp: {asn: 65102}}
expressroute_circuits:
  c1: {site: Site1, vnets: {VNet2: {}}}
  c2: {site: Site2, vnets: {VNet1: {}, VNet2: {}}}
"""


def test_what_settles_in_more_than_one_way_is_refused() -> None:
    """Two sites learn of each other over both VNets; each prefers what is only advertised while the other does not."""
    with pytest.raises(
        ScenarioError, match=r"unsettled: BGP settles in more than one way: .* take one way to .* or another"
    ):
        used(initial(parse(UNSETTLED, "unsettled.yaml").scenario))


# --- ExpressRoute beside a Route Server -----------------------------------------------------------------------------


def neighbors(at: State, node: str, prefix: str = OFFICE) -> list[str]:
    return [path.neighbor for path in at.learned[node].get(IPv4Network(prefix), ())]


def test_beside_a_route_server_one_of_equal_circuits_is_used() -> None:
    """A36: on both its links; the other one is in reserve."""
    at = initial(scenario("ExpressRoute", SECOND_CIRCUIT))
    assert neighbors(at, "vnet1-er-0") == neighbors(at, "vnet1-er-1") == ["circuit1-msee-0", "circuit1-msee-1"]
    failed = acted(at, "fail_circuit", circuit="circuit1")
    assert neighbors(failed, "vnet1-er-0") == ["circuit2-msee-0", "circuit2-msee-1"]


def test_without_one_they_share_the_load() -> None:
    """R99."""
    at = initial(scenario("ExpressRoute", SECOND_CIRCUIT, *NO_ROUTE_SERVER))
    assert len(neighbors(at, "vnet1-er-0")) == 4


def test_the_weight_of_a_circuit_still_counts() -> None:
    """R99: before what A36 does."""
    before, now = SECOND_CIRCUIT
    heavy = (
        before,
        now.replace(
            "circuit2: {site: Office, vnets: {VNet1: {}}}",
            "circuit2: {site: Office, vnets: {VNet1: {routing_weight: 10}}}",
        ),
    )
    at = initial(scenario("ExpressRoute", heavy))
    assert neighbors(at, "vnet1-er-0") == ["circuit2-msee-0", "circuit2-msee-1"]


def test_what_appliances_tell_stops_at_the_next_vnet_on_the_circuit() -> None:
    """A32: by the loop check, while the VNet's own prefix and its spoke's pass; the site hears of all."""
    at = initial(load("route-server-expressroute").scenario)
    for node in ("vnet2-er-0", "vnet2-rs-0", "vnet3-er-0"):
        assert heard(at, node, "10.1.0.0/16") == (12076,)
        assert heard(at, node, "10.201.0.0/16") is None
    assert heard(at, "vnet1-rs-0", "10.201.0.0/16") == (65001, 65201)
    assert heard(at, "site1", "10.201.0.0/16") == (12076,)
    spoke = initial(scenario())
    assert heard(spoke, "vnet3-rs-0", "10.2.0.0/16") == (12076,)


# --- the SDN controller ---------------------------------------------------------------------------------------------


def table(found: Scenario, node: str) -> SubnetTable:
    fabric = next(fabric for fabric in plan(found, "lab").fabrics if fabric.node == node)
    return next(item for item in fabric.tables if item.subnet == "default")


def devices(item: SubnetTable, known: controller.Known, length: int) -> set[str]:
    """Where a table leads to Office, while an appliance has an AS path of this length."""
    injected = {HOME: {OFFICE: (length, frozenset({NVA}))}}
    route = next(r for r in controller.wanted_routes(item, known, injected) if r.prefix == OFFICE)
    return {route.device} if route.device else {device for device, _ in route.hops}


def told(**lengths: int) -> controller.Known:
    names = {"er": ("vnet1-er-0", "vnet1-er-1"), "vpn": ("vnet1-gw-0", "vnet1-gw-1")}
    return {node: ((OFFICE, True, length),) for name, length in lengths.items() for node in names[name]}


ER, VPN = {"er-0", "er-1"}, {"gw-0", "gw-1"}


@pytest.mark.parametrize(
    ("preference", "known", "length", "expected"),
    [
        ("ExpressRoute", told(er=2, vpn=1), 1, ER),
        ("ExpressRoute", told(vpn=1), 2, VPN),
        ("ExpressRoute", told(vpn=2), 2, VPN | {"v-nva"}),
        ("VpnGateway", told(er=2, vpn=3), 4, VPN),
        ("VpnGateway", told(er=2), 4, {"v-nva"}),
        ("ASPath", told(er=2, vpn=2), 2, ER),
        ("ASPath", told(er=2, vpn=1), 2, VPN),
        ("ASPath", told(er=2, vpn=2), 1, {"v-nva"}),
    ],
)
def test_the_controller_decides_as_the_model(
    preference: str, known: controller.Known, length: int, expected: set[str]
) -> None:
    found = scenario(preference)
    assert devices(table(found, "vnet1"), known, length) == expected
    over_the_peering = {"v-nva": "n-vnet1-nva"}
    assert devices(table(found, "spoke"), known, length) == {over_the_peering.get(d, "p-vnet1") for d in expected}


class Appliances:
    """What appliances tell the instances of a Route Server."""

    def __init__(self, *told: Iterable[tuple[str, str, int]]) -> None:
        self.told = dict(zip(("vnet1-rs-0", "vnet1-rs-1"), map(tuple, told), strict=True))

    def injected(self, view: Any) -> tuple[tuple[str, str, int], ...]:
        return self.told.get(view.node, ())


def test_of_each_instance_the_shortest_as_paths_count() -> None:
    """A16, A17, A4."""
    first = [(OFFICE, "10.1.0.5", 2), (OFFICE, "10.1.0.6", 2), (OFFICE, "10.1.0.7", 3)]
    machine: Any = Appliances(first, [(OFFICE, "10.1.0.8", 4)])
    found = controller.injected_by_route_servers(plan(scenario(), "lab"), machine)[HOME]
    assert found == {OFFICE: (2, frozenset({"10.1.0.5", "10.1.0.6", "10.1.0.8"}))}
