"""The views of a lab's bgpds against those of the model, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.azure.views.predicted import Model
from netlab.lab.measure.checks.views import check
from netlab.machine.speaking import BgpPeer, BgpRoute
from netlab.plan.model import BgpSpeaker, Plan
from netlab.plan.planner import plan
from netlab.results.verification import Check
from netlab.scenario.loader import load
from netlab.scenario.models import Action

Change = Callable[[BgpRoute], BgpRoute | None]


@dataclass(frozen=True)
class Bgpds:
    """Every bgpd of a lab as it would be if it did what the model predicts; but for what somebody changes in it."""

    state: State
    change: Change = lambda route: route
    dead: str = ""
    down: str = ""

    def routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...] | None:
        held = Model(self.state).held(self.state.topology.speakers[speaker.node]) or ()
        found = (
            BgpRoute(
                str(route.prefix),
                str(route.peer.address) if route.peer is not None else "",
                route.next_hop,
                " ".join(route.as_path),
                route.internal,
                first=route.used,
            )
            for route in held
        )
        changed = map(self.change, found)
        return tuple(route for route in changed if route is not None) if speaker.node != self.dead else None

    def advertised(self, speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...] | None:
        model, router = Model(self.state), self.state.topology.speakers[speaker.node]
        (neighbor,) = (other for other in model.neighbors(router) if str(other.address) == peer)
        inside = neighbor.router.asn == router.asn
        sent = model.sent(router, neighbor) or ()
        return tuple(BgpRoute(str(s.prefix), as_path=" ".join(s.as_path if inside else s.as_path[1:])) for s in sent)

    def peers(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...] | None:
        router = self.state.topology.speakers[speaker.node]
        said = {"Connected": "Established", "Stopped": "Idle (Admin)"}
        return (
            None
            if speaker.node == self.dead
            else tuple(
                BgpPeer(
                    row.neighbor,
                    row.asn,
                    "Active" if row.neighbor == self.down else said.get(row.state, "Active"),
                    received=row.routesReceived,
                )
                for row in Model(self.state).peers(router) or ()
            )
        )


@pytest.fixture(scope="module")
def state() -> State:
    return initial(load("s2s-active-active").scenario)


def checked(state: State, **wrong: object) -> Check:
    return check(planned(state), state, Bgpds(state, **wrong))  # type: ignore[arg-type]


def planned(state: State) -> Plan:
    return plan(state.scenario, "t", "userspace")


def test_rows_as_predicted_pass(state: State) -> None:
    found = checked(state)
    assert (found.status, found.message) == ("passed", "39 rows of 7 views are as predicted")


def lost(route: BgpRoute) -> BgpRoute | None:
    return None if route.prefix == "10.101.0.0/16" and route.inside else route


def longer(route: BgpRoute) -> BgpRoute:
    return replace(route, as_path="65101 65101") if route.as_path == "65101" else route


def elsewhere(route: BgpRoute) -> BgpRoute:
    return replace(route, next_hop="10.9.9.9") if route.peer == "10.101.255.254" else route


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lost, "learned-routes VNet1: only the model predicts 10.101.0.0/16 IBgp 65101 weight 32768, next hop"),
        (longer, "learned-routes VNet1: only the lab shows 10.101.0.0/16 EBgp 65101-65101 weight 32768, next hop"),
        (elsewhere, "only the lab shows 10.101.0.0/16 EBgp 65101 weight 32768, next hop 10.9.9.9, from 10.101.255.254"),
    ],
)
def test_a_row_that_only_one_side_has_fails(state: State, change: Change, said: str) -> None:
    found = checked(state, change=change)
    assert found.status == "failed"
    assert said in found.message


def test_a_session_that_is_down_fails(state: State) -> None:
    found = checked(state, down="10.101.255.254")
    assert found.status == "failed"
    assert "bgp-peers VNet1: only the lab shows 10.101.255.254 65101 Connecting" in found.message


def test_a_dead_bgpd_is_an_error(state: State) -> None:
    found = checked(state, dead="vnet1-gw-1")
    assert (found.status, found.message) == ("failed", "the BGP daemon of vnet1-gw-1 does not answer")


def test_a_bgpd_that_the_story_stops_is_none(state: State) -> None:
    action = Action.model_validate({"stop_bgp_daemon": {"speaker": "Site1"}})
    now = after(state, action)
    assert checked(now, dead="site1").status == "passed"
