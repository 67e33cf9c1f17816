"""Where linked templates are looked for: never by their host, never outside."""

from __future__ import annotations

import pytest

from netlab.imports.arm.evaluate import Source
from netlab.imports.arm.linked import finder

REMOTE = "https://example.net/repo/main/nested/vnet.json?sv=1&sig=x"
BESIDE = "a/nested/vnet.json"
# URI, path of the template, --linked, files, what is read.
CASES: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...], str]] = {
    "the longest match first": (
        REMOTE, "a/main.json", ("dir",), ("dir/vnet.json", "dir/nested/vnet.json"), "dir/nested/vnet.json"
    ),
    "the last segment": (REMOTE, "a/main.json", ("dir",), ("dir/vnet.json",), "dir/vnet.json"),
    "beside the template, with --linked": (REMOTE, "a/main.json", ("dir",), (BESIDE,), BESIDE),
    "beside the template, by its name": (REMOTE, "a/main.json", (), ("a/vnet.json",), "a/vnet.json"),
    "a URI without --linked is not searched": (REMOTE, "a/main.json", (), ("a/nested/vnet.json",), ""),
    "not itself by its name": ("https://h/other/main.json", "a/main.json", (), ("a/main.json",), ""),
    "not itself by its name, with --linked": ("https://h/o/main.json", "d/main.json", ("d",), ("d/main.json",), ""),
    "another one of its name": (
        "https://h/other/main.json", "d/main.json", ("d",), ("d/main.json", "d/other/main.json"), "d/other/main.json"
    ),
    "itself, by a relative path": ("main.json", "a/main.json", (), ("a/main.json",), "a/main.json"),
    "a relative path": ("nested/vnet.json", "a/main.json", (), ("a/nested/vnet.json",), "a/nested/vnet.json"),
    "made of the template's own": (BESIDE, "a/main.json", (), (BESIDE,), BESIDE),
    "in the working directory": ("nested/vnet.json", "main.json", (), ("nested/vnet.json",), "nested/vnet.json"),
    "not above": ("../secret.json", "a/main.json", (), ("secret.json",), ""),
    "not anywhere": ("/etc/vnet.json", "a/main.json", (), ("/etc/vnet.json",), ""),
    "not above a directory": ("https://h/../../vnet.json", "a/main.json", ("d",), ("vnet.json", "d/../vnet.json"), ""),
    "back slashes": ("nested\\vnet.json", "a/main.json", (), ("a/nested/vnet.json",), "a/nested/vnet.json"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_linked_template_is_found_by_its_last_segments(case: str) -> None:
    uri, path, directories, files, expected = CASES[case]
    found = finder(directories, lambda name: Source(name, {}) if name in files else None)(uri, path)
    assert (found.path if found else "") == expected
