"""The fixture that compares the host before and after a test sees what a lab could leave behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netlab.lab.build import records
from netlab.machine import namespaces, processes
from netlab.plan.names import lab_directory

BRIDGE = "nl-test-host"


@pytest.fixture
def bridge(host_unchanged: None) -> Iterator[str]:
    """A link on the host."""
    _run(f"ip link add {BRIDGE} type bridge")
    yield BRIDGE
    _run(f"ip link delete {BRIDGE}")


def _run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"


Changes = Callable[[], list[str]]


def test_nothing_changes_by_itself(host_changes: Changes) -> None:
    assert host_changes() == []


def test_a_link_is_seen_with_its_sysctls(host_changes: Changes, bridge: str) -> None:
    found = host_changes()
    assert any(line.startswith("new: link: ") and BRIDGE in line for line in found)
    assert f"new: sysctl net/ipv4/conf/{BRIDGE}/rp_filter 0" in found


@pytest.mark.parametrize(
    ("make", "unmake", "seen"),
    [
        ("ip address add 192.0.2.7/32 dev lo", "ip address delete 192.0.2.7/32 dev lo", "192.0.2.7"),
        ("ip route add unreachable 192.0.2.8 table 4242", "ip route delete 192.0.2.8 table 4242", "192.0.2.8"),
        ("ip rule add to 192.0.2.9 table 4242", "ip rule delete to 192.0.2.9 table 4242", "192.0.2.9"),
        ("nft add table ip nl-test", "nft delete table ip nl-test", "nl-test"),
    ],
)
def test_what_is_configured_on_the_host_is_seen(
    host_changes: Changes, host_unchanged: None, make: str, unmake: str, seen: str
) -> None:
    _run(make)
    found = host_changes()
    _run(unmake)
    assert any(line.startswith("new: ") and seen in line for line in found), found


def test_a_sysctl_that_has_another_value_is_seen(host_changes: Changes, host_unchanged: None) -> None:
    key = Path("/proc/sys/net/ipv4/conf/lo/arp_notify")
    before = key.read_text()
    other = str(1 - int(before))
    key.write_text(other)
    found = host_changes()
    key.write_text(before)
    assert found == [f"changed: sysctl net/ipv4/conf/lo/arp_notify {before.strip()} to {other}"]


def test_a_namespace_is_seen_and_its_mount(host_changes: Changes, lab: str, host_unchanged: None) -> None:
    name = f"nl.{lab}.host"
    namespaces.create([name])
    found = host_changes()
    namespaces.remove([name])
    assert f"new: file /run/netns/{name} " in found
    assert any(line.startswith("new: mount of nsfs") and name in line for line in found)


def test_a_process_of_a_lab_and_its_files_are_seen(host_changes: Changes, lab: str, host_unchanged: None) -> None:
    with records.claimed(lab):
        pass
    started = processes.start(["sleep", "1000"], lab_directory(lab))
    found = host_changes()
    assert processes.stop([started]) == []
    records.remove(lab)
    assert f"new: process {started.pid} sleep" in found
    assert f"new: file {lab_directory(lab)}/sleep.out " in found
