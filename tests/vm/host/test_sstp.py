"""Debian's sstp-client with pppd against netlab's gateway: it is SSTP, and no dialect of netlab's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def seen(results: Path) -> Any:
    code = (results / "sstp.code").read_text().strip()
    assert code == "0", f"scripts/vm/run ended with {code}: see {results}/sstp.log"
    return json.loads((results / "sstp" / "sstp.json").read_text())


@pytest.mark.parametrize(
    ("name", "address"), [("alice", "192.168.0.1"), ("dave", "192.168.1.1")], ids=["EAP-TLS", "EAP-MSCHAPv2"]
)
def test_a_client_gets_an_address_and_packets_pass(seen: Any, name: str, address: str) -> None:
    assert seen[name]["up"]
    assert seen[name]["passes"]
    (session,) = seen[name]["status"]["clients"]
    assert (session["user"], session["address"]) == (name, address)
    assert address in seen[name]["address"]


def test_through_a_proxy_that_connects_to_443(seen: Any) -> None:
    """P8: with CONNECT. Nothing of the guest's reaches the gateway another way."""
    assert "unreachable" in seen["past the proxy"]
    assert seen["pat"]["up"]
    assert seen["pat"]["passes"]
    (session,) = seen["pat"]["status"]["clients"]
    assert (session["user"], session["public"].partition(":")[0]) == ("pat", "198.51.100.2")
    assert session["address"] in seen["pat"]["address"]


def test_a_proxy_that_does_not_connect_to_443_lets_nobody_through(seen: Any) -> None:
    assert not seen["rob"]["up"]
    assert "rob" not in seen["rob"]["status"]["refused"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("carol", "REVOKED"), ("mallory", "UNTRUSTED"), ("quinn", "UNTRUSTED"), ("eve", "WRONG_PASSWORD")],
    ids=["revoked", "another root", "another root through a proxy", "wrong password"],
)
def test_who_has_no_right_to_come_in_is_refused(seen: Any, name: str, why: str) -> None:
    assert not seen[name]["up"]
    assert seen[name]["status"]["refused"][name] == why
