"""NAT rules of VPN gateways: in the gateway's list or as children, and the connections that name them (T3)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import (
    body,
    connection,
    gateway,
    id_of,
    imported_bodies,
    local_gateway,
    messages,
    public,
    scenario,
    to,
    vnet,
)

from netlab.scenario.models import NatRule

HUB = vnet("Hub", "10.0.1.0/24", GatewaySubnet="10.0.1.224/27", default="10.0.1.0/25")
RULES = "virtualNetworkGateways/natRules"
SKU = {"name": "VpnGw2AZ"}


def rule(name: str, mode: str, internal: str, external: str, **more: Any) -> dict[str, Any]:
    inside, outside = ([{"addressSpace": prefix}] for prefix in (internal, external))
    properties = {"mode": mode, "type": "Static", "internalMappings": inside, "externalMappings": outside, **more}
    return body(RULES, "gw", name, **properties)


EGRESS = rule("vnet", "EgressSnat", "10.0.1.0/24", "100.0.1.0/24")
INGRESS = rule("branch_1", "ingresssnat", "10.0.1.0/24", "100.0.2.0/24")


def to_rules(*names: str) -> list[dict[str, str]]:
    return [to(RULES, "gw", name) for name in names]


def made(*rules: Any, ingress: Any, egress: Any, inline: bool = False) -> Any:
    own = {"natRules": rules} if inline else {}
    children = () if inline else rules
    return imported_bodies(
        HUB,
        gateway("gw", "Hub", sku=SKU, **own),
        public("gw-ip", "20.1.1.1"),
        *children,
        local_gateway("branch", "20.2.2.2", "10.0.1.0/24"),
        connection("c", "gw", lng="branch", ingressNatRules=ingress, egressNatRules=egress),
    )


@pytest.mark.parametrize("inline", [True, False])
def test_rules_and_the_lists_of_connections_are_taken(inline: bool) -> None:
    found = scenario(made(EGRESS, INGRESS, ingress=to_rules("branch_1"), egress=to_rules("vnet"), inline=inline))
    held = found.vnets["Hub"].vpn_gateway
    assert held is not None
    assert held.nat_rules == {
        "vnet": NatRule.model_validate(
            {"mode": "EgressSnat", "internal_mappings": ["10.0.1.0/24"], "external_mappings": ["100.0.1.0/24"]}
        ),
        "branch-1": NatRule.model_validate(
            {"mode": "IngressSnat", "internal_mappings": ["10.0.1.0/24"], "external_mappings": ["100.0.2.0/24"]}
        ),
    }
    (joined,) = found.connections.values()
    assert (joined.ingress_nat_rules, joined.egress_nat_rules) == (("branch-1",), ("vnet",))


@pytest.mark.parametrize(("key", "value"), [("type", "Dynamic"), ("type", "dynamic")])
def test_a_dynamic_rule_stays_dynamic(key: str, value: str) -> None:
    pool = rule("pool", "IngressSnat", "10.9.0.0/24", "100.0.2.0/28", **{key: value})
    found = scenario(
        imported_bodies(
            HUB,
            gateway("gw", "Hub", sku=SKU),
            pool,
            local_gateway("branch", "20.2.2.2", "10.9.0.0/24"),
            connection("c", "gw", lng="branch", ingressNatRules=to_rules("pool")),
        )
    )
    held = found.vnets["Hub"].vpn_gateway
    assert held is not None
    assert held.nat_rules["pool"].dynamic


def test_the_cli_s_word_for_the_type_is_known() -> None:
    flat = {
        "id": id_of(RULES, "gw", "pool"),
        "name": "pool",
        "type": "Microsoft.Network/virtualNetworkGateways/natRules",
        "typePropertiesType": "Dynamic",
        "mode": "IngressSnat",
        "internalMappings": [{"addressSpace": "10.9.0.0/24"}],
        "externalMappings": [{"addressSpace": "100.0.2.0/28"}],
    }
    held = scenario(imported_bodies(HUB, gateway("gw", "Hub", sku=SKU), flat)).vnets["Hub"].vpn_gateway
    assert held is not None
    assert held.nat_rules["pool"].dynamic


def test_a_rule_that_is_not_in_the_input_is_said() -> None:
    found = made(EGRESS, INGRESS, ingress=to_rules("branch_1", "gone"), egress=to_rules("vnet"))
    assert "its NAT rules gone are not in the input" in messages(found)


def test_a_port_range_is_said() -> None:
    inside = [{"addressSpace": "10.0.1.0/24", "portRange": "100-200"}]
    ports = rule("branch_1", "IngressSnat", "10.0.1.0/24", "100.0.2.0/24", internalMappings=inside)
    found = made(EGRESS, ports, ingress=to_rules("branch_1"), egress=to_rules("vnet"))
    assert "port range" in messages(found)


@pytest.mark.parametrize("number", [0, 1])
def test_a_rule_of_an_active_active_gateway_keeps_its_instance(number: int) -> None:
    configurations = [
        {
            "name": f"c{i}",
            "id": id_of("virtualNetworkGateways/ipConfigurations", "gw", f"c{i}"),
            "properties": {
                "subnet": to("virtualNetworks/subnets", "Hub", "GatewaySubnet"),
                "publicIPAddress": to("publicIPAddresses", f"ip{i}"),
            },
        }
        for i in (0, 1)
    ]
    place = {"ipConfigurationId": configurations[number]["id"]}
    own = rule("one", "EgressSnat", "10.0.1.0/24", "100.0.1.0/24", **place)
    found = imported_bodies(HUB, gateway("gw", "Hub", sku=SKU, activeActive=True, ipConfigurations=configurations), own)
    held = scenario(found).vnets["Hub"].vpn_gateway
    assert held is not None
    assert held.nat_rules["one"].ip_configuration_id == number


def test_branches_with_one_prefix_and_rules_of_their_own_are_two_sites() -> None:
    """T8: no two branches share an ingress rule; with the same rules it is one branch with two devices."""
    second = rule("branch2", "IngressSnat", "10.0.1.0/24", "100.0.3.0/24")

    def sites(*names: str) -> list[str]:
        connections = (
            connection(f"c{i}", "gw", lng=f"b{i}", ingressNatRules=to_rules(name), egressNatRules=to_rules("vnet"))
            for i, name in enumerate(names)
        )
        lngs = (local_gateway(f"b{i}", f"20.2.2.{i + 1}", "10.0.1.0/24") for i, _ in enumerate(names))
        own = (HUB, gateway("gw", "Hub", sku=SKU), public("gw-ip", "20.1.1.1"), EGRESS, INGRESS, second)
        found = imported_bodies(*own, *lngs, *connections)
        assert "knows 100.0.1.0/24" in str(found.text)
        return list(scenario(found).sites)

    assert sites("branch_1", "branch2") == ["b0", "b1"]
    assert sites("branch_1", "branch_1") == ["b0"]


@pytest.mark.parametrize(("value", "translates"), [(True, True), ("true", True), (False, False), (None, False)])
def test_route_translation_is_taken(value: Any, translates: bool) -> None:
    """T18: enableBgpRouteTranslationForNat, which is absent, false or null by default."""
    found = scenario(imported_bodies(HUB, gateway("gw", "Hub", sku=SKU, enableBgpRouteTranslationForNat=value)))
    held = found.vnets["Hub"].vpn_gateway
    assert held is not None
    assert held.bgp_route_translation_for_nat is translates
