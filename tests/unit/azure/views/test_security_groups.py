"""Security rules of a NIC row by row, as ``az network nic list-effective-nsg`` prints them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pytest

from netlab.azure.dataplane.filters import Addresses
from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.azure.views.security_groups import groups, predicted
from netlab.report.encoding import encoded
from netlab.report.tables import security_rules, security_tags
from netlab.results.shown import EffectiveGroup, EffectiveSecurityRule
from netlab.scenario.loader import parse

TEXT = """
name: t
service_tags: {Storage: [20.60.0.0/16, 20.38.96.0/19]}
application_security_groups: {logic: {}, db: {}}
route_tables:
  web: {routes: {lab: {address_prefix: 10.77.0.0/16, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.9.4}}}
  all: {routes: {out: {address_prefix: 0.0.0.0/0, next_hop_type: VirtualAppliance, next_hop_ip_address: 10.1.9.4}}}
network_security_groups:
  empty: {}
  nsg-web:
    security_rules:
      Last: {priority: 4096, direction: Inbound, access: Deny, protocol: "*", source_address_prefix: VirtualNetwork}
      First:
        priority: 100
        direction: Inbound
        access: Allow
        protocol: Tcp
        source_address_prefixes: [192.0.2.0/24, 198.51.100.7]
        source_port_range: 1024-65535
        destination_port_ranges: [443, 8000-8080]
      Sql: {priority: 200, direction: Outbound, access: Allow, protocol: Udp, destination_address_prefix: Storage}
      Region:
        {priority: 210, direction: Outbound, access: Deny, protocol: Esp, destination_address_prefix: Sql.WestEurope}
  nsg-db:
    security_rules:
      Members:
        priority: 300
        direction: Inbound
        access: Allow
        protocol: Icmp
        source_application_security_groups: [logic]
        destination_application_security_groups: [db]
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets:
      web: {address_prefix: 10.1.0.0/24, network_security_group: nsg-web, route_table: web}
      out: {address_prefix: 10.1.1.0/24, network_security_group: empty, route_table: all}
      db: {address_prefix: 10.1.2.0/24, network_security_group: empty}
      free: 10.1.3.0/24
      nva: 10.1.9.0/24
      GatewaySubnet: 10.1.255.0/27
    vms:
      web: {subnet: web, application_security_groups: [logic]}
      web2: {subnet: web, application_security_groups: [logic]}
      out: {subnet: out}
      db: {subnet: db, network_security_group: nsg-db, application_security_groups: [db]}
      alone: {subnet: free, network_security_group: empty}
      free: {subnet: free}
      nva: {subnet: nva, enable_ip_forwarding: true, nva: {}}
    vpn_gateway: {bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {far: {address_prefix: 10.2.0.0/24, network_security_group: empty}}
    vms: {far: {subnet: far}}
peerings:
  one: {vnet: VNet1, remote_vnet: VNet2}
  two: {vnet: VNet2, remote_vnet: VNet1, allow_virtual_network_access: false}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
"""
IN = [
    "65000 Inbound Allow All VirtualNetwork 0-65535 > VirtualNetwork 0-65535 defaultSecurityRules/AllowVnetInBound",
    "65001 Inbound Allow All AzureLoadBalancer 0-65535 > 0.0.0.0/0 0-65535 "
    "defaultSecurityRules/AllowAzureLoadBalancerInBound",
    "65500 Inbound Deny All 0.0.0.0/0 0-65535 > 0.0.0.0/0 0-65535 defaultSecurityRules/DenyAllInBound",
]
OUT = [
    "65000 Outbound Allow All VirtualNetwork 0-65535 > VirtualNetwork 0-65535 defaultSecurityRules/AllowVnetOutBound",
    "65001 Outbound Allow All 0.0.0.0/0 0-65535 > Internet 0-65535 defaultSecurityRules/AllowInternetOutBound",
    "65500 Outbound Deny All 0.0.0.0/0 0-65535 > 0.0.0.0/0 0-65535 defaultSecurityRules/DenyAllOutBound",
]
PLATFORM = "168.63.129.16/32"


@pytest.fixture(scope="module")
def state() -> State:
    return initial(parse(TEXT, "t.yaml").scenario)


def shown(state: State, name: str) -> tuple[EffectiveGroup, ...]:
    return predicted(state, state.network.nics[name])


def in_words(rule: EffectiveSecurityRule) -> str:
    source = f"{','.join(rule.sourceAddressPrefixes)} {','.join(rule.sourcePortRanges)}"
    destination = f"{','.join(rule.destinationAddressPrefixes)} {','.join(rule.destinationPortRanges)}"
    head = f"{rule.priority} {rule.direction} {rule.access} {rule.protocol}"
    return f"{head} {source} > {destination} {rule.name}"


def rows(group: EffectiveGroup) -> list[str]:
    return [in_words(rule) for rule in group.effectiveSecurityRules]


def place(group: EffectiveGroup) -> str:
    found = group.association.subnet or group.association.networkInterface
    assert found is not None
    return f"{group.networkSecurityGroup.id} at {found.id}"


def test_own_rules_by_priority_stand_before_the_default_ones(state: State) -> None:
    (group,) = shown(state, "vnet1-web")
    assert place(group) == "networkSecurityGroups/nsg-web at virtualNetworks/VNet1/subnets/web"
    assert rows(group) == [
        "100 Inbound Allow Tcp 192.0.2.0/24,198.51.100.7/32 1024-65535 > 0.0.0.0/0 443-443,8000-8080 "
        "securityRules/First",
        "4096 Inbound Deny All VirtualNetwork 0-65535 > 0.0.0.0/0 0-65535 securityRules/Last",
        *IN,
        "200 Outbound Allow Udp 0.0.0.0/0 0-65535 > Storage 0-65535 securityRules/Sql",
        "210 Outbound Deny Esp 0.0.0.0/0 0-65535 > Sql 0-65535 securityRules/Region",
        *OUT,
    ]


@pytest.mark.parametrize(
    ("nic", "tag"),
    [
        # Azure's own ranges, a peer with access, the sites and pools that the gateway has, the subnet's user route.
        ("vnet1-web", ["10.1.0.0/16", "10.2.0.0/16", "10.77.0.0/16", "10.101.0.0/16", PLATFORM, "192.168.0.0/24"]),
        ("vnet1-db", ["10.1.0.0/16", "10.2.0.0/16", "10.101.0.0/16", PLATFORM, "192.168.0.0/24"]),
        ("vnet1-out", ["0.0.0.0/0"]),
        ("vnet2-far", ["10.2.0.0/16", PLATFORM]),
    ],
    ids=["with a user route", "without", "with a default route", "a peer without access"],
)
def test_the_tag_virtual_network_is_expanded_as_the_subnet_has_it(state: State, nic: str, tag: list[str]) -> None:
    group = shown(state, nic)[0]
    assert list(group.tagMap["VirtualNetwork"]) == tag
    vnet = next(rule for rule in group.effectiveSecurityRules if rule.name.endswith("AllowVnetOutBound"))
    assert vnet.expandedSourceAddressPrefix == vnet.expandedDestinationAddressPrefix == tuple(tag)


def test_tags_of_services_hold_what_the_scenario_gives_them(state: State) -> None:
    (group,) = shown(state, "vnet1-web")
    found = {
        rule.name.rpartition("/")[2]: rule.expandedDestinationAddressPrefix for rule in group.effectiveSecurityRules
    }
    assert found["Sql"] == ("20.38.96.0/19", "20.60.0.0/16")
    assert found["Region"] == ()
    assert found["First"] is None
    assert found["AllowInternetOutBound"] is not None
    assert {"8.0.0.0/7", "1.0.0.0/8"} < set(found["AllowInternetOutBound"])
    assert group.tagMap["AzureLoadBalancer"] == (PLATFORM,)
    assert list(group.tagMap) == ["VirtualNetwork", "AzureLoadBalancer", "Storage", "Sql", "Internet"]


def test_the_group_of_a_subnet_stands_before_that_of_the_nic(state: State) -> None:
    subnet, own = shown(state, "vnet1-db")
    assert [place(subnet), place(own)] == [
        "networkSecurityGroups/empty at virtualNetworks/VNet1/subnets/db",
        "networkSecurityGroups/nsg-db at networkInterfaces/vnet1-db",
    ]
    assert rows(subnet) == [*IN, *OUT]
    members = "300 Inbound Allow Icmp 10.1.0.4/31 0-65535 > 10.1.2.4/32 0-65535 securityRules/Members"
    assert rows(own) == [members, *IN, *OUT]


def test_a_nic_may_have_a_group_alone_or_none(state: State) -> None:
    (alone,) = shown(state, "vnet1-alone")
    assert place(alone) == "networkSecurityGroups/empty at networkInterfaces/vnet1-alone"
    assert shown(state, "vnet1-free") == ()


def test_what_a_lab_holds_is_shown_and_not_what_the_model_says(state: State) -> None:
    tag = Addresses("held", (IPv4Network("10.9.0.0/16"),), "VirtualNetwork")
    (group,) = groups(state.network.nics["vnet1-web"], tag)
    assert group.tagMap["VirtualNetwork"] == ("10.9.0.0/16",)
    last = next(rule for rule in group.effectiveSecurityRules if rule.priority == 4096)
    assert last.expandedSourceAddressPrefix == ("10.9.0.0/16",)


def test_json_has_the_keys_of_az(state: State) -> None:
    plain = json.loads(encoded(shown(state, "vnet2-far"), sparse=True))
    assert plain[0]["association"] == {"subnet": {"id": "virtualNetworks/VNet2/subnets/far"}}
    assert plain[0]["effectiveSecurityRules"][0] == {
        "access": "Allow",
        "destinationAddressPrefix": "VirtualNetwork",
        "destinationAddressPrefixes": ["VirtualNetwork"],
        "destinationPortRange": "0-65535",
        "destinationPortRanges": ["0-65535"],
        "direction": "Inbound",
        "expandedDestinationAddressPrefix": ["10.2.0.0/16", PLATFORM],
        "expandedSourceAddressPrefix": ["10.2.0.0/16", PLATFORM],
        "name": "defaultSecurityRules/AllowVnetInBound",
        "priority": 65000,
        "protocol": "All",
        "sourceAddressPrefix": "VirtualNetwork",
        "sourceAddressPrefixes": ["VirtualNetwork"],
        "sourcePortRange": "0-65535",
        "sourcePortRanges": ["0-65535"],
    }
    first = json.loads(encoded(shown(state, "vnet1-web"), sparse=True))[0]["effectiveSecurityRules"][0]
    assert "sourceAddressPrefix" not in first
    assert "destinationPortRange" not in first
    assert "expandedSourceAddressPrefix" not in first


def test_a_table_has_a_row_per_rule_and_each_tag_once(state: State) -> None:
    found = {"vnet1-db": shown(state, "vnet1-db")}
    assert security_rules(found)[6] == {
        "Nsg": "nsg-db",
        "At": "NIC",
        "Direction": "Inbound",
        "Priority": 300,
        "Name": "Members",
        "Access": "Allow",
        "Protocol": "Icmp",
        "Source": ("10.1.0.4/31",),
        "SourcePorts": ("0-65535",),
        "Destination": ("10.1.2.4/32",),
        "DestinationPorts": ("0-65535",),
    }
    assert security_rules(found)[0]["At"] == "subnet db"
    assert [row["Tag"] for row in security_tags(found)] == ["VirtualNetwork", "AzureLoadBalancer", "Internet"]
    assert security_tags(found)[1]["Prefixes"] == (PLATFORM,)
    assert security_tags(found)[2]["Prefixes"][-1].endswith(" more")


def test_of_several_nics_each_row_has_its_nic(state: State) -> None:
    found: Mapping[str, Sequence[EffectiveGroup]] = {name: shown(state, name) for name in ("vnet1-out", "vnet2-far")}
    assert list(dict.fromkeys(row["Nic"] for row in security_rules(found))) == ["vnet1-out", "vnet2-far"]
    tags = [(row["Nic"], row["Prefixes"]) for row in security_tags(found) if row["Tag"] == "VirtualNetwork"]
    assert tags == [("vnet1-out", ("0.0.0.0/0",)), ("vnet2-far", ("10.2.0.0/16", PLATFORM))]
