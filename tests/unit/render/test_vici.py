"""Vici messages say what the plan says; tests/golden has them whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plans import charon, planned

from netlab.plan.model import DataPlane, IkeConnection, PeerSecret, Selector
from netlab.plan.timers import timers
from netlab.render import outline, vici


def connection(node: str, plane: DataPlane = "userspace") -> IkeConnection:
    return charon(node, plane).connections[-1]


def message(item: IkeConnection) -> dict[str, Any]:
    (found,) = vici.connection(item, timers(1)).values()
    return dict(found)


def child(item: IkeConnection) -> dict[str, Any]:
    (found,) = message(item)["children"].values()
    return dict(found)


def test_between_gateways_selectors_are_any_to_any_and_one_side_restores() -> None:
    """R19; R66 for the difference to clients."""
    initiator, responder = connection("vnet1-gw-0-edge-vnet1-site1"), connection("site1-edge-vnet1-site1")
    for item in (initiator, responder):
        assert (child(item)["local_ts"], child(item)["remote_ts"]) == (["0.0.0.0/0"], ["0.0.0.0/0"])
        assert (message(item)["local"]["auth"], message(item)["remote"]["auth"]) == ("psk", "psk")  # R29
    assert (message(initiator)["keyingtries"], child(initiator)["dpd_action"]) == ("0", "restart")
    assert (message(responder)["keyingtries"], child(responder)["dpd_action"]) == ("1", "clear")


def test_lifetimes_are_azures() -> None:
    """R33, R37."""
    item = connection("site1-edge-vnet1-site1")
    assert (message(item)["rekey_time"], child(item)["rekey_time"]) == ("28800", "27000")


def test_a_gateway_answers_any_client_from_its_pool_and_offers_its_selectors() -> None:
    item = connection("vnet1-gw-0-p2s-edge")
    found = message(item)
    assert (found["remote_addrs"], found["remote"]["id"], found["pools"]) == (["%any"], "%any", ["p2s"])
    assert (child(item)["local_ts"], child(item)["remote_ts"]) == (["10.1.0.0/16", "192.168.0.0/24"], ["dynamic"])
    assert vici.pool(item) == {"p2s": {"addrs": "192.168.0.1-192.168.0.250"}}  # R52: as many as VpnGw1 serves


def test_a_client_asks_for_everything_and_an_address_and_does_not_come_back_by_itself() -> None:
    item = connection("lin")
    found = message(item)
    assert (found["vips"], found["keyingtries"], child(item)["dpd_action"]) == (["0.0.0.0"], "1", "clear")
    assert (child(item)["local_ts"], child(item)["remote_ts"]) == (["dynamic"], ["0.0.0.0/0"])
    assert "pools" not in found


def test_only_the_kernel_plane_ties_sas_to_interfaces() -> None:
    assert "if_id_in" not in child(connection("site1-edge-vnet1-site1"))
    found = connection("vnet1-gw-0-edge", "kernel")
    assert found.if_id
    assert child(found)["if_id_in"] == child(found)["if_id_out"] == str(found.if_id)


def test_a_message_holds_nothing_but_text_as_vici_wants() -> None:
    def check(value: object) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                assert isinstance(key, str)
                check(item)
        elif isinstance(value, list):
            assert all(isinstance(item, str) and item for item in value)
        else:
            assert isinstance(value, str)
            assert value

    for plane in ("userspace", "kernel"):
        for _, groups in outline.messages(planned(plane=plane)):  # type: ignore[arg-type]
            for group in groups.values():
                for item in group:
                    check(item)


def test_selectors_that_shrink_to_nothing_are_dynamic() -> None:
    assert child(replace(connection("vnet1-gw-0-p2s-edge"), local_ts=Selector()))["local_ts"] == ["dynamic"]


def test_a_key_belongs_to_its_identities() -> None:
    assert vici.shared_key(PeerSecret("ipsec:x", ("203.0.113.1", "198.51.100.1")), "key") == {
        "id": "ipsec:x",
        "type": "IKE",
        "data": "key",
        "owners": ["203.0.113.1", "198.51.100.1"],
    }


def test_a_connection_for_any_peer_but_some_has_the_ranges_between_them() -> None:
    """R69."""
    any_peer = connection("vnet1-gw-0-p2s-edge")
    closed = replace(any_peer, closed_to=("203.0.113.9", "198.51.100.41"))
    assert message(closed)["remote_addrs"] == [
        "0.0.0.0-198.51.100.40",
        "198.51.100.42-203.0.113.8",
        "203.0.113.10-255.255.255.255",
    ]
    assert message(replace(any_peer, closed_to=("198.51.100.41",)))["remote_addrs"] == [
        "0.0.0.0-198.51.100.40",
        "198.51.100.42-255.255.255.255",
    ]
    assert message(replace(closed, remote_address="192.0.2.7"))["remote_addrs"] == ["192.0.2.7"]
