"""The profile package of a client: whose profiles are in it, and whether the software connects with it (P28)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from netlab.errors import ConvergeError
from netlab.machine import clients
from netlab.machine.p2s import windows
from netlab.plan import names
from netlab.plan.model import Client, Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load


@cache
def lab() -> Plan:
    return plan(load("p2s-certificates").scenario, "lab")


def client(**changes: object) -> Client:
    return replace(next(each for each in lab().clients if each.os == "windows"), **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "RUN_ROOT", str(tmp_path))


def download(held: Client) -> None:
    directory = Path(names.package_directory("lab", held.name))
    for name, text in clients.package(lab(), held, ["10.1.0.0/16"]).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def test_a_plan_says_what_the_package_of_a_client_has() -> None:
    assert (client().package_types, client().authentication) == (("IkeV2",), "Certificate")
    assert clients.package(lab(), client(), []).keys() == {"Generic/VpnSettings.xml"}


@pytest.mark.parametrize("types", [("IkeV2",), ("IkeV2", "SSTP"), ("SSTP", "IkeV2")])
def test_a_client_connects_with_the_profile_that_its_gateway_has_now(types: tuple[str, ...]) -> None:
    download(client(package_types=types))
    windows.check_profile(lab(), client(package_types=types))
    # The gateway has lost another type, or has got one.
    windows.check_profile(lab(), client(package_types=("IkeV2",)))


@pytest.mark.parametrize(
    "now",
    [
        {"authentication": "Radius"},
        {"authentication": ""},
        {"server": "203.0.113.200"},
        {"tunnel_type": "SSTP", "package_types": ("IkeV2", "SSTP")},
    ],
    ids=lambda now: " ".join(now),
)
def test_a_client_does_not_connect_with_a_profile_from_before_a_change(now: dict[str, object]) -> None:
    download(client())
    with pytest.raises(ConvergeError, match="from before a change"):
        windows.check_profile(lab(), client(**now))
    download(client(**now))
    windows.check_profile(lab(), client(**now))


def test_routes_of_a_profile_are_no_matter_for_connecting() -> None:
    download(client())
    path = Path(names.package_directory("lab", client().name), windows.PROFILE)
    path.write_text(path.read_text().replace("10.1.0.0/16", "10.1.0.0/16,10.9.0.0/16"))
    windows.check_profile(lab(), client())


def test_without_a_profile_nothing_connects() -> None:
    with pytest.raises(ConvergeError):
        windows.check_profile(lab(), client())
