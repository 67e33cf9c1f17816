"""What scripts/bootstrap refuses before it changes anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# With these alone it could install nothing, should it refuse nothing.
PROGRAMS = ("dirname", "readlink", "flock", "grep")


def test_an_environment_that_is_another_checkouts_is_refused(tmp_path: Path) -> None:
    """As of a git worktree whose .venv is a link: pip would point the other checkout's netlab at these files."""
    checkout, other, programs = (tmp_path / name for name in ("checkout", "other", "programs"))
    (checkout / "scripts").mkdir(parents=True)
    (other / "bin").mkdir(parents=True)
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(str(shutil.which(name)))
    shutil.copy(CHECKOUT / "scripts/bootstrap", checkout / "scripts")
    (checkout / ".venv").symlink_to(other)
    done = subprocess.run(
        ["/bin/bash", checkout / "scripts/bootstrap"],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f".venv is a symbolic link to {other}. Nothing was changed. Remove it" in done.stderr
    assert [path.name for path in other.iterdir()] == ["bin"]
    assert (checkout / ".venv").is_symlink()
