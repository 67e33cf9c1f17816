"""What a template says of its own place: resource groups, subscriptions, and ids of resources."""

from __future__ import annotations

import pytest

from netlab.imports.runtime import Unknown
from templates import GROUP, NETWORK, by_name, evaluated, nested, resource, template, value_of

WHERE = "[concat(resourceGroup().name, ' ', resourceId('Microsoft.Network/routeTables', 'x'))]"


@pytest.mark.parametrize(("scope", "group"), [("inner", "other"), ("outer", "rg")])
def test_functions_of_an_inner_scope_are_the_deployments_own(scope: str, group: str) -> None:
    inner = template([resource("routeTables", "t", {"v": WHERE})])
    found = by_name(evaluated(template([nested("n", inner, scope=scope, resourceGroup="other")])))["t"]
    assert found["id"] == f"{GROUP.replace('/rg', '/other')}/providers/{NETWORK}/routeTables/t"
    expected = f"{GROUP.replace('/rg', f'/{group}')}/providers/{NETWORK}/routeTables/x"
    assert found["properties"]["v"] == f"{group} {expected}"


@pytest.mark.parametrize(("scope", "expected"), [("inner", "inner"), ("outer", "outer")])
def test_names_of_an_inner_scope_are_the_templates_own(scope: str, expected: str) -> None:
    variables = {"variables": {"v": "inner"}}
    inner = template([resource("routeTables", "t", {"v": "[variables('v')]"})], **variables)
    body = template([nested("n", inner, scope=scope)], variables={"v": "outer"})
    assert by_name(evaluated(body))["t"]["properties"]["v"] == expected


def test_a_subscription_holds_resource_groups_and_deployments_into_them() -> None:
    schema = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
    inner = template([resource("virtualNetworks", "v", location="[resourceGroup().location]")])
    body = template(
        [
            {"type": "Microsoft.Resources/resourceGroups", "name": "hub", "location": "x"},
            nested("n", inner, resourceGroup="hub"),
        ],
    )
    subscription = GROUP.removesuffix("/resourceGroups/rg")
    made = by_name(evaluated({**body, "$schema": schema}))
    assert made["hub"]["id"] == f"{subscription}/resourceGroups/hub"
    assert made["n"]["id"] == f"{subscription}/resourceGroups/hub/providers/Microsoft.Resources/deployments/n"
    assert made["v"]["id"] == f"{subscription}/resourceGroups/hub/providers/{NETWORK}/virtualNetworks/v"
    assert made["v"]["location"] == "westeurope"


IDS = {
    "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]": "/virtualNetworks/v/subnets/s",
    "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v/s')]": "/virtualNetworks/v/subnets/s",
    "[resourceId('Microsoft.Network/virtualNetworks/', 'v')]": "/virtualNetworks/v",
}


@pytest.mark.parametrize("expression", IDS)
def test_resource_id_takes_a_name_for_each_segment(expression: str) -> None:
    assert value_of(expression) == f"{GROUP}/providers/{NETWORK}{IDS[expression]}"


def test_resource_id_takes_group_and_subscription_before_the_type() -> None:
    own = "11111111-2222-3333-4444-555555555555"
    tail = f"/providers/{NETWORK}/routeTables/t"
    base = GROUP.removesuffix("/rg")
    assert value_of("[resourceId('g', 'Microsoft.Network/routeTables', 't')]") == f"{base}/g{tail}"
    found = value_of(f"[resourceId('{own}', 'g', 'Microsoft.Network/routeTables', 't')]")
    assert found == f"/subscriptions/{own}/resourceGroups/g{tail}"
    assert isinstance(value_of("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v')]"), Unknown)
