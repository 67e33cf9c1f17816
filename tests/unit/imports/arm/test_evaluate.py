"""What templates deploy: conditions, loops, scopes, parameters, references; each trap has a pair."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.imports.runtime import Token, Unknown
from templates import GROUP, NETWORK, STRING, by_name, evaluated, names, nested, resource, template, value_of

# --- parameters -------------------------------------------------------------------------------------------------------


def test_the_command_line_counts_before_the_file_and_the_file_before_the_default() -> None:
    body = template(
        [resource("routeTables", "t", {key: f"[parameters('{key}')]" for key in ("a", "b", "c")})],
        parameters={key: {**STRING, "defaultValue": "default"} for key in ("A", "B", "C")},
    )
    made = evaluated(body, files={"b": {"value": "file"}, "c": {"value": "file"}}, parameters={"c": "line"})
    assert by_name(made)["t"]["properties"] == {"a": "default", "b": "file", "c": "line"}


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [({"type": "int"}, "5", 5), ({"type": "bool"}, "True", True), ({"type": "array"}, '["a"]', ["a"]),
     ({"type": "object"}, '{"a": 1}', {"a": 1}), ({"type": "string"}, 5, "5"), ({"type": "int"}, "x", "x")],
)  # fmt: skip
def test_a_value_of_another_type_is_converted(declared: Any, given: Any, expected: Any) -> None:
    body = template([resource("routeTables", "t", {"v": "[parameters('p')]"})], parameters={"p": declared})
    assert by_name(evaluated(body, parameters={"p": given}))["t"]["properties"]["v"] == expected


def test_a_parameter_without_value_is_named_where_it_is_used_and_nowhere_else() -> None:
    body = template(
        [resource("routeTables", "t", {"v": "[format('{0}{1}', parameters('a'), parameters('b'))]", "w": "x"})],
        parameters={"a": STRING, "b": STRING, "unused": STRING},
    )
    made = evaluated(body)
    found = by_name(made)["t"]["properties"]
    assert found["v"].parameters == ("a", "b")
    assert found["w"] == "x"
    assert not made.errors


@pytest.mark.parametrize(
    ("declared", "expected"),
    [({"type": "string", "nullable": True}, None), ({"$ref": "#/definitions/own"}, "of the type"),
     ({"$ref": "#/definitions/own", "defaultValue": "own"}, "own"), ({"$ref": "#/definitions/maybe"}, None)],
)  # fmt: skip
def test_nullable_parameters_and_types_have_defaults(declared: Any, expected: Any) -> None:
    definitions = {"own": {"type": "string", "defaultValue": "of the type"}, "maybe": {"type": "int", "nullable": True}}
    assert value_of("[parameters('p')]", parameters={"p": declared}, definitions=definitions) == expected


def test_a_key_vault_reference_gives_no_value() -> None:
    body = template([resource("routeTables", "t", {"v": "[parameters('p')]"})], parameters={"p": STRING})
    made = evaluated(body, files={"p": {"reference": {"keyVault": {"id": "x"}, "secretName": "s"}}})
    assert by_name(made)["t"]["properties"]["v"].parameters == ("p",)


def test_secure_parameters_are_read_into_nothing() -> None:
    body = template(
        [resource("connections", "c", {"key": "[parameters('k')]", "in": "[concat('x', parameters('k'))]"},
                  condition="[not(empty(parameters('k')))]")],
        parameters={"k": {"type": "secureString"}},
    )  # fmt: skip
    made = evaluated(body, parameters={"k": "NEUTRAL-SECRET"})
    assert "NEUTRAL-SECRET" not in repr(made)
    assert by_name(made)["c"]["properties"]["key"].secret
    assert made.secrets == ("parameters.k",)
    assert evaluated(body, parameters={"k": ""}).off == ((f"{NETWORK}/connections", "c"),)


def test_a_given_name_that_no_template_declares_is_an_error() -> None:
    one = template([], parameters={"vnetName": STRING})
    two = template([], parameters={"other": STRING})
    assert not evaluated(one, two, parameters={"VNETNAME": "a", "other": "b"}).errors
    (error,) = evaluated(one, two, parameters={"vnetNam": "a"}).errors
    assert error.rule == "E18"
    assert "vnetNam;" in error.message
    assert "did you mean vnetName?" in error.message


# --- conditions and loops ---------------------------------------------------------------------------------------------


def test_a_condition_turns_a_resource_off_and_a_branch_that_is_not_taken_does_not_fail() -> None:
    body = template(
        [
            resource("publicIPAddresses", "p", condition="[parameters('on')]"),
            resource("routeTables", "t", {"v": "[if(parameters('on'), reference('p').ipAddress, 'none')]"}),
        ],
        parameters={"on": {"type": "bool", "defaultValue": False}},
    )
    made = evaluated(body)
    assert names(made) == ["t"]
    assert made.off == ((f"{NETWORK}/publicIPAddresses", "p"),)
    assert made.deciding == ("on",)
    assert by_name(made)["t"]["properties"]["v"] == "none"
    taken = by_name(evaluated(body, parameters={"on": "true"}))["t"]["properties"]["v"]
    assert taken == Token("public address", f"{GROUP}/providers/{NETWORK}/publicIPAddresses/p".lower())


def test_a_condition_that_nothing_decides_is_left_open_with_its_type() -> None:
    body = template([resource("routeTables", "t", condition="[parameters('p')]")], parameters={"p": {"type": "bool"}})
    made = evaluated(body)
    assert made.bodies == made.off == ()
    assert [(one.type, one.value.parameters) for one in made.open] == [(f"{NETWORK}/routeTables", ("p",))]


LOOPED: dict[str, tuple[Any, Any]] = {
    "in a list of a property": (
        {"copy": [{"name": "subnets", "count": 2, "input": {"name": "[concat('s', copyIndex('subnets'))]"}}], "a": 1},
        {"subnets": [{"name": "s0"}, {"name": "s1"}], "a": 1},
    ),
    "without a name the index is the resource's": (
        {"copy": [{"name": "l", "count": 1, "input": "[format('{0}{1}', copyIndex(), copyIndex('l', 5))]"}]},
        {"l": ["25"]},
    ),
    "of no turns": ({"copy": [{"name": "l", "count": 0, "input": "[fail()]"}]}, {"l": []}),
    "a property that is only called copy": ({"copy": [{"name": "l"}]}, {"copy": [{"name": "l"}]}),
}


@pytest.mark.parametrize("case", LOOPED)
def test_a_property_is_copied(case: str) -> None:
    properties, expected = LOOPED[case]
    copies = {"name": "outer", "count": 3}
    made = evaluated(template([resource("routeTables", "[format('t{0}', copyIndex())]", properties, copy=copies)]))
    assert names(made) == ["t0", "t1", "t2"]
    assert by_name(made)["t2"]["properties"] == expected


def test_variables_and_outputs_are_copied() -> None:
    inner = template([], outputs={"o": {"type": "array", "copy": {"count": 2, "input": "[mul(copyIndex(), 10)]"}}})
    read = {"v": "[variables('list')[1]]", "w": "[reference('n').outputs.o.value]"}
    body = template(
        [nested("n", inner), resource("routeTables", "t", read)],
        variables={"copy": [{"name": "list", "count": 3, "input": "[copyIndex('list', 7)]"}]},
    )  # fmt: skip
    assert by_name(evaluated(body))["t"]["properties"] == {"v": 8, "w": [0, 10]}


@pytest.mark.parametrize("count", [801, -1, "x", "[range(0, 10000000)]"])
def test_a_loop_has_azures_limit(count: Any) -> None:
    made = evaluated(template([resource("routeTables", "t", copy={"name": "l", "count": count})]))
    assert made.bodies == ()
    assert [one.what for one in made.open] == ["copy"]


def test_children_stand_inside_of_their_parents_or_beside_them() -> None:
    child = {"type": "subnets", "name": "in", "properties": {"addressPrefix": "10.0.0.0/24"}}
    body = template(
        [resource("virtualNetworks", "v", resources=[child]), resource("virtualNetworks/subnets", "v/beside")]
    )
    found = {one.body["id"]: one.body["type"] for one in evaluated(body).bodies}
    subnets = f"{GROUP}/providers/{NETWORK}/virtualNetworks/v/subnets"
    assert found[f"{subnets}/in"] == found[f"{subnets}/beside"] == f"{NETWORK}/virtualNetworks/subnets"


# --- references -------------------------------------------------------------------------------------------------------

GATEWAY = resource(
    "virtualNetworkGateways",
    "g",
    {
        "activeActive": True,
        "bgpSettings": {"asn": 65010},
        "ipConfigurations": [{"name": "a"}, {"name": "b"}],
    },
)
BGP = f"{GROUP}/providers/{NETWORK}/virtualNetworkGateways/g".lower()
PUBLIC = f"{GROUP}/providers/{NETWORK}/publicIPAddresses/p".lower()
REFERENCES: dict[str, Any] = {
    "[reference('p').ipAddress]": Token("public address", PUBLIC),
    "[reference('p', '2024-05-01', 'Full').properties.ipAddress]": Token("public address", PUBLIC),
    "[reference('p', '2024-05-01', 'Full').sku.name]": "Standard",
    "[reference('p').dnsSettings.fqdn]": Token("fqdn", PUBLIC),
    "[reference('fixed').ipAddress]": "198.51.100.9",
    "[reference('g').bgpSettings.bgpPeeringAddress]": Token("bgp address", BGP),
    "[split(reference('g').bgpSettings.bgpPeeringAddress, ',')[1]]": Token("bgp address", BGP, 1),
    "[last(split(reference('g').bgpSettings.bgpPeeringAddress, ','))]": Token("bgp address", BGP, 1),
    "[concat(reference('g').bgpSettings.bgpPeeringAddress, '/32')]": Token("bgp address", BGP, 0, "/32"),
    "[format('{0}/32', reference('g').bgpSettings.bgpPeeringAddresses[1].defaultBgpIpAddresses[0])]": Token(
        "bgp address", BGP, 1, "/32"
    ),
    "[reference('g').bgpSettings.asn]": 65010,
    "[reference('h').bgpSettings.asn]": 65515,
    "[reference('v').subnets[1].id]": f"{GROUP}/providers/{NETWORK}/virtualNetworks/v/subnets/two",
    "[reference('v').subnets[2].id]": f"{GROUP}/providers/{NETWORK}/virtualNetworks/v/subnets/three",
    "[reference('v').subnets[0].properties.addressPrefix]": "10.0.0.0/24",
    "[map(reference('v').subnets, lambda('s', last(split(lambdaVariables('s').id, '/'))))]": ["one", "two", "three"],
    "[reference('lb').frontendIPConfigurations[0].properties.privateIPAddress]": "10.0.0.4",
    "[empty(reference('p').ipAddress)]": False,
    "[reference('nsg').provisioningState]": "Succeeded",
    "[reference(concat('Microsoft.Network/publicIPAddresses/', 'p')).ipAddress]": Token("public address", PUBLIC),
}


def _referring(expression: str) -> Any:
    return template(
        [
            resource("routeTables", "t", {"v": expression}),
            resource("publicIPAddresses", "p", sku={"name": "Standard"}),
            resource("publicIPAddresses", "fixed", {"ipAddress": "198.51.100.9"}),
            GATEWAY,
            resource("virtualNetworkGateways", "h"),
            resource("networkSecurityGroups", "nsg"),
            resource(
                "loadBalancers", "lb", {"frontendIPConfigurations": [{"properties": {"privateIPAddress": "10.0.0.4"}}]}
            ),
            resource(
                "virtualNetworks",
                "v",
                {
                    "subnets": [
                        {"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}},
                        {"name": "two", "properties": {"addressPrefix": "10.0.1.0/24"}},
                    ]
                },
            ),
            resource("virtualNetworks/subnets", "v/three", {"addressPrefix": "10.0.2.0/24"}),
        ]
    )


@pytest.mark.parametrize("expression", REFERENCES)
def test_reference_answers_from_the_resource_itself(expression: str) -> None:
    made = evaluated(_referring(expression))
    assert not made.errors
    assert by_name(made)["t"]["properties"]["v"] == REFERENCES[expression]


OPEN_REFERENCES = {
    "[reference('nsg').defaultSecurityRules[0].id]": "reference(nsg.defaultSecurityRules[0].id)",
    "[concat('http://', reference('p').ipAddress)]": "the public address of p",
    "[equals(reference('p').ipAddress, '10.0.0.1')]": "the public address of p",
    "[reference('nobody').x]": "reference(nobody.x)",
    "[listKeys('p', '2020-01-01').key1]": "listkeys()",
}


@pytest.mark.parametrize("expression", OPEN_REFERENCES)
def test_what_no_resource_answers_says_what_was_asked(expression: str) -> None:
    found = by_name(evaluated(_referring(expression)))["t"]["properties"]["v"]
    assert isinstance(found, Unknown)
    assert found.expression == OPEN_REFERENCES[expression]


SUBNET = "resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'one')"
NET = "resourceId('Microsoft.Network/virtualNetworks', 'v')"
UPDATES = {
    "a property": {"addressPrefix": f"[reference({SUBNET}, '2024-05-01').addressPrefix]", "routeTable": {"id": "t"}},
    "all of it": f"[union(reference({SUBNET}, '2024-05-01'), createObject('routeTable', createObject('id', 't')))]",
    "of the parent": {
        "addressPrefix": f"[reference({NET}, '2024-05-01').subnets[0].properties.addressPrefix]",
        "routeTable": {"id": "t"},
    },
}  # fmt: skip


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("inline", [True, False])
def test_an_update_of_a_subnet_reads_what_the_subnet_has(update: str, inline: bool) -> None:
    own = {"addressPrefix": "10.0.0.0/24"}
    inner = template([resource("virtualNetworks/subnets", "v/one", UPDATES[update])])
    one = [{"name": "one", "properties": own}] if inline else []
    child = [] if inline else [resource("virtualNetworks/subnets", "v/one", own)]
    made = evaluated(template([resource("virtualNetworks", "v", {"subnets": one}), *child, nested("n", inner)]))
    assert not made.errors
    assert made.bodies[-1].body["properties"] == {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": "t"}}


def test_a_part_of_a_resource_of_another_description_answers_by_its_own_id() -> None:
    key = f"{GROUP}/providers/{NETWORK}/virtualNetworks/v".lower()
    known = {key: {"properties": {"subnets": [{"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}}]}}}
    body = template([resource("routeTables", "t", {"v": f"[reference({SUBNET}, '2024-05-01').addressPrefix]"})])
    assert by_name(evaluated(body, known=known))["t"]["properties"]["v"] == "10.0.0.0/24"
    assert isinstance(by_name(evaluated(body))["t"]["properties"]["v"], Unknown)


def test_a_resource_that_only_reads_itself_has_no_value_and_no_end_is_looked_for() -> None:
    body = template([resource("virtualNetworks/subnets", "v/one", UPDATES["a property"])])
    assert isinstance(by_name(evaluated(body))["v/one"]["properties"]["addressPrefix"], Unknown)


def test_an_answer_of_the_command_line_counts() -> None:
    body = _referring("[reference('nsg').defaultSecurityRules[0].id]")
    made = evaluated(body, answers={"NSG.defaultSecurityRules[0].ID": "x"})
    assert by_name(made)["t"]["properties"]["v"] == "x"


def test_templates_and_other_descriptions_refer_to_each_other_by_id() -> None:
    expression = "[reference(resourceId('Microsoft.Network/virtualNetworks', 'v')).addressSpace.addressPrefixes[0]]"
    one = template([resource("routeTables", "t", {"v": expression})])
    two = template([resource("virtualNetworks", "V", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})])
    assert by_name(evaluated(one, two))["t"]["properties"]["v"] == "10.0.0.0/16"
    key = f"{GROUP}/providers/{NETWORK}/virtualNetworks/v".lower()
    known = {key: {"properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}}
    assert by_name(evaluated(one, known=known))["t"]["properties"]["v"] == "10.9.0.0/16"
    assert isinstance(by_name(evaluated(one))["t"]["properties"]["v"], Unknown)


def test_symbolic_names_and_existing_resources() -> None:
    existing = {"existing": True, "type": f"{NETWORK}/virtualNetworks", "apiVersion": "2024-05-01", "name": "old"}
    body = template(
        {
            "pip": resource("publicIPAddresses", "[format('p{0}', copyIndex())]", copy={"name": "pip", "count": 2}),
            "old": existing,
            "table": resource(
                "routeTables",
                "t",
                {
                    "one": "[reference('pip[1]').ipAddress]",
                    "all": "[length(references('pip'))]",
                    "old": "[reference('old').addressSpace.addressPrefixes[0]]",
                },
            ),
        },
        languageVersion="2.0",
    )
    made = evaluated(body)
    assert names(made) == ["p0", "p1", "t"]
    found = by_name(made)["t"]["properties"]
    assert found["one"] == Token("public address", PUBLIC + "1")
    assert found["all"] == 2
    assert found["old"].expression == "reference(old.addressSpace.addressPrefixes[0])"


# --- wrong expressions ------------------------------------------------------------------------------------------------

WRONG = {
    "[split(parameters('id'), '/')[8]]": "there is no element 8; it uses parameter id",
    "[variables('o').nothing]": "there is no property nothing",
    "[concat(variables('o').nothing, parameters('id'))]": "there is no property nothing; it uses parameter id",
    "[first(split(parameters('id'), '/')[4])]": "there is no element 4; it uses parameter id",
}


@pytest.mark.parametrize("expression", WRONG)
def test_an_expression_that_is_wrong_says_what_and_which_parameter_it_uses(expression: str) -> None:
    found = value_of(expression, parameters={"id": {**STRING, "defaultValue": ""}}, variables={"o": {}})
    assert (found.expression, found.wrong) == (WRONG[expression], True)


@pytest.mark.parametrize("expression", ["[listKeys('p', 'v').x]", "[noSuchFunction(1)]", "[reference('nobody').x]"])
def test_what_only_a_deployment_answers_is_not_wrong(expression: str) -> None:
    assert not value_of(expression).wrong


# --- hostile templates ------------------------------------------------------------------------------------------------

LAUGHS = {"v0": "lol", **{f"v{n}": [f"[variables('v{n - 1}')]"] * 10 for n in range(1, 12)}}
LONG = {"v0": "lol", **{f"v{n}": f"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 60)}}
DEEP = {"v0": "x", **{f"v{n}": f"[variables('v{n - 1}')]" for n in range(1, 3000)}}
SELF = {"v": "[concat(variables('w'), 'x')]", "w": "[variables('v')]"}
HOSTILE = {
    "lists of lists": (LAUGHS, "v11"),
    "strings of strings": (LONG, "v59"),
    "a chain": (DEEP, "v2999"),
    "a circle": (SELF, "v"),
    "ranges of ranges": ({"v": "[map(range(0, 9999), lambda('x', range(0, 9999)))]"}, "v"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_expressions_that_explode_end_and_stop_only_what_reads_them(case: str) -> None:
    variables, name = HOSTILE[case]
    body = template([resource("routeTables", "t", {"v": f"[variables('{name}')]", "w": "x"})], variables=variables)
    made = evaluated(body)
    found = by_name(made).get("t", {}).get("properties", {})
    assert [error.rule for error in made.errors] == ["E04"] or isinstance(found["v"], Unknown)
    assert made.errors or found["w"] == "x"


def test_many_loops_in_loops_end() -> None:
    inner: Any = "x"
    for number in range(6):
        inner = {"copy": [{"name": f"l{number}", "count": 800, "input": inner}]}
    made = evaluated(template([resource("routeTables", "t", inner, copy={"name": "o", "count": 800})]))
    assert [error.rule for error in made.errors] == ["E04"]
