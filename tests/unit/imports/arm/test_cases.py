"""Real templates of the set that NETLAB_IMPORT_CASES names: what they deploy, by type and name."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from netlab.imports.arm.evaluate import Context, Evaluation, Source, evaluate
from netlab.imports.arm.linked import finder

SET = Path(os.environ.get("NETLAB_IMPORT_CASES", "none"))
INDEX = json.loads((SET / "index.json").read_text())["cases"] if (SET / "index.json").is_file() else []
COMMANDS = [
    pytest.param(case, command.split()[2:], id=f"{case['id']} {' '.join(command.split()[2:])}")
    for case in INDEX
    if case["format"].startswith("arm") and case["counts"]
    for command in case["expected"]["commands"]
]
SLOWEST = 2.0


def read(path: Path) -> Source | None:
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8-sig")
    return Source(str(path), json.loads(text), {}, text)


def imported(case: dict[str, Any], words: list[str]) -> Evaluation:
    directory = SET / case["id"]
    options = [*pairwise(words)]
    given = [value for option, value in options if option == "--parameters"]
    files = [json.loads((directory / name).read_text())["parameters"] for name in given if "=" not in name]
    linked = [str(directory / value) for option, value in options if option == "--linked"]
    main = read(directory / words[0])
    assert main is not None
    source = Source(
        main.path, main.template, {name: value for file in files for name, value in file.items()}, main.text
    )
    line = dict(value.split("=", 1) for value in given if "=" in value)
    return evaluate([source], Context(parameters=line, linked=finder(linked, lambda path: read(Path(path)))))


@pytest.mark.skipif(not COMMANDS, reason="NETLAB_IMPORT_CASES names no set of cases")
@pytest.mark.parametrize(("case", "words"), COMMANDS)
def test_a_real_template_deploys_what_its_review_says(case: dict[str, Any], words: list[str]) -> None:
    start = time.process_time()
    made = imported(case, words)
    took = time.process_time() - start
    distinct = {(one.body["type"].lower(), str(one.body["id"]).lower()) for one in made.bodies}
    assert Counter(kind for kind, _ in distinct) == {kind.lower(): count for kind, count in case["counts"].items()}
    assert not made.errors
    assert not made.open
    assert [f"{kind} {name}" for kind, name in made.off] == case["expected"].get("conditions_false", [])
    assert "NEUTRAL-SECRET" not in repr([one for one in made.bodies if one.body["type"].endswith("deployments")])
    assert took < SLOWEST


@pytest.mark.skipif(not COMMANDS, reason="NETLAB_IMPORT_CASES names no set of cases")
@pytest.mark.parametrize(
    "case", [case for case in INDEX if "main.symbolicnames.json" in case["files"]], ids=lambda c: c["id"]
)
def test_two_encodings_of_one_bicep_file_deploy_the_same(case: dict[str, Any]) -> None:
    classic, symbolic = ([one.body for one in imported(case, [name]).bodies] for name in case["files"])
    assert sorted(map(repr, classic)) == sorted(map(repr, symbolic))
