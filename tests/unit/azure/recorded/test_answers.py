"""What a recorded answer is, by its content, and what it is about, by its file's name."""

from __future__ import annotations

from typing import Any

import pytest
from recorded_answers import ADVERTISED, CONNECTION, ONPREM, PEERS, ROUTE_SERVER, SPOKE, effective, learned, peer

from netlab.azure.recorded.answers import Unrecognised, answer


@pytest.mark.parametrize(
    ("data", "kind", "rows"),
    [
        (SPOKE, "effective-routes", 4),
        (SPOKE["value"], "effective-routes", 4),
        (ONPREM, "learned-routes", 22),
        (ROUTE_SERVER, "learned-routes", 2),
        (ADVERTISED, "advertised-routes", 4),
        (PEERS, "bgp-peers", 8),
        (CONNECTION, "connection", 1),
        ([CONNECTION, {**CONNECTION, "name": "other"}], "connection", 2),
        ({"name": "c", "properties": {"connectionStatus": "Connected", "enableBgp": False}}, "connection", 1),
    ],
)
def test_the_content_says_what_it_is(data: Any, kind: str, rows: int) -> None:
    found = answer("anything.json", data)
    assert (found.kind, found.subject, len(found.rows)) == (kind, "anything", rows)


@pytest.mark.parametrize(
    ("file", "subject", "peer_address"),
    [
        ("learned-routes.onprem.json", "onprem", ""),
        ("Learned-Routes.hub1-rs.10.10.1.4.JSON", "hub1-rs", "10.10.1.4"),
        ("learned-routes.hub.west.json", "hub.west", ""),
        ("05-vpngw-onprem.json", "05-vpngw-onprem", ""),
        ("learned-routes.json", "", ""),
    ],
)
def test_the_name_says_what_it_is_about(file: str, subject: str, peer_address: str) -> None:
    found = answer(file, ONPREM)
    assert (found.subject, found.peer) == (subject, peer_address)


def test_an_empty_answer_is_what_its_name_says() -> None:
    assert answer("advertised-routes.hub1.10.40.0.4.json", {"value": []}).kind == "advertised-routes"
    assert (
        answer("learned-routes.hub1-rs.json", {"RouteServiceRole_IN_0": [], "RouteServiceRole_IN_1": None}).rows == ()
    )
    with pytest.raises(Unrecognised, match="has no rows"):
        answer("hub1.json", {"value": []})


def test_values_are_those_of_az_whatever_wrote_them() -> None:
    """PowerShell's keys, numbers as texts, one prefix for a list of one."""
    (row,) = answer("x", {"AddressPrefix": "10.0.0.0/8", "NextHopType": "None", "Source": "Default"}).rows
    assert (row["addressPrefix"], row["nextHopIpAddress"], row["name"]) == (("10.0.0.0/8",), (), None)
    (status,) = answer("x", {**peer("10.0.0.4", "10.0.0.5", 0), "asn": "65001"}).rows
    assert (status["asn"], status["routesReceived"]) == (65001, 0)


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("a.json", {"id": "/x", "addressSpace": {}}, "none of effective-routes"),
        ("a.json", [SPOKE["value"][0], PEERS["value"][0]], "none of effective-routes"),
        ("a.json", ["10.0.0.0/8"], "without --query"),
        ("a.json", [{"name": "c", "connectionType": "Vnet2Vnet", "enableBgp": True}], "vpn-connection show` of each"),
        ("a.json", {**CONNECTION, "connectionStatus": None}, "vpn-connection show` of each"),
        ("a.json", 7, "without --query"),
        ("bgp-peers.a.json", SPOKE, "its name says bgp-peers, but its content is effective-routes"),
        ("advertised-routes.a.json", ONPREM, "have a sourcePeer"),
        (
            "a.json",
            [effective("10.0.0.0/8", "None"), effective("x", "None", addressPrefix=[])],
            "row 2 has no addressP",
        ),
        ("a.json", [effective("x", "None", addressPrefix=[{}])], "row 1: addressPrefix has an unexpected"),
        ("a.json", [learned("10.0.0.4", "10.0.0.0/8", None, "EBgp", "1", weight="heavy")], "row 1: weight"),
        ("a.json", [{**CONNECTION, "enableBgp": "maybe"}], "enableBgp"),
    ],
)
def test_what_is_no_answer_is_refused(file: str, data: Any, message: str) -> None:
    with pytest.raises(Unrecognised, match=message):
        answer(file, data)
