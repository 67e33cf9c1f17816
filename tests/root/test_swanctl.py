"""A device's swanctl.conf means what a lab's vici messages mean: a charon holds the same of one or the other."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from netlab.machine import charon, processes
from netlab.machine.waiting import wait_until
from netlab.plan.model import Charon, Plan
from netlab.plan.planner import plan
from netlab.render import text, vici
from netlab.render.swanctl import swanctl_conf
from netlab.scenario.loader import load

# Routes by BGP, several selectors with IKEv1, a policy of one's own, and two connections of one device.
SITES = (
    ("s2s-bird", "site1"),
    ("s2s-policy-based", "site1"),
    ("s2s-custom-ipsec-policy", "site1"),
    ("s2s-ikev1", "site3"),
)
KEY = 'with "marks", \\ and #'


@pytest.fixture(params=SITES, ids=lambda pair: pair[0])
def device(request: pytest.FixtureRequest, netns: str, tmp_path: Path) -> Iterator[tuple[Plan, Charon]]:
    """The charon of a site, which runs and holds nothing."""
    name, node = request.param
    planned = plan(load(name).scenario, "device", "kernel", 1)
    found = next(item for item in planned.charons if item.node == f"{node}-edge")
    found = replace(found, directory=str(tmp_path))
    started = charon.start(netns, found.directory, text.strongswan_conf(found, planned.timers, "kernel"))
    wait_until(lambda: charon.ready(found.directory), 30, lambda: "charon does not answer")
    yield planned, found
    assert processes.stop([started]) == []


def test_swanctl_loads_what_a_lab_loads(device: tuple[Plan, Charon]) -> None:
    planned, found = device
    keys = {secret.name: KEY for secret in found.secrets}
    assert charon.loaded(found.directory) == {}
    file = Path(found.directory, "swanctl.conf")
    # Of the messages nothing starts by itself; with `start` charon would try to reach its peer here.
    conf = swanctl_conf(found, planned.timers, keys)
    file.write_text(re.sub("start_action = (start|trap)", "start_action = none", conf))
    _swanctl(found, "--load-all", "--noprompt", "--file", str(file))
    by_text = charon.loaded(found.directory)
    assert set(by_text) == {connection.name for connection in found.connections}
    for name in by_text:
        _unload(found, name)
    charon.load(found.directory, charon.Orders([vici.connection(c, planned.timers) for c in found.connections]))
    assert charon.loaded(found.directory) == by_text


def _swanctl(found: Charon, *arguments: str) -> None:
    command = ["swanctl", *arguments, "--uri", f"unix://{found.directory}/charon.vici"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _unload(found: Charon, name: str) -> None:
    import vici as protocol

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{found.directory}/charon.vici")
        protocol.Session(connection).unload_conn({"name": name})
