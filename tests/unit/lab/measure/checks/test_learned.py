"""What gateways and sites are expected to have learned by BGP: model, document and lab; and B16."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pytest

from netlab.azure import learning
from netlab.azure.bgp.values import MAXIMUM_PREFIX
from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.lab.measure.checks.learned import check
from netlab.machine.speaking import BgpRoute
from netlab.plan.model import BgpSpeaker
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Action, Expectation, Scenario

SITE = "10.101.0.0/16"


@pytest.fixture(scope="module")
def chain() -> Scenario:
    """A site that speaks to VNet3, which speaks to VNet2, which speaks to VNet1."""
    return load("p2s-multi-vnet-branch-bgp").scenario


def announced(state: State, count: int, verb: str = "announce") -> State:
    """The state when the site has announced so many prefixes besides its own."""
    subject = {"site": "Site1", "prefix": "100.64.0.0/12", "count": count}
    return after(state, Action.model_validate({verb: subject}))


def said(**ends: dict[str, str]) -> learning.Expected:
    return learning.expected({}, Expectation(learned=ends))


# --- B16 ------------------------------------------------------------------------------------------------------------


def test_a_gateway_takes_so_many_prefixes_and_not_one_more(chain: Scenario) -> None:
    start = initial(chain)
    full = announced(start, MAXIMUM_PREFIX - 1)  # and the site's own one
    assert "VNet3-Site1" not in full.exceeded
    assert len(full.learned["vnet3-gw-0"]) >= MAXIMUM_PREFIX
    over = announced(start, MAXIMUM_PREFIX)
    assert over.exceeded == {"VNet3-Site1"}
    assert IPv4Network(SITE) not in over.learned["vnet3-gw-0"]
    assert not over.learned["site1"]


def test_the_next_gateway_counts_what_is_passed_on(chain: Scenario) -> None:
    """VNet3 tells its own prefixes besides the site's: too many for VNet2, not for VNet3."""
    assert announced(initial(chain), MAXIMUM_PREFIX - 1).exceeded == {"VNet2-VNet3"}


def test_a_session_that_was_lost_comes_back(chain: Scenario) -> None:
    start = initial(chain)
    back = announced(announced(start, MAXIMUM_PREFIX), MAXIMUM_PREFIX, "withdraw")
    assert not back.exceeded
    assert back.learned == start.learned


# --- what is expected -----------------------------------------------------------------------------------------------


def test_what_a_step_leaves_out_stays_expected() -> None:
    first = learning.expected({}, Expectation(learned={"VNet1": {SITE: "65101", "10.2.0.0/16": "65020"}}))
    second = learning.expected(first, Expectation(learned={"VNet1": {SITE: "absent"}}))
    assert second == {("VNet1", SITE): "absent", ("VNet1", "10.2.0.0/16"): "65020"}


def test_the_model_disagrees_only_where_it_predicts_something_else(chain: Scenario) -> None:
    state = initial(chain)
    right = said(VNet2={SITE: "65030 65101", "10.99.0.0/16": "absent"})
    assert not list(learning.disagreements(state, right))
    wrong = said(VNet3={SITE: "65101 65101"}, VNet2={SITE: "absent", "10.99.0.0/16": "65010"})
    assert list(learning.disagreements(state, wrong)) == [
        ("VNet3", f"{SITE}: the scenario expects 65101 65101, the model predicts 65101"),
        ("VNet2", f"{SITE}: the scenario expects absent, the model predicts 65030 65101"),
        ("VNet2", "10.99.0.0/16: the scenario expects 65010, the model predicts absent"),
    ]


# --- document, model and lab ----------------------------------------------------------------------------------------


@dataclass
class Lab:
    """A lab whose daemons know what the model says, but for some."""

    state: State
    instead: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...]:
        end = self.state.topology.routers[speaker.node].end.name
        found = {**learning.as_paths(self.state, end), **self.instead.get(speaker.node, {})}
        return tuple(BgpRoute(prefix, "peer", as_path=path) for prefix, paths in found.items() for path in paths)

    def wrong(self, documented: learning.Expected) -> dict[str, str]:
        lab = plan(self.state.scenario, "t", "userspace")
        found = check(lab, self.state, self, documented)
        return {check.name: check.message for check in found if check.status != "passed"}


def test_three_that_agree(chain: Scenario) -> None:
    lab = Lab(initial(chain))
    assert not lab.wrong(said(VNet3={SITE: "65101"}, VNet1={SITE: "65020 65030 65101"}))


@pytest.mark.parametrize(
    ("documented", "instead", "message"),
    [
        ("65999", {}, "the scenario stands alone: expected 65999, predicted and observed 65101"),
        ("65101", {SITE: frozenset()}, "the lab stands alone: expected and predicted 65101, observed absent"),
        (
            "65101 65101",
            {SITE: frozenset({"65101 65101"})},
            "the model stands alone: expected and observed 65101 65101, predicted 65101",
        ),
        (
            "absent",
            {SITE: frozenset({"65999"})},
            "all three disagree: expected absent, predicted 65101, observed 65999",
        ),
    ],
)
def test_who_stands_alone(chain: Scenario, documented: str, instead: dict[str, frozenset[str]], message: str) -> None:
    lab = Lab(initial(chain), {"vnet3-gw-0": instead})
    assert lab.wrong(said(VNet3={SITE: documented})) == {"learned VNet3": f"{SITE}: {message}"}


def test_what_nobody_documents_is_compared_too(chain: Scenario) -> None:
    lab = Lab(initial(chain), {"site1": {"10.9.0.0/16": frozenset({"65010"})}})
    message = "10.9.0.0/16: model and lab disagree: predicted absent, observed 65010"
    assert lab.wrong({}) == {"learned Site1": message}
