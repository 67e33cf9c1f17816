"""What only some labs need is asked for by their plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from plans import planned

from netlab.errors import HostError
from netlab.machine import bird, host, pluto
from netlab.plan.model import DataPlane, Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load, parse


@pytest.mark.parametrize("name", ["p2s-branch-bgp", "s2s-static", "s2s-bgp-transit"])
def test_a_lab_without_bird_does_not_need_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    host.require_for(planned(name))


def test_a_lab_with_bird_names_the_package_that_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    with pytest.raises(HostError, match=r"package bird2: there is no .*/bird") as raised:
        host.require_for(planned("s2s-bird"))
    assert raised.value.hint == "run scripts/bootstrap"
    Path(bird.PROGRAM).touch()
    host.require_for(planned("s2s-bird"))


def with_libreswan(plane: DataPlane) -> Plan:
    policy = "ipsec_policy: {ike_encryption: AES256, ike_integrity: SHA256, dh_group: ECP256, "
    policy += "ipsec_encryption: AES256, ipsec_integrity: SHA256, pfs_group: None}"
    text = load("s2s-bird").text.replace("bgp: bird}", "bgp: frr, ipsec: libreswan}")
    return plan(
        parse(text.replace("enable_bgp: true", f"enable_bgp: true, {policy}"), "swan.yaml").scenario, "l", plane
    )


def test_libreswan_needs_the_esp_of_the_kernel() -> None:
    with pytest.raises(HostError, match=r"site1-edge.* runs Libreswan, whose ESP is the kernel's") as raised:
        host.require_for(with_libreswan("userspace"))
    assert "let the site run strongSwan" in raised.value.hint


def test_a_lab_with_libreswan_names_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pluto, "PROGRAMS", (str(tmp_path / "pluto"),))
    with pytest.raises(HostError, match=r"package libreswan: there is no .*/pluto"):
        host.require_for(with_libreswan("kernel"))
    (tmp_path / "pluto").touch()
    host.require_for(with_libreswan("kernel"))


def test_where_there_is_no_bootstrap_the_debian_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a wheel-only install."""
    monkeypatch.setattr(host, "_BOOTSTRAP", tmp_path / "scripts/bootstrap")
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    with pytest.raises(HostError) as raised:
        host.require_for(planned("s2s-bird"))
    assert raised.value.hint == "apt install bird2"
    mends = {finding.mend for finding in host.examine() if finding.name.startswith("package ")}
    assert {"apt install frr", "apt install charon-systemd", "apt install graphviz"} <= mends


def test_the_doctor_names_bird_and_does_not_call_it_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    (found,) = (finding for finding in host.examine() if finding.name == "package bird2")
    assert (found.present, found.needed) == (False, False)
