"""The grammar of expressions: what is one, and what it says."""

from __future__ import annotations

import pytest

from netlab.imports.arm.syntax import Call, Literal, Member, is_expression, parsed
from netlab.imports.arm.values import EvaluationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[parameters('a')]", True),
        ("[[not one]", False),
        ("[open", False),
        ("closed]", False),
        ("", False),
        ("[]", False),
    ],
)
def test_an_expression_fills_its_string(text: str, expected: bool) -> None:
    assert is_expression(text) is expected


def test_quotes_are_doubled_and_white_space_counts_nowhere() -> None:
    assert parsed("[concat( 'it''s' ,\n -3 )]") == Call("concat", (Literal("it's"), Literal(-3)))


def test_members_follow_each_other() -> None:
    inner = Member(Call("parameters", (Literal("a"),)), Literal("b"), False)
    assert parsed("[parameters('a').b[0].?c]") == Member(Member(inner, Literal(0), False), Literal("c"), True)


def test_functions_have_names_without_case_and_with_a_namespace() -> None:
    assert parsed("[Contoso.UniqueName()]") == Call("contoso.uniquename", ())
    assert parsed("[__bicep.f_1('x')]") == Call("__bicep.f_1", (Literal("x"),))


@pytest.mark.parametrize(
    "text",
    ["[concat('a']", "[concat('a'))]", "['open]", "[a b()]", "[parameters 'a']", "[1.5]",
     "[" + "f(" * 70 + ")" * 70 + "]", "[f('" + "x" * 30000 + "')]"],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        parsed(text)
