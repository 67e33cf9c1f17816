"""A lab that is changed behind its back: `verify` is red, and names the node and the type of what was changed.

CI changes some labs in many ways at once, and each change must be named. `make attack` does that with all of them, and
makes each change alone, in a lab of its own.
"""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest
from labs import Lab, Report, netlab, up
from mutations import AROUND, BY_KIND, MUTATIONS, Mutation

ATTACK = "NETLAB_ATTACK" in os.environ
SCENARIOS = tuple(dict.fromkeys(mutation.scenario for mutation in MUTATIONS))
SAMPLE = ("s2s-static", "p2s-isolated-vnet", "p2s-branch-bgp")
# Those after which another one of the same lab cannot be made, or would not be seen.
ALONE = ("daemons that are dead", "daemons that hang")


def red(lab: Lab) -> Report:
    """What `verify` says of a lab in which it finds something wrong, or that it cannot measure everywhere."""
    report: Report = json.loads(netlab("verify", lab.name, "-f", "json", codes=(1, 4)).stdout)
    assert report["summary"]["failed"] > 0
    return report


def assert_found(mutation: Mutation, report: Report) -> None:
    found = [f for step in report["steps"] for check in step["checks"] for f in check["findings"]]
    here = [f for f in found if (f["type"], f["node"]) == (mutation.finding, mutation.place)]
    assert any(mutation.about in f["object"] for f in here), f"{mutation} is not in {found}"


def at_once(scenario: str) -> tuple[Mutation, ...]:
    """The changes of a scenario, those last that keep others from being made."""
    mine = [mutation for mutation in MUTATIONS if mutation.scenario == scenario]
    return tuple(sorted(mine, key=lambda mutation: mutation.kind in ALONE))


@pytest.mark.parametrize("scenario", SCENARIOS if ATTACK else SAMPLE)
def test_each_of_many_changes_is_named(scenario: str) -> None:
    with up(scenario, "lab") as lab:
        for mutation in at_once(scenario):
            mutation.make(lab)
        report = red(lab)
    for mutation in at_once(scenario):
        assert_found(mutation, report)


@pytest.mark.skipif(not ATTACK, reason="takes long: make attack")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_change_is_named(mutation: Mutation) -> None:
    with up(mutation.scenario, "lab") as lab:
        mutation.make(lab)
        assert_found(mutation, red(lab))


def test_what_goes_around_a_tunnel_fails_cell_by_cell() -> None:
    """The way out leads over a link that no plan has, in clear, and the answer through the tunnel."""
    with up("s2s-static", "lab") as lab:
        lab.run("vnet1-gw-0", "sh", "-c", AROUND)
        (step,) = red(lab)["steps"]
    cells = {
        (cell["protocol"], cell["status"])
        for cell in step["cells"]
        if (cell["source"], cell["target"]) == ("vnet1-vm1", "site1-listed")
        and "stray0 of vnet1-gw-0" in cell["message"]
    }
    assert cells == {("icmp", "failed"), ("udp", "failed"), ("tcp", "failed")}


def test_a_namespace_that_is_gone_costs_its_own_verdicts_only() -> None:
    with up("p2s-isolated-vnet", "lab") as lab:
        lab.run("internet", "ip", "netns", "delete", "nl.lab.vnet1-vm2")
        done = netlab("status", "lab", code=1)
        assert "vnet1-vm2: namespace-missing" in done.stdout
        (step,) = red(lab)["steps"]
    status = {"vnet1-vm2" in (cell["source"], cell["target"]): set[str]() for cell in step["cells"]}
    for cell in step["cells"]:
        status["vnet1-vm2" in (cell["source"], cell["target"])].add(cell["status"])
    assert status == {True: {"error"}, False: {"passed"}}


def test_there_are_enough_kinds_and_of_each_enough() -> None:
    assert len(BY_KIND) >= 15
    assert min(Counter(mutation.kind for mutation in MUTATIONS).values()) >= 4
    assert len(SCENARIOS) >= 8
