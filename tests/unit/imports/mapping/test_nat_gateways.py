"""NAT gateways: their addresses, their subnets (5.13)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import body, imported_bodies, messages, nic, public, scenario, to, vnet

V = vnet("V", "10.0.0.0/16", a={"addressPrefix": "10.0.0.0/24", "natGateway": to("natGateways", "N")}, b="10.0.1.0/24")


def gateway(**more: Any) -> dict[str, Any]:
    return body("natGateways", "n", publicIpAddresses=[to("publicIPAddresses", "p")], **more)


@pytest.mark.parametrize(
    ("settings", "timeout"), [({}, 4), ({"idleTimeoutInMinutes": "10"}, 10), ({"idleTimeoutInMinutes": 4}, 4)]
)
def test_a_nat_gateway_has_its_address_and_its_subnet(settings: dict[str, Any], timeout: int) -> None:
    found = scenario(imported_bodies(V, public("p", "20.7.7.7"), gateway(**settings)))
    made = found.nat_gateways["n"]
    assert ([str(a) for a in made.public_ip_addresses], made.idle_timeout_in_minutes) == (["20.7.7.7"], timeout)
    assert found.vnets["V"].subnets["a"].nat_gateway == "n"
    assert found.vnets["V"].subnets["b"].nat_gateway is None


def test_an_address_that_a_machine_has_is_not_the_gateways() -> None:
    machine = nic("m", "V", "b", configuration={"publicIPAddress": to("publicIPAddresses", "p")})
    found = scenario(imported_bodies(V, public("p", "20.7.7.7"), gateway(), machine))
    assert not found.nat_gateways["n"].public_ip_addresses
    assert str(found.vnets["V"].vms["m"].public_ip_address) == "20.7.7.7"


def test_a_nat_gateway_out_of_the_input_is_named() -> None:
    found = imported_bodies(V)
    assert scenario(found).vnets["V"].subnets["a"].nat_gateway is None
    assert [each.name for each in found.report.unresolved] == ["N"]
    assert "is not in the input: it has none" in messages(found)
