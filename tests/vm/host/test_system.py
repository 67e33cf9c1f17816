"""A user's Debian after scripts/bootstrap and one scenario: systemd, AppArmor, sudo, services, sysctls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SERVICES = ("freeradius.service", "frr.service", "bird.service", "openvpn.service", "strongswan.service")


@pytest.fixture(scope="module")
def seen(results: Path) -> Path:
    code = (results / "system.code").read_text().strip()
    assert code == "0", f"scripts/vm/run ended with {code}: see {results}/system.log"
    return results / "system"


def said(seen: Path, name: str) -> str:
    """What a command printed that ended well."""
    assert (seen / f"{name}.code").read_text() == "0\n", (seen / f"{name}.err").read_text()
    return (seen / f"{name}.out").read_text()


def test_bootstrap_sets_a_fresh_debian_up(seen: Path) -> None:
    said(seen, "bootstrap")
    lines = (seen / "bootstrap.err").read_text().splitlines()
    assert "bootstrap: installing charon-systemd openvpn freeradius frr bird2" in lines
    assert "bootstrap: /usr/local/bin/netlab -> /opt/netlab/.venv/bin/netlab" in lines
    assert lines[-1] == "bootstrap: ready: /usr/local/bin/netlab"


def test_bootstrap_has_nothing_to_do_the_second_time(seen: Path) -> None:
    said(seen, "bootstrap-again")
    assert (seen / "bootstrap-again.err").read_text() == "bootstrap: ready: /usr/local/bin/netlab\n"
    # Natively 0.1 s; processes start 30 times slower here.
    assert int((seen / "bootstrap-again.ms").read_text()) < 20_000


def test_bootstrap_leaves_no_new_unit_running_or_enabled(seen: Path) -> None:
    assert said(seen, "units-after") == said(seen, "units-before")
    assert (seen / "enabled.out").read_text().split() == ["disabled"] * 5, SERVICES
    assert (seen / "active.out").read_text().split() == ["inactive"] * 5, SERVICES


def test_services_may_start_again_after_bootstrap(seen: Path) -> None:
    assert (seen / "policy.code").read_text() != "0\n", "there is still a /usr/sbin/policy-rc.d"


def test_sudo_finds_netlab(seen: Path) -> None:
    assert "/usr/local/bin" in said(seen, "secure-path").strip().split(":")
    assert said(seen, "version").startswith("netlab ")


def test_doctor_finds_nothing_missing(seen: Path) -> None:
    found = {item["name"]: item["status"] for item in json.loads(said(seen, "doctor"))}
    assert "missing" not in found.values(), found
    assert found["ESP in the kernel"] == found["XFRM interfaces"] == "ok"


def test_the_scenario_passes_on_the_kernel_plane(seen: Path) -> None:
    # sudo in a terminal of its own (use_pty) has one stream for both: progress comes before the report.
    printed = said(seen, "scenario")
    (report,) = json.loads(printed[printed.index("[") :])
    assert report["data_plane"] == "kernel"
    assert report["summary"]["failed"] == report["summary"]["errors"] == 0
    assert report["summary"]["passed"] > 0


def test_apparmor_is_on_and_denied_nothing(seen: Path) -> None:
    profiles = json.loads(said(seen, "apparmor"))["profiles"]
    assert profiles["/usr/sbin/charon-systemd"] == "complain"
    assert profiles["tcpdump"] == "enforce"
    denied = [line for line in said(seen, "denials").splitlines() if 'apparmor="DENIED"' in line]
    assert denied == []


def test_the_scenario_leaves_the_host_as_it_was(seen: Path) -> None:
    before, after = (said(seen, name).splitlines() for name in ("host-before", "host-after"))
    assert [line for line in before if line not in after] == []
    assert [line for line in after if line not in before] == []
    assert said(seen, "units-end") == said(seen, "units-after")


def test_root_leaves_nothing_in_the_users_checkout(seen: Path) -> None:
    assert said(seen, "foreign") == ""
