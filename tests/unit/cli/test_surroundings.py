"""Whatever surrounds the command, it says what is wrong in a sentence: paths, locales, outputs, deadlines."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netlab import files
from netlab.cli.exits import shortage

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


def test_the_command_line_starts_without_models() -> None:
    """Pydantic's alone take as long as everything else: only the verbs that need them import them."""
    program = "import sys, netlab.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = ("pydantic", "jinja2", "yaml", "netlab.scenario", "netlab.results", "netlab.azure", "netlab.machine")
    assert [name for name in done.stdout.split() if name.startswith(heavy)] == []


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


def test_nothing_that_is_named_commands_the_terminal(tmp_path: Path) -> None:
    names = ("a\x1b[31mb.yaml", "b\x9b31m.yaml", "c\x07.yaml", os.fsdecode(b"d\xff.yaml"), "e\u202e.yaml")
    for name in names:
        file = tmp_path / name
        file.write_text("name: x\nfoo: 1\n")
        for arguments in (("check", str(file)), ("predict", str(file)), ("report", "--from", str(file)), (name,)):
            done = run(*arguments, shell='"$@" 2>&1')
            assert done.returncode == 2, done.stdout
            assert done.stdout.replace("\n", "").isprintable(), done.stdout


@pytest.mark.parametrize("uid", ["", "²", "-1", "0x0", "4294967295", "99999999999", "1; id", "root"])
def test_a_sudoer_that_is_no_user_is_nobody(uid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", uid)
    monkeypatch.setenv("SUDO_GID", "4711")
    assert files.sudoer() is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("can't start new thread"), "no further thread"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "Resource temporarily unavailable"),
        (OSError(errno.ENOSPC, "No space left on device", "/run/netlab/x"), "No space left on device: /run/netlab/x"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (MemoryError(), "Cannot allocate memory"),
    ],
)
def test_what_the_host_lacks_is_said(error: Exception, words: str) -> None:
    found = shortage(error)
    assert found is not None
    assert (found.exit_code, words in found.message, bool(found.hint)) == (3, True, True)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyError("x"), OSError(errno.ECONNREFUSED, "refused")])
def test_what_is_no_shortage_is_none(error: Exception) -> None:
    assert shortage(error) is None
