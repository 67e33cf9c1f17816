"""Why a recorded row is not the predicted one."""

from __future__ import annotations

from typing import Any

import pytest
from recorded_answers import CONNECTION, PEERS, SPOKE, effective, learned, peer, state

from netlab.azure.recorded import matching
from netlab.azure.recorded.answers import answer
from netlab.azure.recorded.foreseen import foreseen, of_model
from netlab.azure.recorded.reasons import Reasons
from netlab.azure.state import State

NOBODY = "no VNet, site, gateway or appliance of the scenario has"


def reasons(file: str, data: Any, now: State | None = None) -> dict[str, str]:
    """The reasons of the rows that are not equal, by the verdict and what the row is of."""
    now = now if now is not None else state()
    found = foreseen(of_model(now), answer(file, data))
    rows = matching.rows(found.answer.kind, found.answer.rows, found.rows, Reasons(now, found).why)
    keys = ("addressPrefix", "network", "neighbor", "name")
    return {
        f"{row.verdict} {next(side[key] for key in keys if side.get(key))}": row.reason
        for row in rows
        if row.verdict != "equal" and (side := row.recorded or row.predicted or {})
    }


def test_propagation_of_gateway_routes() -> None:
    there = [{**row, "disableBgpRoutePropagation": False} for row in SPOKE["value"]]
    there.append(effective("10.40.0.0/16", "VirtualNetworkGateway", "VirtualNetworkGateway", "10.10.0.4", "10.10.0.5"))
    there[-1]["disableBgpRoutePropagation"] = False
    found = reasons("effective-routes.app.json", there)
    assert found["missing here ('10.40.0.0/16',)"] == (
        "the route table of its subnet propagates gateway routes there, and does not propagate gateway routes here"
    )
    found = reasons("effective-routes.app.json", SPOKE, state(propagation=True))
    assert found["missing there ('10.40.0.0/16',)"] == (
        "the route table of its subnet does not propagate gateway routes there, and propagates gateway routes here"
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (effective("fd00::/48", "VnetLocal"), "netlab has no IPv6"),
        (
            effective("10.78.0.0/16", "VnetLocal"),
            "its VNet has 10.78.0.0/16 there: is it the NIC that the file names?",
        ),
        (effective("10.77.0.0/16", "VNetPeering"), f"{NOBODY} 10.77.0.0/16"),
        (
            effective("20.1.0.0/16", "VirtualNetworkServiceEndpoint"),
            "the prefixes of a service are those of service_tags in the scenario",
        ),
        (effective("10.0.0.0/8", "None"), "an active default route removes it here"),
        (effective("10.31.0.0/24", "VirtualAppliance", "User", "10.10.1.4", name="x"), ""),
    ],
)
def test_a_route_that_only_azure_has(row: dict[str, Any], reason: str) -> None:
    found = reasons("effective-routes.app.json", [*SPOKE["value"], row])
    assert found == {f"missing here ('{row['addressPrefix'][0]}',)": reason}


@pytest.mark.parametrize("machine", ["nva1", "ep"])
def test_the_table_of_a_nic_in_another_vnet(machine: str) -> None:
    found = reasons(f"effective-routes.{machine}.json", SPOKE)
    (reason,) = [why for key, why in found.items() if "10.11.0.0/24" in key and not key.startswith("missing there")]
    assert reason == "its VNet has 10.11.0.0/24 there: is it the NIC that the file names?"


def test_built_in_routes_that_a_default_route_removes_in_azure() -> None:
    there = [effective("10.40.0.0/16", "VnetLocal"), effective("0.0.0.0/0", "VirtualAppliance", "User", "10.40.1.9")]
    found = reasons("effective-routes.ep.json", there)
    assert found["missing there ('10.0.0.0/8',)"] == "an active default route removes it there"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (learned("10.40.0.4", "10.31.0.0/24", "10.10.0.4", "EBgp", "65515-65001"), ""),
        (
            learned("10.40.0.4", "10.9.0.0/16", "10.10.0.4", "EBgp", "65515-64999"),
            "nothing in the scenario has AS 64999",
        ),
        (learned("10.40.0.4", "10.9.0.0/16", "10.10.0.4", "EBgp", "65515"), f"{NOBODY} 10.9.0.0/16"),
        (learned("10.40.0.4", "10.9.0.0/16", "10.20.0.4", "EBgp", "65515"), "onprem has no BGP peer 10.20.0.4 here"),
        (
            learned("10.40.0.30", "10.40.0.0/16", None, "Network", ""),
            "no instance of onprem has the BGP address 10.40.0.30 here",
        ),
    ],
)
def test_a_learned_route_that_only_azure_has(row: dict[str, Any], reason: str) -> None:
    """The first one: without branch-to-branch traffic the Route Server advertises its route to no gateway."""
    assert reasons("learned-routes.onprem.json", [row])[f"missing here {row['network']}"] == reason


def test_a_peer() -> None:
    there = [*PEERS["value"], peer("10.40.0.4", "10.20.0.4", 65515, routes=2)]
    assert reasons("bgp-peers.onprem.json", there) == {
        "missing here 10.20.0.4": "onprem has no BGP peer 10.20.0.4 here"
    }


def test_a_connection() -> None:
    assert reasons("connection.hub1-onprem.json", CONNECTION) == {}
    found = reasons("connection.hub1-onprem.json", CONNECTION, state(same_keys=False))
    assert found == {"different hub1-onprem": "authentication failed"}
    assert reasons("c.json", CONNECTION) == {
        "missing here conn-hub1-to-onprem": "the scenario has no connection of this name: "
        "call the file connection.NAME.json"
    }
