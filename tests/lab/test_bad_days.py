"""Labs that are dead, damaged or half gone: what is said of them, and that they can be removed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from labs import Lab, names, netlab

SMALL = "s2s-static"


@pytest.fixture
def broken(host_unchanged: None) -> Iterator[Lab]:
    """A lab to break."""
    netlab("up", SMALL, "--name", "t-broken")
    yield Lab("t-broken")
    if "t-broken" in names():
        netlab("down", "t-broken")


def test_down_twice(broken: Lab) -> None:
    assert netlab("down", broken.name).stderr == "t-broken is removed\n"
    assert netlab("down", broken.name).stderr == "there is no lab called t-broken: nothing to remove\n"


def test_status(broken: Lab) -> None:
    (found,) = json.loads(netlab("status", broken.name, "-f", "json").stdout)
    assert (found["lab"], found["state"], found["healthy"]) == (broken.name, "up", True)
    broken.kill("site1-edge-vnet1-site1", "charon-systemd")
    assert broken.status(code=1)["daemons"] == "charon-systemd of site1-edge-vnet1-site1 is dead"


def truncate(lab: Lab) -> None:
    (lab.directory / "lab.json").write_text('{"lab": ')


def forget_the_scenario(lab: Lab) -> None:
    (lab.directory / "scenario.yaml").unlink()


def spoil_the_scenario(lab: Lab) -> None:
    (lab.directory / "scenario.yaml").write_text("name: X!\n")


def another_shape(lab: Lab) -> None:
    (lab.directory / "lab.json").write_text('["x"]')


DAMAGES = [truncate, forget_the_scenario, spoil_the_scenario, another_shape]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_lab_can_be_removed(broken: Lab, damage: object) -> None:
    assert callable(damage)
    damage(broken)
    (found,) = json.loads(netlab("status", broken.name, "-f", "json", code=1).stdout)
    assert (found["state"], found["healthy"]) == ("damaged", False)
    done = netlab("verify", broken.name, code=4)
    assert f"remove it with `netlab down {broken.name}`" in done.stderr
    netlab("down", broken.name)
    assert broken.name not in names()


@pytest.mark.parametrize("verb", [("down", "t-broken"), ("gc",)], ids=["down", "gc"])
def test_a_lab_without_a_run_directory_can_be_removed(broken: Lab, verb: tuple[str, ...]) -> None:
    """Its processes are found by the directory that is no more, and by their namespaces."""
    subprocess.run(["rm", "-r", broken.directory], check=True)
    netlab(*verb)
    assert broken.name not in names()
