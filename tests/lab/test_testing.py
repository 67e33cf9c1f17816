"""The example project by packets: labs of the pytest plugin, several processes beside each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from labs import CHECKOUT, names

TWICE = """
def test_one(netlab_lab):
    lab = netlab_lab("net.yaml")
    with lab.fault("gateway", vnet="Hub", instance=0) as outage:
        lab.reaches("desk", "app", via=["Branch", "Hub-gw-1"])
        assert 0 <= outage.azure_seconds < 180 and outage.flow.sent > 0
    lab.drops("batch", "desk", at="Lonely")

def test_two(netlab_lab):
    netlab_lab("net.yaml").drops("desk", "app")
"""


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "netlab.testing.plugin", "-p", "no:cacheprovider", *options]
    paths = os.pathsep.join((str(CHECKOUT), os.environ.get("PYTHONPATH", "")))
    settings = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths}
    done = subprocess.run(
        [*command, "."], cwd=folder, env=settings, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr


def test_two_workers_build_labs_of_their_own_and_leave_nothing(tmp_path: Path) -> None:
    """What packets say otherwise than a test fails with the way that they took."""
    (tmp_path / "test_net.py").write_text(TWICE)
    (tmp_path / "net.yaml").write_text((CHECKOUT / "examples/net.yaml").read_text())
    code, said = run(tmp_path, "--netlab=packets", "-p", "xdist", "-n", "2", "--maxschedchunk", "1")
    assert code == 1, said
    assert "1 failed, 1 passed" in said, said
    assert "by packets, as built:" in said
    assert "branch-desk to hub-app (icmp): the test stands alone: expected unreachable, predicted and" in said
    assert "netlab: 2 answered by packets" in said
    assert not {name for name in names() if name.startswith("example-")}
