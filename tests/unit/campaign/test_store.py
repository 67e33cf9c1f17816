"""The file of results: it outlives its writer, and what is done is not tried again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from netlab.campaign.judging import unmeasured
from netlab.campaign.store import opened
from netlab.campaign.tasks import Task
from netlab.errors import UsageError

ONE = Task("one", "one.yaml", "name: one", "auto", None, sweep=False, megabytes=200)
TWO = replace(ONE, scenario="two", text="name: two", time_scale=30.0)
PASSED = replace(unmeasured(ONE, "", 2.5, "host1"), verdict="passed", passed=3, messages=())


def test_what_passed_is_done_and_what_is_an_error_is_tried_again(tmp_path: Path) -> None:
    with opened(tmp_path / "r.sqlite") as store:
        store.write(PASSED, "{}")
        store.write(unmeasured(TWO, "its worker died"), "")
        assert store.done() == {ONE.id}
        found = store.campaign("c", (TWO, ONE))
    assert [(lab.scenario, lab.verdict) for lab in found.labs] == [("two", "error"), ("one", "passed")]
    assert (found.untried, found.labs[1]) == (0, PASSED)


def test_a_later_verdict_is_in_place_of_an_earlier_one(tmp_path: Path) -> None:
    with opened(tmp_path / "r.sqlite") as store:
        store.write(unmeasured(ONE, "its worker died"), "")
        store.write(PASSED, "{}")
        assert store.campaign("c", (ONE, TWO)).labs == (PASSED,)
        assert store.campaign("c", (ONE, TWO)).untried == 1


def test_a_verdict_is_there_after_its_writer_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from netlab.campaign.judging import unmeasured; from netlab.campaign.store import opened\n"
        "from netlab.campaign.tasks import Task\n"
        "task = Task('one', 'one.yaml', 'name: one', 'auto', None, sweep=False, megabytes=200)\n"
        "with opened(Path(sys.argv[1])) as store:\n"
        "    store.write(unmeasured(task, 'dead'), ''); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    file = tmp_path / "r.sqlite"
    checkout = str(Path(__file__).parents[3])
    done = subprocess.run((sys.executable, "-c", code, str(file), checkout), env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with opened(file) as store:
        assert store.campaign("c", (ONE,)).labs == (unmeasured(ONE, "dead"),)


def test_two_campaigns_do_not_write_into_one_file(tmp_path: Path) -> None:
    file = tmp_path / "r.sqlite"
    with opened(file), pytest.raises(UsageError, match="another campaign writes into it"), opened(file):
        pass


def test_a_file_of_something_else_is_refused_and_not_touched(tmp_path: Path) -> None:
    text, other = tmp_path / "c.yaml", tmp_path / "other.sqlite"
    text.write_text("name: nightly\n" * 100)
    with sqlite3.connect(other) as connection:
        connection.execute("create table lab (id text)")
    connection.close()
    for file in (text, other):
        before = file.read_bytes()
        with pytest.raises(UsageError, match="is no file of results"), opened(file):
            pass
        assert file.read_bytes() == before


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot write"), opened(tmp_path / "r.sqlite"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    with opened(tmp_path / "r.sqlite") as store:
        store.write(PASSED, "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["r.sqlite"]
