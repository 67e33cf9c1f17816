"""Pictures of a lab that is up: the scenario it was built from, and a page of what packets did."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import NETLAB, SCENARIOS, Done, Lab, ended_well, netlab, up

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
SMALL = "s2s-static"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of a scenario which expects one thing too much."""
    file = tmp_path_factory.mktemp("scenario") / "wrong.yaml"
    text, changes = re.subn(r"vm1: \{unreachable: the reply .*\}", "vm1: reachable", SCENARIOS[SMALL].read_text())
    assert changes == 1
    file.write_text(text)
    with up(file, "t-report") as found:
        yield found


def as_nobody(*command: str, code: int = 0) -> Done:
    argv = [*NOBODY, str(NETLAB), *command]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    ended_well(done, code)
    return done


def test_graph_draws_a_lab_for_root_only(lab: Lab) -> None:
    of_the_file = netlab("graph", SMALL, "-f", "dot").stdout
    assert netlab("graph", lab.name, "-f", "dot").stdout == of_the_file
    assert "netlab: root: a lab needs root" in as_nobody("graph", lab.name, code=3).stderr
    assert as_nobody("graph", SMALL, "-f", "dot").stdout == of_the_file


def test_report_measures_and_exits_as_verify_does(lab: Lab, tmp_path: Path) -> None:
    netlab("report", lab.name, "-o", tmp_path / "report.html", code=1)
    page = (tmp_path / "report.html").read_text()
    assert 'aria-label="site1-unlisted to vnet1-vm1: not as expected; FAIL"' in page
    assert "the scenario stands alone: expected reachable, predicted and observed unreachable" in page
    assert "None route: 10.102.0.10 matches the system route 10.0.0.0/8 to None" in page
    assert re.search(r"\d\.\d\d ms</td><td>encrypted</td>", page)


def test_a_saved_verification_becomes_a_page_without_root(lab: Lab) -> None:
    saved = netlab("verify", lab.name, "-f", "json", code=1).stdout
    found = json.loads(saved)
    assert (found["measured_at"][:2], found["definition"]["name"]) == ("20", SMALL)
    # Where everybody may read.
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(saved)
        file.flush()
        Path(file.name).chmod(0o644)
        page = as_nobody("report", "--from", file.name).stdout
    assert found["measured_at"] in page
    assert "site1-unlisted to vnet1-vm1: not as expected" in page


def test_a_file_that_cannot_be_written_is_noticed_before_the_measuring(lab: Lab, tmp_path: Path) -> None:
    done = netlab("report", lab.name, "-o", tmp_path / "nowhere/report.html", code=2)
    assert "cannot write" in done.stderr
    assert "as connected" not in done.stderr
