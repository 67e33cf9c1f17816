"""Files as JSON values: encodings, comments, bounds; each error has its code, its place, and no more of the content."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from netlab.errors import UsageError
from netlab.imports.reading import DEEPEST, MOST_BYTES, Refused, parsed, paths


def refused(content: bytes) -> tuple[str, str, int]:
    with pytest.raises(Refused) as caught:
        parsed("f.json", content)
    finding = caught.value.finding
    return finding.rule, finding.message, finding.line


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": [1, 2]}',
        b'\xef\xbb\xbf{"a": [1, 2]}',
        '{"a": [1, 2]}'.encode("utf-16"),
        b'// a comment\n{"a": /* another */ [1, 2,], }',
        b'# command: az network vnet list\n{"a": [1, 2]}',
    ],
)
def test_what_tools_write_is_read(content: bytes) -> None:
    assert parsed("f.json", content).data == {"a": [1, 2]}


def test_signs_of_comments_and_commas_inside_of_strings_stay() -> None:
    assert parsed("f.json", b'{"a": "http://h/, ]", "b": "/* no */",}').data == {"a": "http://h/, ]", "b": "/* no */"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{\"a\": \"[concat('x',\n   'y')]\"}", "[concat('x',\n   'y')]"),
        (b'{"a": "one\r\ntwo"} // a comment', "one\r\ntwo"),
        (b'{"a": "tab\there",}', "tab\there"),
    ],
)
def test_a_string_may_go_over_several_lines_as_in_azure(content: bytes, expected: str) -> None:
    assert parsed("f.json", content).data == {"a": expected}


def test_a_string_without_an_end_is_an_error_at_its_beginning() -> None:
    assert refused(b'{\n "a": "one\ntwo\n}')[::2] == ("E01", 2)


def test_an_error_names_line_and_column_of_the_file_although_comments_are_taken_out() -> None:
    assert refused(b'{\n  // one\n  "a": 1 "b": 2\n}')[::2] == ("E01", 3)
    assert "line 3, column 10" in refused(b'{\n  // one\n  "a": 1 "b": 2\n}')[1]


@pytest.mark.parametrize(
    ("content", "code", "part"),
    [
        (b"", "E02", "empty"),
        (b"interactions:\n- request: x", "E02", "begins with"),
        (
            b"param location string\nresource v 'Microsoft.Network/virtualNetworks@2024-05-01' = {}",
            "E03",
            "bicep build",
        ),
        (b'resource "azurerm_virtual_network" "v" {\n}', "E03", "terraform show -json"),
        (b"\xff\xfe\x00", "E01", "UTF-16"),
        (b'{"a": "\xe9"}', "E01", "UTF-8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "E01", "digits"),
        (b"[" * 50_000, "E04", "nested deeper"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "E04", "nested deeper"),
        (b'"' + b"x" * MOST_BYTES + b'"', "E04", "64 MiB"),
    ],
)
def test_what_is_no_description_says_why(content: bytes, code: str, part: str) -> None:
    found = refused(content)
    assert found[0] == code
    assert part in found[1]


def test_a_message_quotes_the_first_word_at_most() -> None:
    assert "hunter2" not in refused(b"password: hunter2-and-more")[1]


def test_depth_up_to_the_bound_is_read() -> None:
    assert parsed("f.json", b"[" * DEEPEST + b"]" * DEEPEST).data is not None


def test_a_key_that_is_there_twice_is_noted_and_the_last_one_counts() -> None:
    found = parsed("f.json", b'{"a": 1, "b": 2, "a": 3}')
    assert (found.data, found.duplicates) == ({"a": 3, "b": 2}, ("a",))


@pytest.mark.parametrize(
    "content",
    [b'{"' + b'\\"' * 200_000, b", /* " * 200_000, b"{" + b", " * 500_000, b"[" + b",/* */" * 100_000 + b" x"],
)
def test_broken_files_take_no_longer_than_their_length_allows(content: bytes) -> None:
    began = time.monotonic()
    refused(content)
    assert time.monotonic() - began < 5


def test_of_a_directory_all_json_files_below_it_are_read_once_each_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a/c.json", "a/terraform.tfstate", "readme.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = [Path(name).name for name, _ in paths((str(tmp_path), str(tmp_path / "b.json")))]
    assert found == ["c.json", "terraform.tfstate", "b.json"]


@pytest.mark.parametrize("name", ["missing.json", "empty"])
def test_a_path_without_a_file_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        paths((str(tmp_path / name),))


def test_json_of_python_is_read() -> None:
    assert parsed("f.json", json.dumps({"a": None}).encode()).data == {"a": None}
