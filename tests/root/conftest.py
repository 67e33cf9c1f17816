"""Every test here runs on the real kernel and leaves it as it was."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _as_before(host_unchanged: None) -> None:
    """Compare the host before and after each test."""


@pytest.fixture
def lab() -> str:
    """The name of a lab that no other run of these tests has."""
    return f"test-{os.getpid()}"
