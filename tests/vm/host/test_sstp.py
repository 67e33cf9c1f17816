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


def test_a_client_gets_an_address_and_packets_pass(seen: Any) -> None:
    assert seen["alice"]["up"]
    assert seen["alice"]["passes"]
    (session,) = seen["alice"]["status"]["clients"]
    assert (session["user"], session["address"]) == ("alice", "192.168.0.1")
    assert "192.168.0.1" in seen["alice"]["address"]


@pytest.mark.parametrize(("name", "why"), [("carol", "REVOKED"), ("mallory", "UNTRUSTED")])
def test_a_wrong_certificate_is_refused(seen: Any, name: str, why: str) -> None:
    assert not seen[name]["up"]
    assert seen[name]["status"]["refused"][name] == why
