"""Expectations written into a file: what is there stays, byte for byte, comments too."""

from __future__ import annotations

import pytest

from netlab.scenario.document import read
from netlab.scenario.writing import with_expectations

MORE = {
    "connections": {"one": "Connected"},
    "routes": {"win": ["10.1.0.0/16", "10.2.0.0/16"]},
    "reach": {
        "a": {"b": "reachable", "c": {"unreachable": "no route: to c", "dropped_at": "a"}},
        "b": {"a": "reachable"},
    },
}
BLOCK = """\
connections:
  one: Connected
routes:
  win: [10.1.0.0/16, 10.2.0.0/16]
reach:
  a:
    b: reachable
    c: {unreachable: 'no route: to c', dropped_at: a}
  b: {a: reachable}
"""


def indented(text: str, columns: int) -> str:
    return "".join(f"{' ' * columns}{line}\n" for line in text.splitlines())


EXPECT = "    expect:\n" + indented(BLOCK, 6)
HEAD = "# top\nname: x   # why\nlist:\n- odd   # kept\n- [1,2]\n"

# Each: the text below the head, the additions for its steps, and the text that follows.
WRITTEN = {
    "no story": ("# end\n", [MORE], "# end\nstory:\n  - name: as built\n" + EXPECT),
    "no story, no end of line": ("last: 1", [MORE], "last: 1\nstory:\n  - name: as built\n" + EXPECT),
    "an empty story": ("story: []\n", [MORE], None),
    "a step without expect": (
        "story:\n  - name: s   # first\n    do: [{x: {y: 1}}]   # does\n  # behind\n\n# end\n",
        [MORE],
        "story:\n  - name: s   # first\n    do: [{x: {y: 1}}]   # does\n" + EXPECT + "  # behind\n\n# end\n",
    ),
    "nothing to add": ("story:\n  - {name: s}\n", [{}], "story:\n  - {name: s}\n"),
    "of two steps the second": (
        "story:\n  - name: s\n  - name: t\n",
        [{}, MORE],
        "story:\n  - name: s\n  - name: t\n" + EXPECT,
    ),
    "both steps": (
        "story:\n  - name: s\n  - name: t\n",
        [{"reach": {"a": {"b": "reachable"}}}, {"connections": {"one": "NotConnected"}}],
        "story:\n  - name: s\n    expect:\n      reach:\n        a: {b: reachable}\n"
        "  - name: t\n    expect:\n      connections:\n        one: NotConnected\n",
    ),
    "a step in one line": (
        "story:\n  - {name: s, do: [{x: {y: 1}}]}   # why\n  - {name: t}\n",
        [{"connections": {"one": "Connected"}}, {}],
        "story:\n  - name: s   # why\n    do: [{x: {y: 1}}]\n    expect:\n      connections:\n        one: Connected\n"
        "  - {name: t}\n",
    ),
    "what is stated stays": (
        "story:\n  - name: s\n    expect:   # what\n      # inside\n      reach:\n        a:   # row\n"
        "          b: unreachable   # mine\n    do: []\n",
        [{"reach": {"a": {"b": "reachable", "c": "reachable"}, "b": {"a": "reachable"}}}],
        "story:\n  - name: s\n    expect:   # what\n      # inside\n      reach:\n        a:   # row\n"
        "          b: unreachable   # mine\n          c: reachable\n        b: {a: reachable}\n    do: []\n",
    ),
    "an expectation in one line grows": (
        "story:\n  - name: s\n    expect: {reach: {a: {b: unreachable}}}   # mine\n  # about t\n  - name: t\n",
        [{"reach": {"a": {"c": "reachable"}}}, {}],
        "story:\n  - name: s\n    expect:   # mine\n      reach:\n        a:\n          b: unreachable\n"
        "          c: reachable\n  # about t\n  - name: t\n",
    ),
    "expect comes first": (
        "story:\n- expect:\n    connections: {one: Connected}\n  name: s\n",
        [{"connections": {"two": "Connected"}}],
        "story:\n- expect:\n    connections:\n      one: Connected\n      two: Connected\n  name: s\n",
    ),
    "an empty expectation": (
        "story:\n  - name: s\n    expect: {}\n",
        [{"connections": {"one": "Connected"}}],
        "story:\n  - name: s\n    expect:\n      connections:\n        one: Connected\n",
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_what_is_written(case: str) -> None:
    before, steps, now = WRITTEN[case]
    written = with_expectations(HEAD + before, steps, "as built")
    if now is not None:
        assert written == HEAD + now
    assert with_expectations(written, steps, "as built") == written
    data = read(written, "x").data
    for step, more in zip(data["story"], steps, strict=True):
        for key in more:
            assert set(more[key]) <= set(step["expect"][key])


def test_a_story_in_one_line_is_written_anew_with_its_comments() -> None:
    before = HEAD + "story: [{name: s}, {name: t}]   # both\n"
    written = with_expectations(before, [{}, MORE], "as built")
    assert "# top" in written
    assert "# both" in written
    assert read(written, "x").data["story"][1]["expect"] == MORE


def test_a_file_in_one_line() -> None:
    written = with_expectations("{name: x, vnets: {A: {}}}\n", [MORE], "as built")
    assert read(written, "x").data == {"name": "x", "vnets": {"A": {}}, "story": [{"name": "as built", "expect": MORE}]}


def test_the_ends_of_lines_stay() -> None:
    written = with_expectations("name: x\r\nstory:\r\n  - name: s\r\n", [MORE], "as built")
    assert written.count("\n") == written.count("\r\n") > 10
    assert read(written, "x").data["story"][0]["expect"] == MORE
