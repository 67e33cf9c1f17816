"""Connections and what is at their other end: sites, gateways, machines (J5 to J7, V1 to V4)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import (
    connection,
    gateway,
    id_of,
    imported_bodies,
    local_gateway,
    messages,
    nic,
    peering,
    public,
    scenario,
    vnet,
)

HUB = [
    vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", default="10.0.0.0/24"),
    public("gw-ip", "20.1.1.1"),
    gateway("gw", "Hub"),
]
OTHER = [
    vnet("Other", "10.1.0.0/16", GatewaySubnet="10.1.255.0/27", default="10.1.0.0/24"),
    public("gw2-ip", "20.1.1.2"),
    gateway("gw2", "Other", bgpSettings={"asn": 65020}),
]
BGP = {"bgpSettings": {"asn": 65010, "bgpPeeringAddress": "10.9.0.1"}}


# --- between gateways -------------------------------------------------------------------------------------------------


def test_two_connections_are_one_with_the_settings_of_the_smaller_id() -> None:
    found = scenario(
        imported_bodies(
            *HUB, *OTHER, connection("b", "gw", "gw2", enableBgp="true"), connection("a", "gw2", "gw", enableBgp=True)
        )
    )
    assert list(found.connections) == ["a"]
    assert found.connections["a"].between == ("Other", "Hub")
    assert found.connections["a"].enable_bgp


def test_a_connection_without_its_counterpart_is_left_out() -> None:
    found = imported_bodies(*HUB, *OTHER, connection("a", "gw", "gw2"))
    assert not scenario(found).connections
    assert [left.name for left in found.report.left_out] == ["a"]
    assert "no counterpart from gw2 to gw" in messages(found)


def test_bgp_of_one_side_only_is_none_and_warned_of() -> None:
    found = imported_bodies(*HUB, *OTHER, connection("a", "gw", "gw2", enableBgp=True), connection("b", "gw2", "gw"))
    assert not scenario(found).connections["a"].enable_bgp
    assert "only one of a and b has enableBgp" in messages(found)


def test_settings_that_differ_are_those_of_the_other_end() -> None:
    found = imported_bodies(
        *HUB, *OTHER, connection("a", "gw", "gw2", connectionMode="ResponderOnly"), connection("b", "gw2", "gw")
    )
    made = scenario(found).connections["a"]
    assert made.connection_mode == "ResponderOnly"
    assert made.other_end is not None
    assert made.other_end.connection_mode == "Default"


@pytest.mark.parametrize("address", ["20.1.1.2", "gw2.example.net"])
def test_a_local_network_gateway_with_the_address_of_a_gateway_is_that_gateway(address: str) -> None:
    ip = public("gw2-ip", "20.1.1.2")
    ip["properties"]["dnsSettings"] = {"fqdn": "GW2.example.net"}
    far = local_gateway("to-other", address, "10.1.0.0/16")
    if not address[0].isdigit():
        far["properties"]["fqdn"] = far["properties"].pop("gatewayIpAddress")
    near = local_gateway("to-hub", "20.1.1.1", "10.0.0.0/16")
    both = [connection("a", "gw", lng="to-other"), connection("b", "gw2", lng="to-hub")]
    found = scenario(imported_bodies(*HUB, OTHER[0], ip, OTHER[2], far, near, *both))
    assert not found.sites
    made = found.connections["a"]
    assert (made.type, made.between) == ("IPsec", ("Hub", "Other"))
    assert made.local_network_gateways == {"Hub": "to-other", "Other": "to-hub"}
    assert found.local_network_gateways["to-other"].vnet == "Other"


def test_without_the_way_back_such_a_connection_is_left_out() -> None:
    found = imported_bodies(
        *HUB, *OTHER, local_gateway("to-other", "20.1.1.2", "10.1.0.0/16"), connection("a", "gw", lng="to-other")
    )
    assert not scenario(found).connections
    assert not scenario(found).sites


def test_a_local_network_gateway_with_the_address_of_a_machine_is_that_appliance() -> None:
    spoke = vnet("Spoke", "10.2.0.0/16", default="10.2.0.0/24")
    configuration = {"configuration": {"publicIPAddress": {"id": id_of("publicIPAddresses", "vm-ip")}}}
    machine = nic("n", "Spoke", "default", "10.2.0.4", machine="router", enableIPForwarding=True, **configuration)
    more = [spoke, public("vm-ip", "20.5.5.5"), machine, local_gateway("to-vm", "20.5.5.5", "10.2.0.0/16")]
    found = imported_bodies(*HUB, *more, connection("a", "gw", lng="to-vm"))
    made = scenario(found)
    assert made.connections["a"].between == ("Hub", "Spoke-router")
    assert made.local_network_gateways["to-vm"].nva == "Spoke-router"
    assert "its side of the connection is not described" in messages(found)


# --- with sites -------------------------------------------------------------------------------------------------------


def test_a_site_has_a_host_for_each_prefix_with_room() -> None:
    lng = local_gateway("B", "20.2.2.2", "10.9.0.0/16", "10.8.0.0/30", "10.7.0.1/32", "10.6.0.0/28")
    made = scenario(imported_bodies(*HUB, lng, connection("c", "gw", lng="B"))).sites["B"]
    assert {name: str(a) for name, a in made.hosts.items()} == {
        "host1": "10.9.0.10", "host2": "10.8.0.1", "host3": "10.6.0.10",
    }  # fmt: skip
    assert str(made.public_ip_address) == "20.2.2.2"
    assert made.bgp is None


@pytest.mark.parametrize("address", ["192.168.1.1", "10.0.0.1", "203.0.113.1", "169.254.1.1"])
def test_an_address_that_the_internet_does_not_route_is_not_written(address: str) -> None:
    found = imported_bodies(*HUB, local_gateway("B", address, "10.9.0.0/16"), connection("c", "gw", lng="B"))
    assert scenario(found).sites["B"].public_ip_address is None
    assert address in messages(found)


def test_a_site_that_speaks_bgp_keeps_what_stands_there_and_takes_more_by_option() -> None:
    lng = local_gateway("B", "20.2.2.2", "10.9.0.1/32", **BGP)
    given = [*HUB, lng, connection("c", "gw", lng="B", enableBgp=True)]
    found = imported_bodies(*given)
    made = scenario(found)
    assert [str(p) for p in made.sites["B"].address_prefixes] == ["10.9.0.1/32"]
    assert not made.sites["B"].hosts
    assert not made.local_network_gateways
    assert "--site B=PREFIX" in messages(found)
    more = scenario(imported_bodies(*given, sites=("B=10.9.0.0/16",), asns=("B=65099",))).sites["B"]
    assert [str(p) for p in more.address_prefixes] == ["10.9.0.0/16"]
    assert more.bgp is not None
    assert more.bgp.asn == 65099


def test_prefixes_beside_bgp_are_static_routes_of_the_gateway() -> None:
    lng = local_gateway("B", "20.2.2.2", "10.9.0.0/16", **BGP)
    made = scenario(imported_bodies(*HUB, lng, connection("c", "gw", lng="B", enableBgp=True)))
    assert made.connections["c"].local_network_gateways == {"Hub": "B"}
    assert [str(p) for p in made.local_network_gateways["B"].address_prefixes] == ["10.9.0.0/16"]


def test_local_network_gateways_of_one_address_are_one_site() -> None:
    items = [local_gateway("B1", "20.2.2.2", "10.9.0.0/16"), local_gateway("B2", "20.2.2.2", "10.8.0.0/16")]
    more = [*OTHER, connection("c1", "gw", lng="B1"), connection("c2", "gw2", lng="B2")]
    made = scenario(imported_bodies(*HUB, *items, *more))
    assert list(made.sites) == ["B1"]
    assert len(made.sites["B1"].address_prefixes) == 2
    assert sorted(made.local_network_gateways) == ["B1", "B2"]


def test_equal_prefixes_of_two_addresses_are_two_devices_of_a_site() -> None:
    items = [local_gateway("B1", "20.2.2.2", "10.9.0.0/16"), local_gateway("B2", "20.2.2.3", "10.9.0.0/16")]
    made = scenario(imported_bodies(*HUB, *items, connection("c1", "gw", lng="B1"), connection("c2", "gw", lng="B2")))
    assert {name: str(d.public_ip_address) for name, d in made.sites["B1"].devices.items()} == {
        "B1": "20.2.2.2", "B2": "20.2.2.3",
    }  # fmt: skip
    assert made.connections["c2"].device == "B2"


@pytest.mark.parametrize(("joined", "sites"), [((), 2), (("B1,B2",), 1)])
def test_one_asn_is_two_sites_unless_they_are_joined(joined: tuple[str, ...], sites: int) -> None:
    items = [
        local_gateway(
            f"B{i}", f"20.2.2.{i}", f"10.9.0.{i}/32", bgpSettings={"asn": 65010, "bgpPeeringAddress": f"10.9.0.{i}"}
        )
        for i in (1, 2)
    ]
    links = [connection(f"c{i}", "gw", lng=f"B{i}", enableBgp=True) for i in (1, 2)]
    found = imported_bodies(*HUB, *items, *links, joined=joined, sites=("B1=10.9.0.0/16",))
    assert len(scenario(found).sites) == sites
    assert ("two devices of one site? --join" in messages(found)) is (sites == 2)


def test_without_bgp_the_device_sends_the_ranges_of_transit_spokes_too() -> None:
    spoke = vnet("Spoke", "10.2.0.0/16", default="10.2.0.0/24")
    legs = [peering("Hub", "Spoke", allowGatewayTransit=True), peering("Spoke", "Hub", useRemoteGateways=True)]
    lng = local_gateway("B", "20.2.2.2", "10.9.0.0/16")
    made = scenario(imported_bodies(*HUB, spoke, *legs, lng, connection("c", "gw", lng="B")))
    assert [str(p) for p in made.sites["B"].static_routes["c"]] == ["10.0.0.0/16", "10.2.0.0/16"]
    plain = scenario(imported_bodies(*HUB, lng, connection("c", "gw", lng="B")))
    assert not plain.sites["B"].static_routes


# --- settings ---------------------------------------------------------------------------------------------------------

POLICY = {
    "ikeEncryption": "aes256", "ikeIntegrity": "SHA384", "dhGroup": "DHGroup24", "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256", "pfsGroup": "PFS24", "saLifeTimeSeconds": 0, "saDataSizeKilobytes": "2048",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "path", "value"),
    [
        ({"ipsecPolicies": [POLICY]}, ("ipsec_policy", "ike_encryption"), "AES256"),
        ({"ipsecPolicies": [POLICY]}, ("ipsec_policy", "sa_life_time_seconds"), 27_000),
        ({"ipsecPolicies": [POLICY]}, ("ipsec_policy", "sa_data_size_kilobytes"), 2048),
        ({"dpdTimeoutSeconds": 0}, ("dpd_timeout_seconds",), 45),
        ({"dpdTimeoutSeconds": "30"}, ("dpd_timeout_seconds",), 30),
        ({"connectionProtocol": "ikev2"}, ("connection_protocol",), None),
        ({"connectionProtocol": "IKEv1"}, ("connection_protocol",), "IKEv1"),
        ({"ipsecPolicies": [POLICY], "usePolicyBasedTrafficSelectors": "True"},
         ("use_policy_based_traffic_selectors",), True),
        ({"routingWeight": 10}, ("dpd_timeout_seconds",), 45),
    ],
)  # fmt: skip
def test_settings_of_a_connection(given: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    lng = local_gateway("B", "20.2.2.2", "10.9.0.0/16")
    found: Any = scenario(imported_bodies(*HUB, lng, connection("c", "gw", lng="B", **given))).connections["c"]
    for part in path:
        found = getattr(found, part)
    assert found == value


def test_a_connection_whose_gateway_is_not_there_is_left_out_by_name() -> None:
    found = imported_bodies(*HUB, connection("c", "elsewhere", "gw"))
    assert [left.name for left in found.report.left_out] == ["c"]
    assert [each.name for each in found.report.unresolved] == ["elsewhere"]
