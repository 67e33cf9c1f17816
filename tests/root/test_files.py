"""What root writes for others: with the caller's rights, through nobody else's symbolic links, whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
from pathlib import Path

import pytest

from netlab import files

EVE, BOB = 4711, 4712


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of Eve's that everybody can enter."""
    home = tmp_path_factory.mktemp("home")
    for parent in (home, *home.parents[:2]):
        parent.chmod(0o755)
    os.chown(home, EVE, EVE)
    return home


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that only root may read and write."""
    path = tmp_path / "secret"
    path.write_text("root's")
    path.chmod(0o600)
    return path


def link(path: Path, target: Path, owner: int = EVE) -> None:
    path.symlink_to(target)
    os.chown(path, owner, owner, follow_symlinks=False)


@pytest.mark.parametrize("sudo", [False, True])
def test_a_symbolic_link_in_place_of_a_file_is_refused(
    home: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, sudo: bool
) -> None:
    if sudo:
        calls(monkeypatch, EVE)
    link(home / "report.html", secret)
    with pytest.raises(OSError, match="symbolic link"):
        files.write(home / "report.html", b"x")
    with pytest.raises(OSError, match="symbolic link"):
        files.require_writable(home / "report.html")
    assert secret.read_text() == "root's"
    assert [entry.name for entry in home.iterdir()] == ["report.html"]


def test_root_follows_its_own_links_to_directories_and_nobody_elses(home: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    link(home / "hers", tmp_path / "etc")
    link(home / "roots", tmp_path / "etc", 0)
    with pytest.raises(PermissionError, match="hers on the way there is somebody else's symbolic link"):
        files.write(home / "hers" / "passwd", b"x")
    with pytest.raises(PermissionError):
        files.write_private(home / "hers" / "x.keys", [("esp_sa", b"key")])
    files.write(home / "roots" / "passwd", b"x")
    assert [entry.name for entry in (tmp_path / "etc").iterdir()] == ["passwd"]


def test_a_hard_link_to_somebody_elses_file_is_replaced_not_written_through(home: Path, secret: Path) -> None:
    os.link(secret, home / "report.html")
    files.write(home / "report.html", b"x")
    assert (secret.read_text(), (home / "report.html").read_text()) == ("root's", "x")


def test_a_caller_by_sudo_owns_the_file_and_writes_only_where_it_may(
    home: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls(monkeypatch, EVE)
    files.write(home / "report.html", b"x")
    files.write_private(home / "x.keys", [("esp_sa", b"key")])
    for path in (home / "report.html", home / "x.keys", home / "x.keys/esp_sa"):
        assert (path.stat().st_uid, path.stat().st_gid) == (EVE, EVE)
    assert [oct(path.stat().st_mode & 0o777) for path in (home / "x.keys", home / "x.keys/esp_sa")] == [
        "0o700",
        "0o600",
    ]
    with pytest.raises(PermissionError):
        files.write(secret.parent / "report.html", b"x")
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_anothers_directory_takes_no_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "x.keys").mkdir()
    os.chown(home / "x.keys", BOB, BOB)
    for sudo in (False, True):
        if sudo:
            calls(monkeypatch, EVE)
        with pytest.raises(PermissionError):
            files.write_private(home / "x.keys", [("esp_sa", b"key")])
    assert list((home / "x.keys").iterdir()) == []


def test_links_that_are_planted_while_root_writes_lead_nowhere(home: Path, secret: Path) -> None:
    (home / "real").mkdir()
    os.chown(home / "real", EVE, EVE)
    planting = multiprocessing.Process(target=plant, args=(home, secret))
    planting.start()
    try:
        written = sum(attempt(home) for _ in range(1000))
    finally:
        planting.terminate()
        planting.join()
    assert 0 < written < 3000
    assert secret.read_text() == "root's"
    assert oct(secret.stat().st_mode & 0o777) == "0o600"
    assert oct(secret.parent.stat().st_mode & 0o777) == "0o700"
    assert {entry.name for entry in secret.parent.iterdir()} == {"secret"}


def plant(home: Path, secret: Path) -> None:
    """As Eve, change a directory and a file in it into links to root's, and back, as fast as can be."""
    os.setgid(EVE)
    os.setuid(EVE)
    os.chdir(home)
    links = {"out": secret.parent, "secret": secret, "x.keys": secret.parent}
    for count in itertools.count():
        for name, target in links.items():
            with contextlib.suppress(OSError):
                os.rename(name, f"old-{count}-{name}")
            with contextlib.suppress(OSError):
                os.symlink(target if count % 2 else "real", name)
                os.unlink(name)


def attempt(home: Path) -> int:
    written = 0
    for write in (
        lambda: files.write(home / "secret", b"x"),
        lambda: files.write(home / "out" / "secret", b"x"),
        lambda: files.write_private(home / "x.keys", [("secret", b"x")]),
    ):
        try:
            write()
            written += 1
        except OSError:
            pass
    return written


def calls(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    monkeypatch.setenv("SUDO_UID", str(user))
    monkeypatch.setenv("SUDO_GID", str(user))


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711, 0o1755])
def test_a_link_to_a_program_leaves_no_setuid_file(home: Path, tmp_path: Path, mode: int) -> None:
    program = tmp_path / "program"
    program.write_text("x")
    program.chmod(mode)
    os.link(program, home / "report.html")
    files.write(home / "report.html", b"y")
    assert oct((home / "report.html").stat().st_mode & 0o7777) == oct(mode & 0o777)
    assert (program.read_text(), program.stat().st_mode & 0o7777) == ("x", mode)


def test_a_caller_by_sudo_reads_only_what_it_may(home: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "own").write_text("hers")
    link(home / "link", secret)
    assert files.read(secret, 100) == b"root's"
    calls(monkeypatch, EVE)
    assert files.read(home / "own", 100) == b"hers"
    for path in (secret, home / "link", Path("/etc/shadow"), Path("/proc/1/environ")):
        with pytest.raises(PermissionError):
            files.read(path, 100)
    assert os.geteuid() == 0


@pytest.mark.parametrize(
    "path", ["/proc/self/fd/1", "/dev/stdout", "/dev/null", "/dev/full", "/proc/self/mem", "/sys/x"]
)
def test_what_is_no_place_for_a_file_is_refused(path: str) -> None:
    for write in (files.write, lambda path, _: files.require_writable(path)):
        with pytest.raises(OSError):  # noqa: PT011 # of the kernel's own kinds
            write(Path(path), b"x")


@pytest.mark.parametrize("way", ["deep/../hers/x", "loop/x", "dangling/x", "hers/../x"])
def test_root_follows_no_way_that_another_has_laid(home: Path, tmp_path: Path, way: str) -> None:
    (tmp_path / "etc/below").mkdir(parents=True)
    (home / "deep").mkdir()
    link(home / "hers", tmp_path / "etc/below")
    link(home / "loop", home / "loop")
    link(home / "dangling", home / "nothing")
    with pytest.raises(PermissionError, match="somebody else's symbolic link"):
        files.write(home / way, b"x")
    assert [entry.name for entry in (tmp_path / "etc").iterdir()] == ["below"]
