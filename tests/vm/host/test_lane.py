"""The lane itself: a VM that hangs, panics, goes off or brings a bad exit code is never taken for a good one."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[3] / "scripts/vm/run"
HANGS = "kill -STOP $PPID"
# What each command does to its VM: exit code, the last line on standard error.
VMS = {
    # `timeout`, the parent of the command, stops: it never ends, and init waits for it.
    HANGS: (125, "scripts/vm/run: the VM hung: it said nothing for 20 s"),
    "echo c >/proc/sysrq-trigger": (125, "its kernel panicked"),
    "echo o >/proc/sysrq-trigger; sleep 60": (125, "it went off before its command ended"),
    "sleep 60": (124, ""),
    "exit 7": (7, ""),
}


@pytest.fixture(scope="module")
def ended(results: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """Every command in a VM of its own, two at a time."""

    def run(command: str) -> subprocess.CompletedProcess[str]:
        # A slow machine takes long to boot the others; this one needs not even have begun.
        silence = "20" if command == HANGS else "60"
        limits = ["--cpus", "1", "--limit", "1", "--silence", silence]
        return subprocess.run([RUN, *limits, command], capture_output=True, text=True, check=False, timeout=400)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(VMS, pool.map(run, VMS), strict=True))


@pytest.mark.parametrize("command", VMS)
def test_what_becomes_of_a_vm(ended: dict[str, subprocess.CompletedProcess[str]], command: str) -> None:
    code, words = VMS[command]
    done = ended[command]
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_without_qemu_it_says_how_to_get_it(tmp_path: Path) -> None:
    for program in Path("/usr/bin").iterdir():
        if not program.name.startswith("qemu-system"):
            (tmp_path / program.name).symlink_to(program)
    done = subprocess.run(
        [RUN.with_name("test")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == ("scripts/vm/test: there is no qemu-system-x86_64. Next: scripts/bootstrap --dev --vm\n")
