"""The net: what is decided, configured and said of every scenario, whole, and compared with golden files.

``decisions/`` holds per scenario verdicts, paths, drops, connections, AS paths and effective routes: a refactoring
keeps them byte for byte. ``configuration/`` holds per scenario and data plane the plan, FRR's, strongSwan's and
nftables' files and the vici messages: the same. ``sentences/`` holds reasons and explanations: these may be reworded.
Only ``surface.py`` uses netlab's own types.

After a change that is meant, write all files anew, look at the difference in git, and name it in the commit::

    make golden
"""

from __future__ import annotations

import difflib
import os
import sys
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
import surface
import texts

HERE = Path(__file__).parent
TESTS = HERE.parent
SCENARIOS = {
    path.stem: path
    for folder in (TESTS.parent / "scenarios", TESTS / "lab" / "disagreements")
    for path in sorted(folder.glob("*.yaml"))
}
SHOWN = 60
UPDATE = bool(os.environ.get("NETLAB_UPDATE_GOLDEN"))

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS)


@cache
def predicted(scenario: str) -> tuple[str, str]:
    """The decisions and the sentences of a scenario."""
    steps = tuple(surface.steps(SCENARIOS[scenario]))
    return texts.decisions(steps), texts.sentences(steps)


def check(kind: str, name: str, actual: str) -> None:
    """Compare a text with its golden file, or write that anew."""
    path = HERE / kind / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(actual)
    expected = path.read_text() if path.exists() else ""
    if expected == actual:
        return
    where = str(path.relative_to(TESTS.parent))
    patch = difflib.unified_diff(expected.splitlines(), actual.splitlines(), where, "now", n=1, lineterm="")
    shown = "\n".join(islice(patch, SHOWN))
    pytest.fail(f"not as in {where}; if it is meant: make golden\n{shown}", pytrace=False)


@every_scenario
def test_decisions_are_as_they_were(scenario: str) -> None:
    check("decisions", scenario, predicted(scenario)[0])


@every_scenario
def test_sentences_are_as_they_were(scenario: str) -> None:
    check("sentences", scenario, predicted(scenario)[1])


@pytest.mark.parametrize("plane", surface.PLANES)
@every_scenario
def test_the_configuration_is_as_it_was(scenario: str, plane: surface.Plane) -> None:
    found = surface.configuration(SCENARIOS[scenario], plane)
    # A daemon may be told where this checkout and its Python are.
    text = texts.configuration(found).replace(sys.executable, "PYTHON").replace(str(TESTS.parent), "CHECKOUT")
    check("configuration", f"{scenario}.{plane}", text)


def test_there_is_no_golden_file_without_a_scenario() -> None:
    strays = [path for path in HERE.glob("*/*.txt") if path.name.partition(".")[0] not in SCENARIOS]
    for path in strays if UPDATE else ():
        path.unlink()
    assert UPDATE or not strays
