"""Names that a template uses and does not declare, with the line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlab.imports.arm.declared import undeclared
from netlab.imports.arm.evaluate import Source
from templates import nested, resource, template

TABLE = resource("routeTables", "t", {"v": "[if(true(), 'x', parameters('missing'))]"})
USED: dict[str, tuple[Any, int]] = {
    "in a branch that is not taken": (template([TABLE]), 1),
    "in an output": (template([], outputs={"o": {"type": "string", "value": "[variables('missing')]"}}), 1),
    "in another case": (template([TABLE], parameters={"MISSING": {"type": "string"}}), 0),
    "declared by a loop": (
        template(
            [resource("routeTables", "[variables('l')[0]]")],
            variables={"copy": [{"name": "l", "count": 1, "input": 1}]},
        ),
        0,
    ),
    "in inner scope, declared outside only": (
        template([nested("n", template([TABLE]))], parameters={"missing": {}}),
        1,
    ),
    "in outer scope, declared outside": (
        template([nested("n", template([TABLE]), scope="outer")], parameters={"missing": {}}),
        0,
    ),
    "given to a nested deployment": (
        template([nested("n", template([]), {"p": {"value": "[parameters('missing')]"}})]),
        1,
    ),
    "in words of a person": (template([], metadata={"description": "[parameters('missing')]"}), 0),
    "of a function": (
        template(
            [],
            functions=[{"namespace": "n", "members": {"f": {"output": {"value": "[parameters('missing')]"}}}}],
        ),
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USED)
def test_a_name_that_is_not_declared_is_an_error_with_its_line(case: str) -> None:
    body, count = USED[case]
    text = json.dumps(body, indent=1)
    found = undeclared(Source("t.json", body, {}, text))
    assert [error.rule for error in found] == ["E16"] * count
    for error in found:
        assert "missing is used and not declared" in error.message
        assert "missing" in text.splitlines()[error.line - 1]
