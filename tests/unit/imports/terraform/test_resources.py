"""States and plans as resources: known values, references of a plan, --set, azapi, what is sensitive (section 11)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from imported import codes, messages, scenario
from terraform_documents import RG, change, item, plan, run, state

NETWORK = item(
    "azurerm_virtual_network.hub", id=f"{RG}/virtualNetworks/hub", name="hub", resource_group_name="net",
    location="westeurope", address_space=["10.0.0.0/16"], subnet=[],
)  # fmt: skip
SUBNET = item(
    "azurerm_subnet.a", id=f"{RG}/virtualNetworks/hub/subnets/a", name="a", resource_group_name="net",
    virtual_network_name="hub", address_prefixes=["10.0.0.0/24"],
)  # fmt: skip


def test_a_shown_state_a_raw_one_and_modules_are_the_same() -> None:
    raw = {
        "version": 4, "lineage": "x", "serial": 1, "terraform_version": "1.9",
        "resources": [
            {"mode": "managed", "type": each["type"], "name": each["name"],
             "instances": [{"attributes": each["values"]}]}
            for each in (NETWORK, SUBNET)
        ],
    }  # fmt: skip
    module = {"address": "module.net", "resources": [{**SUBNET, "address": "module.net.azurerm_subnet.a"}]}
    texts = {run(d).text for d in (state(NETWORK, SUBNET), raw, state(NETWORK, modules=[module]))}
    assert len(texts) == 1
    assert "a: 10.0.0.0/24" in texts.pop()


@pytest.mark.parametrize(
    ("attributes", "off"),
    [({"disable_bgp_route_propagation": True}, True), ({"bgp_route_propagation_enabled": False}, True),
     ({"bgp_route_propagation_enabled": True}, False), ({}, False)],
)  # fmt: skip
def test_propagation_is_inverted_in_version_4(attributes: dict[str, Any], off: bool) -> None:
    table = item("azurerm_route_table.t", id=f"{RG}/routeTables/t", name="t", resource_group_name="net", **attributes)
    assert scenario(run(state(NETWORK, table))).route_tables["t"].disable_bgp_route_propagation is off


def test_associations_join_and_count_as_parts() -> None:
    table = item("azurerm_route_table.t", id=f"{RG}/routeTables/t", name="t", resource_group_name="net")
    route = item(
        "azurerm_route.r", id=f"{RG}/routeTables/t/routes/r", name="r", resource_group_name="net", route_table_name="t",
        address_prefix="0.0.0.0/0", next_hop_type="Internet",
    )  # fmt: skip
    join = item(
        "azurerm_subnet_route_table_association.x",
        id="x",
        subnet_id=SUBNET["values"]["id"],
        route_table_id=f"{RG}/routeTables/t",
    )
    found = run(state(NETWORK, SUBNET, table, route, join))
    made = scenario(found)
    assert made.vnets["hub"].subnets["a"].route_table == "t"
    assert list(made.route_tables["t"].routes) == ["r"]
    assert found.report.containers["azurerm_subnet_route_table_association"] == 1


def test_a_gateway_a_site_and_a_connection() -> None:
    gateway_subnet = item(
        "azurerm_subnet.g", id=f"{RG}/virtualNetworks/hub/subnets/GatewaySubnet", name="GatewaySubnet",
        resource_group_name="net", virtual_network_name="hub", address_prefixes=["10.0.255.0/27"],
    )  # fmt: skip
    address = item(
        "azurerm_public_ip.p",
        id=f"{RG}/publicIPAddresses/p",
        name="p",
        resource_group_name="net",
        ip_address="20.1.1.1",
    )
    vpn = item(
        "azurerm_virtual_network_gateway.g", id=f"{RG}/virtualNetworkGateways/g", name="g", resource_group_name="net",
        type="Vpn", vpn_type="RouteBased", sku="VpnGw1AZ", bgp_enabled=True, active_active=False,
        ip_configuration=[{"name": "c", "subnet_id": gateway_subnet["values"]["id"],
                           "public_ip_address_id": address["values"]["id"]}],
        bgp_settings=[{"asn": 65010, "peering_addresses": [
            {"ip_configuration_name": "c", "default_addresses": ["10.0.255.30"]}]}],
    )  # fmt: skip
    lng = item(
        "azurerm_local_network_gateway.b", id=f"{RG}/localNetworkGateways/b", name="b", resource_group_name="net",
        gateway_address="20.2.2.2", address_space=["10.9.0.0/16"],
    )  # fmt: skip
    link = item(
        "azurerm_virtual_network_gateway_connection.c", id=f"{RG}/connections/c", name="c", resource_group_name="net",
        type="IPsec", virtual_network_gateway_id=vpn["values"]["id"], local_network_gateway_id=lng["values"]["id"],
        shared_key="NEUTRAL-SECRET", dpd_timeout_seconds=30,
        ipsec_policy=[{"ike_encryption": "AES256", "ike_integrity": "SHA256", "dh_group": "DHGroup14",
                       "ipsec_encryption": "AES256", "ipsec_integrity": "SHA256", "pfs_group": "PFS2048",
                       "sa_lifetime": 3600, "sa_datasize": 2048}],
    )  # fmt: skip
    found = run(state(NETWORK, SUBNET, gateway_subnet, address, vpn, lng, link))
    made = scenario(found)
    gateway = made.vnets["hub"].vpn_gateway
    assert gateway is not None
    assert gateway.bgp is not None
    assert (gateway.sku, gateway.bgp.asn, str(gateway.public_ip_address)) == ("VpnGw1AZ", 65010, "20.1.1.1")
    policy = made.connections["c"].ipsec_policy
    assert policy is not None
    assert (policy.sa_life_time_seconds, made.connections["c"].dpd_timeout_seconds) == (3600, 30)
    assert "NEUTRAL-SECRET" not in found.text + messages(found)
    assert sum(found.report.secrets.values()) == 1


@pytest.mark.parametrize("mask", [{"name": True, "address_space": True}, {"address_space": [True]}])
def test_what_is_marked_as_sensitive_is_not_read(mask: Any) -> None:
    assert "10.0.0.0/16" not in messages(run(state({**NETWORK, "sensitive_values": mask})))


def test_azapi_has_bodies_of_arm() -> None:
    body = {"properties": {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}}}
    for written in (body, json.dumps(body)):
        made = item(
            "azapi_resource.v", type="Microsoft.Network/virtualNetworks@2024-05-01", name="v", location="westeurope",
            parent_id="/subscriptions/s/resourceGroups/net", body=written,
        )  # fmt: skip
        assert "v" in scenario(run(state(made))).vnets


@pytest.mark.parametrize(("kind", "parts"), [("aws_vpn_gateway", "not modelled"), ("random_id", "")])
def test_resources_of_others_are_counted_or_ignored(kind: str, parts: str) -> None:
    report = run(state(NETWORK, item(f"{kind}.x", id="x"))).report
    assert (kind in report.not_modelled) is bool(parts)
    assert (kind in report.containers) is not bool(parts)


def test_an_empty_state_says_so() -> None:
    assert "was it destroyed?" in messages(run(state()))


# --- plans ------------------------------------------------------------------------------------------------------------


def planned(name: str, space: str, actions: Any = ("create",)) -> dict[str, Any]:
    after = {"name": name, "resource_group_name": "net", "address_space": [space], "location": "westeurope"}
    return change(f"azurerm_virtual_network.{name}", after, {"id": True}, actions)


def leg(one: str, two: str) -> dict[str, Any]:
    after = {
        "name": f"to-{two}",
        "resource_group_name": "net",
        "virtual_network_name": one,
        "allow_forwarded_traffic": True,
    }
    return change(f"azurerm_virtual_network_peering.{one}", after, {"id": True, "remote_virtual_network_id": True})


def refers(*references: str) -> dict[str, Any]:
    return {"remote_virtual_network_id": {"references": list(references)}}


def test_an_id_that_is_not_known_yet_is_the_one_that_the_configuration_refers_to() -> None:
    expressions = {
        "azurerm_virtual_network_peering.a": refers("azurerm_virtual_network.b.id", "azurerm_virtual_network.b"),
        "azurerm_virtual_network_peering.b": refers("var.hub"),
    }
    found = run(
        plan(
            planned("a", "10.1.0.0/16"),
            planned("b", "10.2.0.0/16"),
            leg("a", "b"),
            leg("b", "a"),
            expressions=expressions,
        )
    )
    assert list(scenario(found).peerings) == ["a-to-b"]
    assert [left.name for left in found.report.left_out] == ["azurerm_virtual_network_peering.b"] or codes(found) == [
        "E15"
    ]


def test_a_value_that_is_given_is_taken() -> None:
    expressions = {f"azurerm_virtual_network_peering.{n}": refers("local.x") for n in "ab"}
    given = plan(
        planned("a", "10.1.0.0/16"), planned("b", "10.2.0.0/16"), leg("a", "b"), leg("b", "a"), expressions=expressions
    )
    values = tuple(
        f"azurerm_virtual_network_peering.{one}.remote_virtual_network_id=azurerm_virtual_network.{two}"
        for one, two in ("ab", "ba")
    )
    assert len(scenario(run(given, values=values)).peerings) == 2


def test_what_a_plan_deletes_is_not_there_and_what_it_replaces_is() -> None:
    gone, new = planned("a", "10.1.0.0/16", ["delete"]), planned("b", "10.2.0.0/16", ["delete", "create"])
    assert list(scenario(run(plan(gone, new))).vnets) == ["b"]


def test_a_plan_that_failed_is_refused() -> None:
    assert codes(run({**plan(planned("a", "10.1.0.0/16")), "errored": True}))[0] == "E17"


def test_through_a_module_to_the_resource_of_its_caller() -> None:
    inner = change("module.m.azurerm_subnet_route_table_association.x", {}, {"subnet_id": True, "route_table_id": True})
    subnet = change(
        "azurerm_subnet.s",
        {"name": "s", "resource_group_name": "net", "virtual_network_name": "a", "address_prefixes": ["10.1.0.0/24"]},
        {"id": True},
    )
    table = change("azurerm_route_table.t", {"name": "t", "resource_group_name": "net"}, {"id": True})
    module = {
        "resources": [
            {"address": "azurerm_subnet_route_table_association.x",
             "expressions": {"subnet_id": {"references": ["var.subnet"]},
                             "route_table_id": {"references": ["var.table"]}}}
        ]
    }  # fmt: skip
    calls = {"m": {"expressions": {"subnet": {"references": ["azurerm_subnet.s.id", "azurerm_subnet.s"]},
                                   "table": {"references": ["azurerm_route_table.t.id"]}},
                   "module": module}}  # fmt: skip
    found = run(plan(planned("a", "10.1.0.0/16"), subnet, table, inner, module_calls=calls))
    assert scenario(found).vnets["a"].subnets["s"].route_table == "t"


def test_resources_whose_names_are_random_are_joined_all_the_same() -> None:
    unknown = {"id": True, "name": True}
    net = change("azurerm_virtual_network.v", {"resource_group_name": "net", "address_space": ["10.0.0.0/16"]}, unknown)
    subnet = change(
        "azurerm_subnet.s", {"resource_group_name": "net", "address_prefixes": ["10.0.0.0/24"]},
        {**unknown, "virtual_network_name": True},
    )  # fmt: skip
    pet = {"name": {"references": ["random_pet.p.id", "random_pet.p"]}}
    parent = {"virtual_network_name": {"references": ["azurerm_virtual_network.v.name", "azurerm_virtual_network.v"]}}
    expressions = {"azurerm_virtual_network.v": pet, "azurerm_subnet.s": {**pet, **parent}}
    (found,) = scenario(run(plan(net, subnet, expressions=expressions))).vnets.values()
    assert [str(subnet.address_prefix) for subnet in found.subnets.values()] == ["10.0.0.0/24"]


FIREWALL = [
    change("azurerm_virtual_network.v", {"name": "v", "resource_group_name": "net", "address_space": ["10.0.0.0/16"]}),
    *(change(f"azurerm_subnet.{name}", {"name": name, "resource_group_name": "net", "virtual_network_name": "v",
                                        "address_prefixes": [prefix]}, {"id": True})
      for name, prefix in (("AzureFirewallSubnet", "10.0.5.0/26"), ("work", "10.0.0.0/24"))),
    change("azurerm_firewall.fw", {"name": "fw", "resource_group_name": "net", "ip_configuration": [{"name": "c"}]},
           {"id": True, "ip_configuration": [{"subnet_id": True, "private_ip_address": True}]}),
]  # fmt: skip
ROUTE = {"name": "all", "address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance"}


@pytest.mark.parametrize(
    "route",
    [
        [{"next_hop_in_ip_address": {"references": ["azurerm_firewall.fw.ip_configuration[0].private_ip_address"]}}],
        {"references": ["azurerm_firewall.fw.ip_configuration[0].private_ip_address", "azurerm_firewall.fw"]},
        {"references": ["azurerm_subnet.work.address_prefixes", "azurerm_firewall.fw.ip_configuration[0]"
                        ".private_ip_address", "azurerm_firewall.fw"]},
    ],
)  # fmt: skip
def test_a_next_hop_that_is_not_known_yet_is_the_firewalls_address(route: Any) -> None:
    table = change(
        "azurerm_route_table.t", {"name": "t", "resource_group_name": "net", "route": [ROUTE]},
        {"id": True, "route": [{"next_hop_in_ip_address": True}]},
    )  # fmt: skip
    subnet = {"references": ["azurerm_subnet.AzureFirewallSubnet.id"]}
    expressions = {
        "azurerm_firewall.fw": {"ip_configuration": [{"subnet_id": subnet}]},
        "azurerm_route_table.t": {"route": route},
    }
    found = scenario(run(plan(*FIREWALL, table, expressions=expressions)))
    assert str(found.route_tables["t"].routes["all"].next_hop_ip_address) == "10.0.5.4"


def test_nat_rules_are_their_gateways() -> None:
    """Modes that azurerm leaves out are its defaults, which a state has."""
    subnet = item(
        "azurerm_subnet.g", id=f"{RG}/virtualNetworks/hub/subnets/GatewaySubnet", name="GatewaySubnet",
        resource_group_name="net", virtual_network_name="hub", address_prefixes=["10.0.255.0/27"],
    )  # fmt: skip
    gateway = item(
        "azurerm_virtual_network_gateway.gw", id=f"{RG}/virtualNetworkGateways/gw", name="gw", type="Vpn",
        resource_group_name="net", sku="VpnGw2AZ", bgp_route_translation_for_nat_enabled=True,
        ip_configuration=[{"name": "c", "subnet_id": f"{RG}/virtualNetworks/hub/subnets/GatewaySubnet"}],
    )  # fmt: skip
    rules = [
        item(
            f"azurerm_virtual_network_gateway_nat_rule.{name}", id=f"{RG}/virtualNetworkGateways/gw/natRules/{name}",
            name=name, virtual_network_gateway_id=f"{RG}/virtualNetworkGateways/gw", mode=mode, type=kind,
            internal_mapping=[{"address_space": inside}], external_mapping=[{"address_space": outside}],
        )
        for name, mode, kind, inside, outside in (
            ("vnet", "EgressSnat", "Static", "10.0.0.0/16", "100.64.0.0/16"),
            ("branch", "IngressSnat", "Dynamic", "10.9.0.0/24", "100.65.0.0/28"),
        )
    ]  # fmt: skip
    lng = item(
        "azurerm_local_network_gateway.b", id=f"{RG}/localNetworkGateways/b", name="b", resource_group_name="net",
        gateway_address="20.2.2.2", address_space=["10.9.0.0/24"],
    )  # fmt: skip
    joined = item(
        "azurerm_virtual_network_gateway_connection.c", id=f"{RG}/connections/c", name="c", type="IPsec",
        resource_group_name="net", virtual_network_gateway_id=f"{RG}/virtualNetworkGateways/gw",
        local_network_gateway_id=f"{RG}/localNetworkGateways/b",
        ingress_nat_rule_ids=[f"{RG}/virtualNetworkGateways/gw/natRules/branch"],
    )  # fmt: skip
    found = scenario(run(state(NETWORK, subnet, gateway, *rules, lng, joined)))
    held = found.vnets["hub"].vpn_gateway
    assert held is not None
    assert {name: (rule.mode, rule.type) for name, rule in held.nat_rules.items()} == {
        "vnet": ("EgressSnat", "Static"),
        "branch": ("IngressSnat", "Dynamic"),
    }
    assert found.connections["c"].ingress_nat_rules == ("branch",)
    assert held.bgp_route_translation_for_nat


def test_a_microsoft_peering_and_its_route_filter() -> None:
    filter_ = item(
        "azurerm_route_filter.f", id=f"{RG}/routeFilters/eu", name="eu", resource_group_name="net",
        rule=[{"name": "only", "access": "Allow", "rule_type": "Community", "communities": ["12076:51002"]}],
    )  # fmt: skip
    circuit = item(
        "azurerm_express_route_circuit.c", id=f"{RG}/expressRouteCircuits/c", name="c", resource_group_name="net",
        sku=[{"tier": "Premium"}], bandwidth_in_mbps=100,
    )  # fmt: skip
    peering = item(
        "azurerm_express_route_circuit_peering.m", id=f"{RG}/expressRouteCircuits/c/peerings/MicrosoftPeering",
        peering_type="MicrosoftPeering", express_route_circuit_name="c", resource_group_name="net", peer_asn=64512,
        primary_peer_address_prefix="203.0.114.0/30", secondary_peer_address_prefix="203.0.114.4/30",
        microsoft_peering_config=[{"advertised_public_prefixes": ["203.0.115.0/28"]}],
        route_filter_id=f"{RG}/routeFilters/eu",
    )  # fmt: skip
    made = scenario(run(state(NETWORK, filter_, circuit, peering)))
    found = made.expressroute_circuits["c"].microsoft_peering
    assert found is not None
    assert [str(prefix) for prefix in found.advertised_public_prefixes] == ["203.0.115.0/28"]
    assert found.route_filter == "eu"
    assert made.route_filters["eu"].communities == ("12076:51002",)
