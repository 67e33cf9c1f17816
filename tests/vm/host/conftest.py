"""These tests judge what the VMs brought: NETLAB_VM_RESULTS names the directory which scripts/vm/test fills."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def results() -> Path:
    """A directory for each run (`native`, and each VM by its name); a VM's exit code is in a file beside it."""
    if "NETLAB_VM_RESULTS" not in os.environ:
        pytest.skip("the VMs bring what this judges: make vm-test")
    return Path(os.environ["NETLAB_VM_RESULTS"])
