"""The command line refuses what is no scenario, and what is no name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from labs import SCENARIOS, names, netlab

SMALL = "s2s-static"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nname: [*b, *b]\n"
NO_SCENARIOS = {
    "a path that leads nowhere": "../x",
    "a shell's separator": "a;b",
    "two lines": "a\nb",
    "300 characters": "x" * 300,
    "a null byte's place": "a\x7fb",
    "nothing": "",
    "a directory": "{folder}",
    "an empty file": "{folder}/empty.yaml",
    "a YAML bomb": "{folder}/bomb.yaml",
    "a key twice": "{folder}/twice.yaml",
    "a broken rule": "{folder}/rule.yaml",
    "no UTF-8": "{folder}/latin.yaml",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scenarios")
    text = SCENARIOS[SMALL].read_text()
    (made / "empty.yaml").write_text("")
    (made / "bomb.yaml").write_text(BOMB)
    (made / "twice.yaml").write_text(f"{text}name: again\n")
    (made / "rule.yaml").write_text(text.replace("10.1.255.0/27", "10.1.255.0/30"))
    (made / "latin.yaml").write_bytes(text.encode() + b"# \xe4\n")
    return made


# One function of each verb reads them: all of them by `up`, and one by each other verb.
@pytest.mark.parametrize(
    ("verb", "what"),
    [*(("up", what) for what in NO_SCENARIOS), *((verb, "a key twice") for verb in ("check", "plan", "test"))],
)
def test_refuses_what_is_no_scenario(verb: str, what: str, folder: Path) -> None:
    before = names()
    done = netlab(verb, NO_SCENARIOS[what].format(folder=folder), code=2)
    assert len(done.stdout + done.stderr) in range(20, 600)
    assert names() == before


def test_all_that_is_wrong_with_a_file_is_said_with_its_lines(folder: Path) -> None:
    done = netlab("check", folder / "twice.yaml", code=2)
    assert re.match(
        rf"{folder}/twice.yaml:\d+: error: the key `name` is written twice, first in line \d+\n", done.stdout
    )
    done = netlab("up", folder / "bomb.yaml", code=2)
    assert f"{folder}/bomb.yaml:1: error: anchors (&) and aliases (*) are refused" in done.stderr
    found = json.loads(netlab("check", folder / "rule.yaml", "-f", "json", code=2).stdout)
    line = (folder / "rule.yaml").read_text().partition("10.1.255.0/30")[0].count("\n") + 1
    assert ("error", "R3", line) in [(finding["severity"], finding["rule"], finding["line"]) for finding in found]


HOSTILE = ["../x", "a;b", "a\nb", "x" * 300, ".", "..", "a/b", "-a", "A", "1a", "a b", "$(id)", "a.b", "a\x7fb"]


UP = ("up", SMALL, "--name={}")
OTHERS = [
    ("plan", SMALL, "--name={}"),
    ("down", "--", "{}"),
    ("verify", "--", "{}"),
    ("status", "--", "{}"),
    ("nodes", "--", "{}"),
    ("routes", "vnet1", "--lab={}"),
    ("exec", "--lab={}", "vnet1", "--", "true"),
]


# Here, too: all of them by `up`, and two by each other verb.
@pytest.mark.parametrize(
    ("command", "name"),
    [*((UP, name) for name in HOSTILE), *((other, name) for other in OTHERS for name in ("../x", "$(id)"))],
    ids=lambda value: value[0] if isinstance(value, tuple) else repr(value[:8]),
)
def test_refuses_what_is_no_name(command: tuple[str, ...], name: str) -> None:
    before = names()
    done = netlab(*(part.replace("{}", name) for part in command), code=2)
    assert "cannot name a lab" in done.stderr
    assert len(done.stderr) < 400
    assert names() == before
