"""What the model predicts for an answer, and of which NIC, gateway or connection; the rows are those of real tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from recorded_answers import ADVERTISED, CONNECTION, ONPREM, PEERS, ROUTE_SERVER, SPOKE, learned, state

from netlab.azure.recorded.answers import Unrecognised, answer
from netlab.azure.recorded.foreseen import foreseen, of_model
from netlab.azure.recorded.matching import rows

NOW = state()


@pytest.mark.parametrize(
    ("file", "data", "subject"),
    [
        ("effective-routes.spoke-app.json", SPOKE, "spoke-app"),
        ("effective-routes.APP.json", SPOKE, "spoke-app"),
        ("learned-routes.onprem.json", ONPREM, "onprem"),
        ("02-vpngw-onprem-learned.json", ONPREM, "onprem"),
        ("learned-routes.hub1-rs.json", ROUTE_SERVER, "hub1-rs"),
        ("learned-routes.hub1.10.10.1.4.json", ROUTE_SERVER, "hub1-rs"),
        ("ars-hub1-peer-nva1.json", ROUTE_SERVER, "hub1-rs"),
        ("advertised-routes.hub1.10.40.0.4.json", ADVERTISED, "hub1"),
        ("vng.10.40.0.5.json", ADVERTISED, "hub1"),
        ("bgp-peers.OnPrem.json", PEERS, "onprem"),
        ("connection.hub1-onprem.json", CONNECTION, "hub1-onprem"),
    ],
)
def test_every_row_of_azure_is_predicted(file: str, data: Any, subject: str) -> None:
    found = foreseen(of_model(NOW), answer(file, data))
    compared = rows(found.answer.kind, found.answer.rows, found.rows, lambda *_: "")
    assert found.answer.subject == subject
    assert [(row.verdict, row.differs) for row in compared] == [("equal", ())] * len(compared)
    assert compared


def test_of_a_route_server_only_what_the_peer_advertises_is_compared() -> None:
    """`az network routeserver peering list-learned-routes` asks for one peer."""
    empty = {"RouteServiceRole_IN_0": [], "RouteServiceRole_IN_1": []}
    assert foreseen(of_model(NOW), answer("learned-routes.hub1-rs.10.10.1.9.json", empty)).rows == ()
    assert len(foreseen(of_model(NOW), answer("learned-routes.hub1-rs.10.10.1.4.json", empty)).rows) == 2


def test_a_connection_of_another_name_is_not_predicted() -> None:
    found = foreseen(of_model(NOW), answer("status.json", CONNECTION))
    assert (found.answer.subject, found.rows) == ("conn-hub1-to-onprem", ())


@pytest.mark.parametrize("same_keys", [True, False])
def test_a_connection_is_connected_if_a_tunnel_is_up(same_keys: bool) -> None:
    found = foreseen(of_model(state(same_keys=same_keys)), answer("connection.hub1-onprem.json", CONNECTION))
    assert [row["connectionStatus"] for row in found.rows] == ["Connected" if same_keys else "NotConnected"]
    assert bool(found.remarks) is not same_keys


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("effective-routes.nic-vm-app.json", SPOKE, "no virtual machine of the name 'nic-vm-app'"),
        ("routes.json", SPOKE, "no virtual machine of the name 'routes'"),
        ("learned-routes.x.json", {"value": [learned("10.7.0.4", "10.7.0.0/16", None, "Network", "")]}, "no gateway"),
        (
            "learned.json",
            {"value": [learned(local, "10.7.0.0/16", None, "Network", "") for local in ("10.10.0.4", "10.40.0.4")]},
            "several gateways",
        ),
        ("learned-routes.x.json", [], "no gateway of the name 'x'"),
        ("advertised-routes.hub1.json", ADVERTISED, "peers of hub1 here: .*10.40.0.4"),
    ],
)
def test_an_answer_about_something_else_says_what_there_is(file: str, data: Any, message: str) -> None:
    with pytest.raises(Unrecognised, match=message):
        foreseen(of_model(NOW), answer(file, data))


def test_the_side_of_a_lab_answers_for_itself() -> None:
    side = replace(of_model(NOW), routes=lambda nic: (), connection=lambda name: ("Connecting", f"{name} is slow"))
    assert foreseen(side, answer("effective-routes.spoke-app.json", SPOKE)).rows == ()
    found = foreseen(side, answer("connection.hub1-onprem.json", CONNECTION))
    assert [row["connectionStatus"] for row in found.rows] == ["Connecting"]
    assert [why for _, why in found.remarks] == ["hub1-onprem is slow"]
