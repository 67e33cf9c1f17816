"""The pytest plugin, in a pytest of its own: the example project, what is reported, names of labs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from netlab.cli.fault import VERBS
from netlab.scenario.models import is_lab_name
from netlab.testing.plugin import lab_name

CHECKOUT = Path(__file__).resolve().parents[3]
EXAMPLES = CHECKOUT / "examples"

BROKEN = """
def test_failing(netlab_lab):
    netlab_lab("net.yaml").reaches("batch", "desk")

def test_changed_in_the_same_network(netlab_lab):
    lab = netlab_lab("net.yaml")
    broken = lab.fault("gateway", vnet="Hub", instance=0)
    broken.__enter__()
    lab.reaches("desk", "app", via="Hub-gw-1")
    netlab_lab.left = broken  # alive until the test ends

def test_as_it_was_before(netlab_lab):
    netlab_lab("net.yaml").reaches("desk", "app", via="Hub-gw-0")

def test_catalogue(netlab_lab):
    netlab_lab("s2s-active-active").reaches("VNet1", "Site1")

def test_wrong_file(netlab_lab):
    netlab_lab("wrong.yaml")

def test_no_network():
    assert True
"""


def run(folder: Path, *options: str) -> tuple[int, str]:
    """pytest with this plugin and no other one that is installed."""
    command = [sys.executable, "-m", "pytest", "-p", "netlab.testing.plugin", "-p", "no:cacheprovider", *options, "."]
    paths = os.pathsep.join((str(CHECKOUT), os.environ.get("PYTHONPATH", "")))
    settings = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths, "COLUMNS": "120"}
    settings.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        command, cwd=folder, env=settings, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr


def test_the_examples_pass_and_say_that_no_packet_was_sent() -> None:
    code, said = run(EXAMPLES)
    assert code == 0, said
    assert "2 passed, 1 skipped" in said
    assert "netlab: 2 answered by the model, no packet was sent (--netlab=packets)" in said
    assert "an outage is measured by packets only" in run(EXAMPLES, "-rs", "-k", "instance")[1]


def test_what_fails_is_explained_and_costs_no_other_test(tmp_path: Path) -> None:
    (tmp_path / "test_net.py").write_text(BROKEN)
    (tmp_path / "net.yaml").write_text((EXAMPLES / "net.yaml").read_text())
    (tmp_path / "wrong.yaml").write_text("name: wrong\nvnets:\n  A: {address_spice: [10.0.0.0/8]}\n")
    code, said = run(tmp_path)
    assert code == 1
    assert "2 failed, 4 passed" in said, said
    assert "lonely-batch to branch-desk (icmp, udp, tcp): the test expects reachable" in said
    assert "None route: 10.101.0.10" in said
    # The findings of a file, with their lines; and the line of the test, not one of netlab.
    assert re.search(r"wrong\.yaml:3: error: .*unknown key; did you mean `address_space`", said)
    assert "test_net.py:3: AssertionError" in said


def test_the_page_shows_the_example_and_the_words_of_each_fault() -> None:
    page = (CHECKOUT / "docs/how-to/test-in-python.md").read_text()
    assert f"```python\n{(EXAMPLES / 'test_net.py').read_text()}```" in page
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", page, re.MULTILINE))
    words = {verb.name: {verb.key, *(part.key for part in verb.parts)} - {""} for verb in VERBS}
    assert {verb: set(re.findall("`([a-z]+)`", row)) for verb, row in rows.items()} == words


@pytest.mark.parametrize("scenario", ["a", "example", "p2s-multi-vnet-static-return", "a" * 40, "a" * 23 + "-b"])
def test_names_of_labs_are_names_and_differ_between_processes(scenario: str) -> None:
    names = {lab_name(scenario, process, number) for process in (1, 4194304) for number in (0, 999)}
    assert len(names) == 4
    assert all(is_lab_name(name) for name in names)
