"""Whatever surrounds the command, it says what is wrong in a sentence: paths, locales, outputs, deadlines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-c", "from netlab.cli import main; main()")


def run(*arguments: str, shell: str = '"$@"', **environment: str) -> subprocess.CompletedProcess[str]:
    """Run netlab by a shell, which may redirect."""
    words = ["sh", "-c", shell, "sh", *COMMAND, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_closed_output_is_no_error() -> None:
    for redirect in ('"$@" >&-', '"$@" 2>&-', '"$@" >&- 2>&-', '"$@" <&-'):
        assert run("predict", "s2s-static", shell=redirect).returncode == 0


def test_a_full_disk_is_named() -> None:
    for arguments in (("list",), ("predict", "s2s-static", "-f", "json"), ("predict", "s2s-static")):
        done = run(*arguments, shell='"$@" >/dev/full')
        assert (done.returncode, "cannot write to standard output: No space left on device" in done.stderr) == (4, True)


def test_an_ascii_locale_prints_every_scenario() -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for name in ("p2s-branch-bgp", "hub-spoke-firewall"):
        for verb in ("check", "predict", "plan"):
            assert run(verb, name, **ascii_only).returncode == 0


@pytest.mark.parametrize("patience", ["inf", "nan", "1e9", "-inf", "soon", ""])
def test_a_patience_that_is_no_sensible_number_is_refused(patience: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from netlab.errors import UsageError
    from netlab.machine.waiting import stretched

    monkeypatch.setenv("NETLAB_PATIENCE", patience)
    if patience == "-inf":
        assert stretched(2) == 2
        return
    with pytest.raises(UsageError, match="NETLAB_PATIENCE is"):
        stretched(2)


def test_files_that_are_no_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    for path, why in (
        (tmp_path / "fifo", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (deep, "too deep"),
    ):
        done = run("report", "--from", str(path))
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr
    for path in (tmp_path / "fifo", "/dev/zero"):
        for verb in ("check", "predict", "plan"):
            done = run(verb, str(path))
            assert (done.returncode, "not a regular file" in done.stderr) == (2, True), done.stderr
