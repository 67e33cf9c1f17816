"""Every test here runs on the real kernel and leaves it as it was."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nets import Net, line, network

from netlab.lab.build import records
from netlab.machine import daemons, namespaces
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load


@pytest.fixture(autouse=True)
def _as_before(host_unchanged: None) -> None:
    """Compare the host before and after each test."""


@pytest.fixture
def lab() -> str:
    """The name of a lab that no other run of these tests has."""
    return f"test-{os.getpid()}"


@pytest.fixture
def prefix(lab: str, host_unchanged: None) -> Iterator[str]:
    """The beginning of the names of a test's namespaces; whatever has it is removed."""
    found = f"nl.{lab}."
    yield found
    namespaces.remove(namespaces.existing(found))


@pytest.fixture
def netns(prefix: str) -> str:
    """A namespace."""
    name = f"{prefix}one"
    namespaces.create([name])
    return name


@pytest.fixture
def planned(lab: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """Namespaces and the run directory of a small lab; nothing waits long for what will not come."""
    with _prepared("s2s-static", lab, monkeypatch) as found:
        yield found


@pytest.fixture
def planned_with_bgp(lab: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """The same, of a lab with BGP."""
    with _prepared("p2s-branch-bgp", lab, monkeypatch) as found:
        yield found


@contextlib.contextmanager
def _prepared(scenario: str, lab: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    monkeypatch.setattr(daemons, "_READY_SECONDS", 1)
    found = plan(load(scenario).scenario, lab)
    namespaces.create(node.netns for node in found.nodes)
    with records.claimed(lab):
        pass
    yield found
    daemons.stop_all(lab)
    records.remove(lab)


@pytest.fixture
def net() -> Iterator[Net]:
    """Namespaces that a test joins."""
    with network() as built:
        yield built
    names = (entry.name for entry in Path("/run/netns").glob("*"))
    assert [name for name in names if name.startswith(f"nlt-{os.getpid()}")] == []


@pytest.fixture
def arb(net: Net) -> Net:
    """A, a router, and b."""
    return line(net)
