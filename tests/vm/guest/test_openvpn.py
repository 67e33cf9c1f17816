"""Debian's `openvpn` with the profile exactly as written, against the gateway on a stock kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import labs
import ovpn
import pytest


@pytest.fixture(scope="module")
def lab() -> Iterator[labs.Lab]:
    with labs.up("p2s-openvpn", "t-ovpn", "--data-plane", "kernel", "--time-scale", "10") as made:
        yield made


def test_the_profile_connects_and_gets_address_and_routes(lab: labs.Lab, tmp_path: Path) -> None:
    with ovpn.started(lab, "lin", "lin", tmp_path) as log:
        assert ovpn.says(log, "Initialization Sequence Completed")
        assert "192.168.0." in lab.ip("lin", "addr show dev tun0")
        assert {"10.1.0.0/16", "10.101.0.0/16"} <= {line.split()[0] for line in lab.ip("lin", "route").splitlines()}
        lab.run("lin", "ping", "-c", "1", "-W", "5", "10.1.0.4")


@pytest.mark.parametrize("stranger", ["carol", "mallory"], ids=["revoked", "another root"])
def test_a_certificate_that_the_gateway_refuses_gets_nowhere(lab: labs.Lab, stranger: str, tmp_path: Path) -> None:
    with ovpn.started(lab, "lin", stranger, tmp_path) as log:
        assert ovpn.says(log, "Connection reset, restarting")
        assert "Initialization Sequence Completed" not in log.read_text()
