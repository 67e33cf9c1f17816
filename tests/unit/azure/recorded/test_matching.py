"""Which rows are one row, and what differs between them."""

from __future__ import annotations

from typing import Any

import pytest
from recorded_answers import effective, learned, peer

from netlab.azure.recorded.answers import answer
from netlab.azure.recorded.matching import rows
from netlab.results.recorded import Kind

OWN = effective("0.0.0.0/0", "Internet", state="Invalid")
BY_USER = effective("0.0.0.0/0", "VirtualAppliance", "User", "10.0.0.4", "10.0.0.5", name="r")


def verdicts(kind: Kind, recorded: list[Any], predicted: list[Any]) -> list[tuple[str, tuple[str, ...]]]:
    there, here = (answer(f"{kind}.x.json", data).rows for data in (recorded, predicted))
    return [(row.verdict, row.differs) for row in rows(kind, there, here, lambda *_: "")]


@pytest.mark.parametrize(
    ("recorded", "predicted", "expected"),
    [
        ([OWN, BY_USER], [BY_USER, OWN], [("equal", ()), ("equal", ())]),
        ([{**BY_USER, "nextHopIpAddress": ["10.0.0.5", "10.0.0.4"]}], [BY_USER], [("equal", ())]),
        ([{**BY_USER, "name": "R", "state": "active"}], [BY_USER], [("equal", ())]),
        ([{**BY_USER, "name": None, "disableBgpRoutePropagation": None}], [BY_USER], [("equal", ())]),
        ([{**BY_USER, "nextHopIpAddress": ["10.0.0.5"]}], [BY_USER], [("different", ("nextHopIpAddress",))]),
        ([{**OWN, "state": "Active"}], [OWN, BY_USER], [("different", ("state",)), ("missing there", ())]),
        ([OWN, BY_USER], [OWN], [("equal", ()), ("missing here", ())]),
        ([BY_USER], [OWN], [("different", ("source", "state", "nextHopType", "nextHopIpAddress", "name"))]),
        ([OWN, OWN], [OWN], [("equal", ()), ("missing here", ())]),
        (
            [{**OWN, "disableBgpRoutePropagation": False}],
            [OWN],
            [("different", ("disableBgpRoutePropagation",))],
        ),
        ([], [], []),
    ],
)
def test_effective_routes(recorded: list[Any], predicted: list[Any], expected: list[Any]) -> None:
    assert verdicts("effective-routes", recorded, predicted) == expected


def test_a_route_with_another_path_is_the_same_row_and_the_exact_one_is_taken_first() -> None:
    short, long = (learned("10.0.0.4", "10.9.0.0/16", "10.1.0.4", "EBgp", path) for path in ("1", "1-2"))
    assert verdicts("learned-routes", [short], [long]) == [("different", ("asPath",))]
    assert verdicts("learned-routes", [short, long], [long]) == [("missing here", ()), ("equal", ())]


def test_a_route_from_another_peer_is_the_same_row_only_if_its_path_is_the_same() -> None:
    one, other = (learned("10.0.0.4", "10.9.0.0/16", hop, "EBgp", "1") for hop in ("10.1.0.4", "10.1.0.5"))
    assert verdicts("learned-routes", [one], [other]) == [("different", ("sourcePeer", "nextHop"))]
    for change in ({"asPath": "1-2"}, {"origin": "IBgp"}):
        found = verdicts("learned-routes", [one], [{**other, **change}])
        assert found == [("missing here", ()), ("missing there", ())]
    reflected = learned("10.0.0.4", "10.0.0.0/16", "10.0.0.68", "IBgp", "")
    own = learned("10.0.0.4", "10.0.0.0/16", None, "Network", "")
    assert verdicts("learned-routes", [reflected, own], [own]) == [("missing here", ()), ("equal", ())]


def test_routes_of_another_instance_are_other_rows() -> None:
    one, other = (learned(local, "10.9.0.0/16", "10.1.0.4", "EBgp", "1") for local in ("10.0.0.4", "10.0.0.5"))
    assert verdicts("learned-routes", [one], [other]) == [("missing here", ()), ("missing there", ())]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"state": "Connecting"}, ("state",)),
        ({"routesReceived": 3}, ("routesReceived",)),
        ({"asn": 65001}, ("asn",)),
        ({"messagesSent": 0, "connectedDuration": None}, ()),
    ],
)
def test_peers_are_compared_without_durations_and_messages(change: dict[str, Any], differs: tuple[str, ...]) -> None:
    row = peer("10.0.0.4", "10.1.0.4", 65000, routes=2)
    assert verdicts("bgp-peers", [{**row, **change}], [row]) == [("different" if differs else "equal", differs)]
