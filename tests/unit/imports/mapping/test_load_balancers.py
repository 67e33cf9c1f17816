"""Public load balancers: frontends, rules and outbound rules (L24)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, id_of, imported_bodies, messages, nic, public, scenario, to, vnet

from netlab.imports.mapping.public import UNKNOWN
from netlab.scenario.models import LoadBalancer

V = vnet("V", "10.0.0.0/16", a="10.0.0.0/24")
OWN = id_of("loadBalancers", "lb")
POOL = {"id": f"{OWN}/backendAddressPools/web"}
FRONT = {"id": f"{OWN}/frontendIPConfigurations/fe"}


def machine(name: str, **configuration: Any) -> dict[str, Any]:
    return nic(name, "V", "a", configuration={"loadBalancerBackendAddressPools": [POOL], **configuration})


def balancer(*frontends: str, **more: Any) -> dict[str, Any]:
    """A load balancer whose frontends have these public addresses, with a rule for port 80."""
    made = [{"name": name, "properties": {"publicIPAddress": to("publicIPAddresses", name)}} for name in frontends]
    rule = {"frontendIPConfiguration": FRONT, "backendAddressPool": POOL, "protocol": "Tcp", "frontendPort": 80}
    rule |= {"backendPort": 80, "disableOutboundSnat": "outboundRules" in more}
    return body(
        "loadBalancers",
        "lb",
        sku={"name": "Standard"},
        frontendIPConfigurations=made,
        backendAddressPools=[{"name": "web", "properties": {}}],
        loadBalancingRules=[{"name": "http", "properties": rule}],
        **more,
    )


def outbound(*frontends: str, **more: Any) -> dict[str, Any]:
    listed = [{"id": f"{OWN}/frontendIPConfigurations/{name}"} for name in frontends]
    rule = {"frontendIPConfigurations": listed, "backendAddressPool": POOL, "protocol": "All", **more}
    return {"outboundRules": [{"name": "out", "properties": rule}]}


def made(*bodies: Any) -> LoadBalancer:
    return scenario(imported_bodies(V, machine("m1"), machine("m2"), *bodies)).vnets["V"].load_balancers["lb"]


def test_members_leave_under_the_frontend_of_their_rule() -> None:
    found = made(public("fe", "20.7.7.7"), balancer("fe"))
    assert str(found.frontend_ip_configurations["fe"].public_ip_address) == "20.7.7.7"
    assert found.backend_address_pools == {"web": ("m1", "m2")}
    assert found.load_balancing_rules["http"].gives_address
    assert not found.outbound_rules


@pytest.mark.parametrize("frontends", [("fe",), ("other",), ("other", "fe"), ("gone", "other")])
def test_an_outbound_rule_keeps_the_frontends_that_are_there(frontends: tuple[str, ...]) -> None:
    addresses = public("fe", "20.7.7.7"), public("other", "20.7.7.8")
    found = made(*addresses, balancer("fe", "other", **outbound(*frontends, enableTcpReset=True)))
    (rule,) = found.outbound_rules.values()
    assert rule.frontend_ip_configurations == tuple(name for name in frontends if name != "gone")
    assert rule.enable_tcp_reset
    assert not found.load_balancing_rules["http"].gives_address


def test_an_outbound_rule_without_a_frontend_of_the_input_is_none() -> None:
    assert not made(public("fe", "20.7.7.7"), balancer("fe", **outbound("gone"))).outbound_rules


def test_an_address_that_is_not_known_is_one_for_documentation() -> None:
    found = made(public("fe"), balancer("fe"))
    address = found.frontend_ip_configurations["fe"].public_ip_address
    assert address is not None
    assert address in UNKNOWN


def test_one_without_machines_of_the_input_is_left_out() -> None:
    found = imported_bodies(V, public("fe", "20.7.7.7"), balancer("fe"))
    assert not scenario(found).vnets["V"].load_balancers
    assert "1 loadBalancer not modelled: no machine of the scenario is behind a public frontend" in found.text


def test_an_address_that_a_machine_claims_too_is_written_for_none() -> None:
    own = machine("m3", publicIPAddress=to("publicIPAddresses", "fe"))
    found = imported_bodies(V, own, public("fe", "20.7.7.7"), balancer("fe"))
    assert scenario(found).vnets["V"].vms["m3"].public_ip_address is None
    assert not scenario(found).vnets["V"].load_balancers
    assert "claim this public address" in messages(found)
