"""What is wrong with a text that is no YAML, as a person would say it, in the line of the slip."""

from __future__ import annotations

import pytest

from netlab.errors import ScenarioError
from netlab.scenario.document import read
from netlab.scenario.loader import parse

ALIKE = "what belongs together is indented alike"


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(text, "x")
    (finding,) = caught.value.findings
    return f"{finding.line}: {finding.message}"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("name:x\nvnets: {}\n", 1, "name"),
        ("name: x\nvnets:\n  A:\n    address_space:[10.0.0.0/16]\n    subnets: {a: 1}\n", 4, "address_space"),
        ("name: x\nvnets:\n  A:\n    subnets: {a: 1}\n    address_space:[10.0.0.0/16]\n", 5, "address_space"),
        ("name: x\nvnets:\n  A:\n    sku:Basic\n    # a comment\n\n    subnets: {}\n", 4, "sku"),
        ("name: x\nstory:\n  - name:a\n    do: []\n", 3, "name"),
        ("name: x\r\nvnets:\r\n  A:\r\n    sku:Basic\r\n    subnets: {}\r\n", 4, "sku"),
    ],
)
def test_a_space_is_missing_after_a_colon(text: str, line: int, key: str) -> None:
    """To YAML the key and its value are one text, and the trouble begins a line later."""
    assert refused(text) == f"{line}: a space is missing after `:`: write `{key}: …`"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vnets:\n  A:\n    a: 1\n   b: 2\n", f"4: line 4 is indented by 3, line 3 by 4; {ALIKE}"),
        ("vnets:\n  A:\n    a: [1]\n     b: 2\n", f"4: line 4 is indented by 5, line 3 by 4; {ALIKE}"),
        ("vnets:\n  A: {}\n sites: {}\n", f"3: line 3 is indented by 1, line 2 by 2; {ALIKE}"),
        ("a:\n  - b: 1\n   c: 2\n", f"3: line 3 is indented by 3, the key after `-` in line 2 by 4; {ALIKE}"),
        ("a:\n  - b: 1\n  c: 2\n", f"3: line 3 is indented by 2, the key after `-` in line 2 by 4; {ALIKE}"),
        ("a:\n  - b: 1\n - c: 2\n", f"3: line 3 is indented by 1, line 2 by 2; {ALIKE}"),
        ("a: x\n  b: y\n", "2: line 2 is indented by 2, line 1 by 0; the key of line 1 has a value already"),
        ("a: {}\nb:\n\tc: 1\n", "3: a tab character indents this line; YAML is indented by spaces"),
        ("a: {}\nb:\n  \tc: 1\n", "3: a tab character indents this line; YAML is indented by spaces"),
        ("a:\n\u00a0\u00a0b: 1\n  c: 2\n", "2: the character U+00A0 indents this line; YAML is indented by spaces"),
    ],
)
def test_indentation_is_compared_with_the_line_before(text: str, said: str) -> None:
    assert refused(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [b, c\nd: {}\n", "1: the `[` is not closed"),
        ("a: [b, c\n", "1: the `[` is not closed"),
        ("a:\n  b: {c: [d], e: {f: 1}\n  g: {}\n", "2: the `{` is not closed"),
        ("a: {b: 1 c: 2}\n", "1: a comma or `}` is missing before `c`"),
        ("a: [\n  b,\n  {c: d e: f},\n]\n", "3: a comma or `}` is missing before `e`"),
        ('a: {b: "]" c: 2}\n', "1: a comma or `}` is missing before `c`"),
        ("a: [b]]\n", "1: the `]` closes nothing"),
        ("a: {b: {}}}\n", "1: the `}` closes nothing"),
        ('a: "b c\nd: {}\n', '1: the quote `"` is not closed'),
        ("a: 'it's so'\nd: {}\n", "1: the quotes end before column 8; put the whole text in one pair of them"),
        ('a: "b" c\n', "1: the quotes end before column 8; put the whole text in one pair of them"),
        ("a: b c: d e\n", "1: a text with `: ` in it needs quotes"),
        ("a: @b\n", "1: a value cannot begin with `@`; put it in quotes"),
        ("a: *\n", "1: a value cannot begin with `*`; put it in quotes"),
        ("a: {protocol: *, b: c}\n", "1: a value cannot begin with `*`; put it in quotes"),
        ("a: %5\n", "1: a value cannot begin with `%`; put it in quotes"),
        ("a: {b:{c: 1}}\n", "1: a space is missing after `:`"),
        ("a: x\nb\n  c: {}\n", "2: a `:` is missing after the key"),
        ("a:\n  b [1]\n  c: {}\n", "2: a `:` is missing after the key"),
    ],
)
def test_brackets_quotes_and_colons(text: str, said: str) -> None:
    assert refused(text) == said


@pytest.mark.parametrize("text", ["%YAML 1.3\n---\na: 1\n", "a: 1\n|\n", "a: 1\n...\nb\n"])
def test_what_is_not_recognised_keeps_its_own_words(text: str) -> None:
    assert not any(word in refused(text) for word in ("indented", "space", "quote", "missing"))


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  shared_key:hunter2\n  b: 1\n",
        "a: {shared_key: hunter2 hunter2}\n",
        'a: {shared_key: "x" hunter2}\n',
        'a: "x" hunter2\n',
        "a:\n  shared_key: @hunter2\n",
        "a: {shared_key: [hunter2 hunter2\n",
    ],
)
def test_no_message_holds_a_value(text: str) -> None:
    """It may be a key."""
    with pytest.raises(ScenarioError) as caught:
        parse(f"name: x\n{text}", "x")
    assert not any("hunter2" in str(finding) for finding in caught.value.findings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vnets:\n  A: {address_space:[10.0.0.0/8]}\n", "a space is missing after `:`"),
        ("vnets:\n  A: {subnets: {a: 10.0.0.0/24}, address_space: [10.0.0.0/8], vms:x}\n", "a space is missing"),
        ("vnets:\n  A:\n    vpn_gateway:\n      sku:VpnGw1AZ\n", "a space is missing after `:`"),
        ("vnets:\n  A:\n    address_space:\n      -10.0.0.0/8\n    subnets: {}\n", "a space is missing after `-`"),
    ],
)
def test_what_is_yaml_and_lacks_a_space_all_the_same(text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(f"name: x\n{text}", "x")
    assert any(said in finding.message for finding in caught.value.findings)
