"""Load balancers in Terraform: pools, members, probes and rules stand beside them."""

from __future__ import annotations

from typing import Any

import pytest
from imported import scenario
from terraform_documents import RG, item, run, state

LB = f"{RG}/loadBalancers/lb"
SUBNET = f"{RG}/virtualNetworks/v/subnets/work"


def nic(name: str, address: str) -> dict[str, Any]:
    configuration = {"name": "one", "subnet_id": SUBNET, "private_ip_address": address, "primary": True}
    return item(f"azurerm_network_interface.{name}", id=f"{RG}/networkInterfaces/{name}", name=name,
                resource_group_name="net", ip_configuration=[configuration])  # fmt: skip


NETWORK = [
    item("azurerm_virtual_network.v", id=f"{RG}/virtualNetworks/v", name="v", address_space=["10.0.0.0/16"],
         resource_group_name="net"),
    item("azurerm_subnet.work", id=SUBNET, name="work", resource_group_name="net", virtual_network_name="v",
         address_prefixes=["10.0.0.0/24"]),
    nic("m1", "10.0.0.4"),
    nic("m2", "10.0.0.5"),
    item("azurerm_lb.lb", id=LB, name="lb", resource_group_name="net", sku="Standard",
         frontend_ip_configuration=[{"name": "front", "subnet_id": SUBNET, "private_ip_address": "10.0.0.100"}]),
    item("azurerm_lb_backend_address_pool.p", id=f"{LB}/backendAddressPools/pool", name="pool", loadbalancer_id=LB),
    item("azurerm_lb_probe.p", id=f"{LB}/probes/health", name="health", loadbalancer_id=LB, protocol="Http", port=8080,
         request_path="/up", interval_in_seconds=15),
]  # fmt: skip
RULE = {
    "id": f"{LB}/loadBalancingRules/web", "name": "web", "loadbalancer_id": LB, "protocol": "Tcp", "frontend_port": 443,
    "backend_port": 8443, "frontend_ip_configuration_name": "front", "probe_id": f"{LB}/probes/health",
    "backend_address_pool_ids": [f"{LB}/backendAddressPools/pool"],
}  # fmt: skip
MEMBERS = [
    item(f"azurerm_network_interface_backend_address_pool_association.{name}", ip_configuration_name="one",
         network_interface_id=f"{RG}/networkInterfaces/{name}",
         backend_address_pool_id=f"{LB}/backendAddressPools/pool")
    for name in ("m1", "m2")
]  # fmt: skip


def balancer(*parts: Any) -> Any:
    return scenario(run(state(*NETWORK, *parts))).vnets["v"].load_balancers["lb"]


def test_a_load_balancer_has_its_pool_its_probe_and_its_rule() -> None:
    found = run(state(*NETWORK, item("azurerm_lb_rule.r", **RULE), *MEMBERS))
    made = scenario(found).vnets["v"].load_balancers["lb"]
    assert made.backend_address_pools["pool"] == ("m1", "m2")
    probe, rule = made.probes["health"], made.load_balancing_rules["web"]
    assert (probe.protocol, probe.port, probe.request_path, probe.interval_in_seconds) == ("Http", 8080, "/up", 15)
    assert (rule.protocol, rule.frontend_port, rule.backend_port, rule.probe) == ("Tcp", 443, 8443, "health")
    assert (rule.frontend_ip_configuration, rule.backend_address_pool) == ("front", "pool")
    assert "ha-ports" not in found.text
    assert "azurerm_lb_rule" not in found.report.not_modelled


@pytest.mark.parametrize(
    ("given", "key", "value"),
    [
        ({"enable_floating_ip": True}, "enable_floating_ip", True),
        ({"floating_ip_enabled": True}, "enable_floating_ip", True),
        ({"load_distribution": "SourceIP"}, "load_distribution", "SourceIP"),
        ({"protocol": "All", "frontend_port": 0, "backend_port": 0}, "protocol", "All"),
    ],
)
def test_a_rule_keeps_its_settings_in_either_version(given: dict[str, Any], key: str, value: Any) -> None:
    made = balancer(item("azurerm_lb_rule.r", **{**RULE, **given}), *MEMBERS)
    assert getattr(made.load_balancing_rules["web"], key) == value


def test_members_by_their_addresses() -> None:
    members = [
        item(f"azurerm_lb_backend_address_pool_address.{i}", name=f"a{i}", ip_address=f"10.0.0.{i}",
             backend_address_pool_id=f"{LB}/backendAddressPools/pool")
        for i in (4, 5)
    ]  # fmt: skip
    assert balancer(item("azurerm_lb_rule.r", **RULE), *members).backend_address_pools["pool"] == ("m1", "m2")


def test_a_rule_of_a_frontend_that_is_not_there_is_no_rule() -> None:
    made = balancer(item("azurerm_lb_rule.r", **{**RULE, "frontend_ip_configuration_name": "other"}), *MEMBERS)
    assert not made.load_balancing_rules


ADDRESS = item("azurerm_public_ip.p", id=f"{RG}/publicIPAddresses/p", name="p", resource_group_name="net",
               ip_address="20.7.7.7")  # fmt: skip
FRONT = {"frontend_ip_configuration": [{"name": "front", "public_ip_address_id": f"{RG}/publicIPAddresses/p"}]}
PUBLIC = [*NETWORK[:4], {**NETWORK[4], "values": {**NETWORK[4]["values"], **FRONT}}, *NETWORK[5:], ADDRESS]
OUTBOUND = {
    "id": f"{LB}/outboundRules/out", "name": "out", "loadbalancer_id": LB, "protocol": "All",
    "frontend_ip_configuration": [{"name": "front"}], "backend_address_pool_id": f"{LB}/backendAddressPools/pool",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "key", "value"),
    [
        ({}, "protocol", "All"),
        ({"protocol": "Udp"}, "protocol", "Udp"),
        ({"allocated_outbound_ports": 1024}, "allocated_outbound_ports", 1024),
        ({"idle_timeout_in_minutes": 15}, "idle_timeout_in_minutes", 15),
        ({"enable_tcp_reset": True}, "enable_tcp_reset", True),
        ({"tcp_reset_enabled": True}, "enable_tcp_reset", True),
    ],
)
def test_a_public_one_has_its_address_and_its_outbound_rule(given: dict[str, Any], key: str, value: Any) -> None:
    rule = item("azurerm_lb_rule.r", **RULE, disable_outbound_snat=True)
    found = run(state(*PUBLIC, rule, item("azurerm_lb_outbound_rule.o", **{**OUTBOUND, **given}), *MEMBERS))
    made = scenario(found).vnets["v"].load_balancers["lb"]
    assert str(made.frontend_ip_configurations["front"].public_ip_address) == "20.7.7.7"
    assert made.load_balancing_rules["web"].disable_outbound_snat
    outbound = made.outbound_rules["out"]
    assert (outbound.frontend_ip_configurations, outbound.backend_address_pool) == (("front",), "pool")
    assert getattr(outbound, key) == value


def test_a_public_one_without_machines_is_left_out() -> None:
    found = run(state(*PUBLIC, item("azurerm_lb_rule.r", **RULE)))
    assert not scenario(found).vnets["v"].load_balancers
    assert "azurerm_lb" in found.report.format_dependent
