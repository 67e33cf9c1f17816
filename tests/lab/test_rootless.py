"""A lab in a user namespace of a user who is not root: platform.md, section 14."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from labs import CHECKOUT

USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
SPACES = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc")
SCRIPT = """
set -e; python=$0
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/tmp
ip link set lo up
netlab() { "$python" -c "from netlab.cli import main; main()" "$@"; }
netlab up "$1" >&2
netlab verify "$1" -f json
netlab down "$1" >&2
test -z "$(find /run /var/tmp -mindepth 1 -not -path "/run/mount*")"
"""


@pytest.mark.parametrize("scenario", ["s2s-static", "p2s-branch-bgp"])
def test_a_user_builds_verifies_and_removes_a_lab(scenario: str) -> None:
    if subprocess.run([*USER, *SPACES, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this host lets no user have a user namespace")
    if subprocess.run([*USER, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("another user cannot read this checkout")
    command = [*USER, *SPACES, "bash", "-c", SCRIPT, sys.executable, scenario]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"failed": 0' in done.stdout
