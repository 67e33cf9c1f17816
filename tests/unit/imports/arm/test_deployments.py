"""Deployments inside of a template: what goes in and out, linked templates, and circles."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.imports.arm.evaluate import Source
from templates import GROUP, NETWORK, STRING, by_name, evaluated, names, nested, resource, template


def test_outputs_go_from_deployment_to_deployment_forward_and_back() -> None:
    reader = template(
        [resource("routeTables", "t", {"v": "[parameters('ids')[0].id]"})], parameters={"ids": {"type": "array"}}
    )
    writer = template(
        [resource("virtualNetworks", "v", {"subnets": [{"name": "s"}]})],
        outputs={"subnets": {"type": "array", "value": "[reference('v').subnets]"}},
    )
    asked = "[reference(resourceId('Microsoft.Resources/deployments', 'writer'), '2022-09-01').outputs.subnets.value]"
    body = template([nested("reader", reader, {"ids": {"value": asked}}), nested("writer", writer)])
    found = by_name(evaluated(body))["t"]["properties"]["v"]
    assert found == f"{GROUP}/providers/{NETWORK}/virtualNetworks/v/subnets/s"


@pytest.mark.parametrize(("given", "expected"), [("x", "x"), ("", "default")])
def test_a_parameter_that_is_an_expression_may_be_null_then_the_default_counts(given: str, expected: str) -> None:
    inner = template(
        [resource("routeTables", "t", {"v": "[parameters('p')]"})],
        parameters={"p": {**STRING, "defaultValue": "default"}},
    )
    whole = "[if(empty(parameters('q')), createObject('value', null()), createObject('value', parameters('q')))]"
    body = template([nested("n", inner, {"p": whole})], parameters={"q": {**STRING, "defaultValue": given}})
    assert by_name(evaluated(body))["t"]["properties"]["v"] == expected


@pytest.mark.parametrize("key", ["resourceGroup", "subscriptionId"])
def test_a_deployment_into_a_place_that_is_not_known_is_left_open_with_what_it_deploys(key: str) -> None:
    inner = template([resource("virtualNetworks", "v")])
    body = template([nested("n", inner, **{key: "[parameters('p')]"})], parameters={"p": STRING})
    (left,) = evaluated(body).open
    assert (left.what, left.value.parameters, left.types) == (
        "scope", ("p",), {"microsoft.resources/deployments", "microsoft.network/virtualnetworks"}
    )  # fmt: skip
    assert not evaluated(body, parameters={"p": "x"}).open


def test_a_deployment_whose_name_is_not_known_deploys_all_the_same() -> None:
    inner = template([resource("virtualNetworks", "v"), resource("routeTables", "[deployment().name]")])
    made = evaluated(template([nested("[parameters('p')]", inner)], parameters={"p": STRING}))
    assert "v" in names(made)
    assert not made.open
    assert not made.errors


OF_TIER = {"subscriptionId": "[parameters('tier').subscription]", "resourceGroup": "rg"}


@pytest.mark.parametrize(
    "inside",
    [
        nested("[parameters('tier').name]", template([resource("routeTables", "t")]), **OF_TIER),
        resource("virtualNetworks/subnets", "[format('{0}/x', parameters('tier').name)]"),
        resource("routeTables", "t", condition="[equals(parameters('tier').name, 'one')]"),
    ],
)
def test_what_a_deployment_gets_does_not_depend_on_what_it_makes(inside: Any) -> None:
    """A parameter reads an output of a deployment beside it, which looks for a subnet that no template has."""
    subnet = "resourceId('Microsoft.Network/virtualNetworks/subnets', 'elsewhere', 's')"
    tiers = {"name": "one", "subscription": "00000000-0000-0000-0000-000000000002",
             "prefix": f"[reference({subnet}, '2024-05-01').addressPrefix]"}  # fmt: skip
    first = template([], outputs={"tiers": {"type": "array", "value": [tiers]}})
    pick = "[filter(reference('first').outputs.tiers.value, lambda('t', equals(lambdaVariables('t').name, 'one')))[0]]"
    second = template([inside], parameters={"tier": {"type": "object"}})
    made = evaluated(template([nested("first", first), nested("second", second, {"tier": {"value": pick}})]))
    assert not made.errors
    assert not made.open
    assert {"first", "second"} < set(names(made))
    assert not [name for name in names(made) if "Unknown" in name]


def test_deployments_in_a_circle_are_an_error_that_names_them() -> None:
    inner = template(
        [resource("routeTables", "[parameters('p')]")],
        parameters={"p": STRING},
        outputs={"o": {"type": "string", "value": "[parameters('p')]"}, "free": {"type": "string", "value": "x"}},
    )
    body = template(
        [nested(name, inner, {"p": {"value": f"[reference('{other}').outputs.{output}.value]"}})
         for name, other, output in (("a", "b", "o"), ("b", "a", "free"))]
    )  # fmt: skip
    (error,) = evaluated(body).errors
    assert error.rule == "E14"
    assert "a -> b -> a" in error.message or "b -> a -> b" in error.message
    straight = template([nested("a", inner, {"p": {"value": "[reference('b').outputs.free.value]"}}),
                         nested("b", inner, {"p": {"value": "y"}})])  # fmt: skip
    assert not evaluated(straight).errors


def test_a_template_that_links_itself_is_a_circle() -> None:
    link = {
        "type": "Microsoft.Resources/deployments",
        "name": "again",
        "properties": {"templateLink": {"uri": "t.json"}},
    }
    body = template([link])
    made = evaluated(body, linked=lambda uri, path: Source("self.json", body))
    assert [error.rule for error in made.errors] == ["E14"]


def test_two_templates_that_link_each_other_twice_are_a_circle_that_is_named_once() -> None:
    links = [
        {"type": "Microsoft.Resources/deployments", "name": name, "properties": {"templateLink": {"uri": name}}}
        for name in ("a", "b")
    ]
    body = template([*links, resource("routeTables", "[parameters('p')]")], parameters={"p": STRING})
    made = evaluated(body, linked=lambda uri, path: Source(f"{uri}.json", body))
    assert [error.rule for error in made.errors] == ["E14"]


def test_names_that_are_not_known_make_no_circle() -> None:
    inner = template([resource("routeTables", "t")], outputs={"o": {"type": "string", "value": "x"}})
    body = template(
        [nested("[parameters('p')]", inner, dependsOn=["other"]), nested("other", inner)], parameters={"p": STRING}
    )
    assert not evaluated(body).errors


def test_a_linked_template_is_read_locally_or_named() -> None:
    inner = template([resource("routeTables", "[parameters('p')]")], parameters={"p": STRING})
    link = {"uri": "[uri(deployment().properties.templateLink.uri, 'linked/n.json?sig=SECRET')]"}
    properties = {"templateLink": link, "parameters": {"p": {"value": "t"}}}
    body = template([{"type": "Microsoft.Resources/deployments", "name": "n", "properties": properties}])
    found = {"linked/n.json?sig=SECRET": Source("linked/n.json", inner)}
    made = evaluated(body, linked=lambda uri, path: found.get(uri))
    assert names(made) == ["n", "t"]
    assert made.linked == ("linked/n.json",)
    (error,) = evaluated(body).errors
    assert error.rule == "E13"
    assert "linked/n.json is never fetched" in error.message
    assert "--linked" in error.message
    assert "SECRET" not in error.message
