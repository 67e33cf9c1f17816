"""The models of a scenario file: their JSON Schema, their descriptions, and values computed once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from netlab.scenario.addresses import vm_addresses
from netlab.scenario.document import read
from netlab.scenario.loader import catalogue, parse, schema
from netlab.scenario.models import RouteTable, Scenario, VirtualMachine

EXAMPLE = """\
name: forms
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {short: 10.1.0.0/24, long: {address_prefix: 10.1.1.0/24}, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: short}, vm2: {subnet: long}}
    vpn_gateway: {}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {host1: 10.101.0.10}}
local_network_gateways:
  lng1: {site: Site1, address_prefixes: [10.101.0.0/16]}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], local_network_gateways: {VNet1: lng1}, shared_key: abc}
story:
  - name: forms
    expect:
      reach:
        vm1: {vm2: reachable, host1: unreachable}
        vm2: {host1: {unreachable: why, dropped_at: Site1}, vm1: {expected: reachable}}
"""


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_short_and_long_forms_are_valid(validator: Any) -> None:
    parse(EXAMPLE, "x.yaml")
    assert [error.message for error in validator.iter_errors(read(EXAMPLE, "x.yaml").data)] == []


@pytest.mark.parametrize("name", catalogue())
def test_every_scenario_of_the_catalogue_is_valid(validator: Any, name: str) -> None:
    data = read(catalogue()[name].read_text(encoding="utf-8"), name).data
    assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("nam",), "x"),
        (("name",), "../x"),
        (("vnets", "VNet1", "subnets", "short"), []),
        (("vnets", "VNet1", "address_space", 0), "10.1.0.0"),
        (("vnets", "VNet1", "vpn_gateway", "sku"), "VpnGw9"),
        (("local_network_gateways", "lng1", "vnet"), "VNet1"),
        (("connections", "VNet1-Site1", "between"), ["VNet1"]),
        (("story", 0, "expect", "reach", "vm1", "vm2"), "maybe"),
        (("story", 0, "do"), [{}]),
    ],
)
def test_what_the_loader_refuses_is_not_valid(validator: Any, place: tuple[str | int, ...], value: object) -> None:
    data = deepcopy(read(EXAMPLE, "x.yaml").data)
    inner = data
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    assert not validator.is_valid(data)


def test_every_object_and_every_field_has_a_description_that_is_a_sentence() -> None:
    everything = {"Scenario": schema(), **schema()["$defs"]}
    texts = {name: item["description"] for name, item in everything.items()}
    for name, item in everything.items():
        texts |= {f"{name}.{key}": field["description"] for key, field in item.get("properties", {}).items()}
    assert {name: text for name, text in texts.items() if not text[0].isupper() or not text.endswith(".")} == {}


def test_an_inherited_field_keeps_its_description() -> None:
    described = schema()["$defs"]
    keys = (
        described[name]["properties"]["connection_mode"]["description"] for name in ("Connection", "TunnelSettings")
    )
    assert len(set(keys)) == 1


def test_a_changed_copy_computes_anew() -> None:
    vnet = parse(EXAMPLE, "x.yaml").scenario.vnets["VNet1"]
    assert vm_addresses(vnet).keys() == {"vm1", "vm2"}
    changed = vnet.model_copy(update={"vms": {"vm3": VirtualMachine(subnet="long")}})
    assert vm_addresses(changed).keys() == {"vm3"}
    assert vm_addresses(vnet) is vm_addresses(vnet)


def test_a_subnet_whose_route_table_does_not_exist_has_an_empty_one() -> None:
    data = read(EXAMPLE, "x.yaml").data
    data["vnets"]["VNet1"]["subnets"]["long"]["route_table"] = "lost"
    assert Scenario.model_validate(data).route_table("VNet1", "long") == RouteTable()
