"""Functions of templates: what Azure documents of each, and what trips people up."""

from __future__ import annotations

from typing import Any

import pytest

from netlab.imports.runtime import Unknown
from templates import value_of

A, B = "createArray('a', 'b')", "createArray('b', 'c')"
OBJECT = "createObject('a', createObject('x', 1, 'l', createArray(1, 2)), 'b', null())"
CASES: dict[str, Any] = {
    "[concat('a', 1, true())]": "a1True",
    f"[concat({A}, {B})]": ["a", "b", "b", "c"],
    "[format('{0}-{1:D3}-{{x}}-{2}{3}', 'a', 7, true(), null())]": "a-007-{x}-True",
    "[equals('a', 'A')]": False,
    "[equals(toLower('A'), 'a')]": True,
    "[equals(1, '1')]": False,
    "[equals(1, true())]": False,
    "[equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))]": True,
    f"[equals({A}, createArray('b', 'a'))]": False,
    "[if(true(), 'yes', fail('never'))]": "yes",
    "[and(true(), not(false()), true())]": True,
    "[or(false(), false())]": False,
    "[coalesce(null(), '', 'x')]": "",
    "[json('null')]": None,
    "[json('{''a'': 1}').a]": 1,
    "[empty(null())]": True,
    "[empty(createObject('a', null()))]": False,
    "[length(createObject('a', null()))]": 1,
    "[length('abc')]": 3,
    "[split('a,,b', ',')]": ["a", "", "b"],
    "[split('a;b,c', createArray(',', ';'))]": ["a", "b", "c"],
    "[uri('https://h/a/t.json', 'x')]": "https://h/a/x",
    "[uri('https://h/a/', 'x')]": "https://h/a/x",
    OBJECT.join("[]"): {"a": {"x": 1, "l": [1, 2]}, "b": None},
    "[array('a')]": ["a"],
    f"[array({A})]": ["a", "b"],
    "[range(5, 3)]": [5, 6, 7],
    "[substring('abcdef', 1, 2)]": "bc",
    "[take('ab', 5)]": "ab",
    "[take(createArray(1, 2, 3), 2)]": [1, 2],
    "[skip('abc', 1)]": "bc",
    "[first('')]": "",
    "[last('abc')]": "c",
    f"[last({A})]": "b",
    "[padLeft(7, 3, '0')]": "007",
    "[string(true())]": "True",
    "[string(createObject('a', createArray(1, 'x')))]": '{"a":[1,"x"]}',
    f"[union({A}, {B})]": ["a", "b", "c"],
    f"[union({OBJECT}, createObject('a', createObject('l', createArray(3)), 'B', 2))]": {
        "a": {"x": 1, "l": [3]},
        "b": 2,
    },
    "[flatten(createArray(createArray(1, createArray(2)), 3))]": [1, [2], 3],
    "[contains('abc', 'B')]": False,
    f"[contains({A}, 'b')]": True,
    "[contains(createObject('Key', 1), 'kEY')]": True,
    "[startsWith('Abc', 'aB')]": True,
    "[indexOf('abcABC', 'C')]": 2,
    "[lastIndexOf('abcABC', 'c')]": 5,
    "[intersection(createArray(1, 2, 3), createArray(3, 2))]": [2, 3],
    "[join(createArray('a', 1), '+')]": "a+1",
    "[items(createObject('b', 1, 'a', 2))[0].key]": "a",
    "[toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')))]": {"a": "a", "b": "b"},
    "[map(range(0, 2), lambda('x', 'i', add(lambdaVariables('x'), lambdaVariables('i'))))]": [0, 2],
    "[filter(createArray(1, 5), lambda('x', greater(lambdaVariables('x'), 2)))]": [5],
    "[reduce(range(1, 4), 0, lambda('sum', 'x', add(lambdaVariables('sum'), lambdaVariables('x'))))]": 10,
    "[sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))]": [1, 2, 3],
    "[groupBy(createArray('ab', 'ac', 'b'), lambda('x', take(lambdaVariables('x'), 1)))]": {
        "a": ["ab", "ac"],
        "b": ["b"],
    },
    "[mapValues(createObject('a', 1), lambda('x', mul(lambdaVariables('x'), 2)))]": {"a": 2},
    "[tryGet(createObject('a', createArray(5)), 'a', 0)]": 5,
    "[tryGet(createObject('a', 1), 'b')]": None,
    "[createObject('a', 1).?b]": None,
    "[shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2))))]": {
        "a": {"y": 2}
    },
    "[cidrSubnet('10.0.0.0/16', 24, 3)]": "10.0.3.0/24",
    "[cidrHost('10.0.0.0/24', 0)]": "10.0.0.1",
    "[cidrHost('10.0.0.0/24', 3)]": "10.0.0.4",
    "[parseCidr('10.0.0.0/24').lastUsable]": "10.0.0.254",
    "[div(-7, 2)]": -3,
    "[mod(-7, 2)]": -1,
    "[min(createArray(3, 1))]": 1,
    "[int('42')]": 42,
    "[base64ToString(base64('é'))]": "é",
    "[replace('aXbX', 'X', '--')]": "a--b--",
    "[dateTimeAdd('2020-01-31T00:00:00Z', 'P1DT2H')]": "2020-02-01T02:00:00Z",
    "[pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope')]": [],
    "[environment().suffixes.storage]": "core.windows.net",
    "[[not an expression]": "[not an expression]",
}


@pytest.mark.parametrize("expression", CASES)
def test_a_function_gives_what_azure_documents(expression: str) -> None:
    found = value_of(expression)
    assert (found, type(found)) == (CASES[expression], type(CASES[expression]))


# Each must not come out as a value; the words say why.
WITHOUT: dict[str, str] = {
    "[substring('abc', 2, 5)]": "substring",
    "[cidrSubnet('10.0.0.0/24', 16, 0)]": "cidrSubnet",
    "[cidrSubnet('10.0.0.0/24', 25, 2)]": "cidrSubnet",
    "[range(0, 10000000)]": "range",
    "[createObject('a', 1).b]": "property b",
    "[createArray(1)[1]]": "element 1",
    "[frobnicate('x')]": "frobnicate",
    "[concat('a', createArray('b'))]": "concat",
    "[div(1, 0)]": "zero",
    "[json('no')]": "json",
    "[listKeys('x', '2020-01-01').keys[0]]": "listkeys",
    "[copyIndex()]": "copyIndex",
    "[fail('stop')]": "stop",
    "[equals(1)]": "equals",
    "[add('1', 2)]": "integer",
    "[padLeft('x', 2000000000)]": "explodes",
}


@pytest.mark.parametrize("expression", WITHOUT)
def test_what_has_no_value_is_unknown_and_says_why(expression: str) -> None:
    found = value_of(expression)
    assert isinstance(found, Unknown)
    assert WITHOUT[expression] in found.expression
    assert not found.parameters


def test_unique_strings_depend_on_their_arguments_only() -> None:
    one, same, other = (value_of(f"[uniqueString('{text}', 'x')]") for text in ("a", "a", "b"))
    assert one == same != other
    assert len(one) == 13
    assert len(value_of("[guid('a')]")) == 36


USER_FUNCTIONS = [
    {
        "namespace": "own",
        "members": {
            "named": {
                "parameters": [{"name": "prefix", "type": "string"}, {"name": "number", "type": "int"}],
                "output": {"type": "string", "value": "[format('{0}{1}', parameters('Prefix'), parameters('number'))]"},
            }
        },
    }
]


def test_functions_of_the_template_see_their_own_parameters() -> None:
    assert value_of("[OWN.named('a', 3)]", functions=USER_FUNCTIONS) == "a3"


@pytest.mark.parametrize("expression", ["[own.named('a')]", "[own.other('a', 1)]"])
def test_functions_of_the_template_are_called_as_declared(expression: str) -> None:
    assert isinstance(value_of(expression, functions=USER_FUNCTIONS), Unknown)
