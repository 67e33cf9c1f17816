"""What charons say of the clients of a gateway."""

from __future__ import annotations

from netlab.machine.admission import Connected
from netlab.machine.charon import Listed
from netlab.machine.p2s.ikev2 import PROFILE, profile_routes, sessions
from netlab.plan.planner import plan
from netlab.render.text import vpn_settings
from netlab.scenario.loader import load

IKE = {
    "state": "ESTABLISHED",
    "remote-host": "198.51.100.1",
    "remote-port": "500",
    "remote-id": "lin",
    "remote-vips": ["192.168.0.1"],
    "initiator-spi": "aa",
    "established": "60",
}
CHILD = {"bytes-in": "100", "bytes-out": "200", "packets-in": "1", "packets-out": "2"}


def test_a_session_is_an_established_ike_sa_of_a_client() -> None:
    found = (
        Listed("p2s", IKE, (CHILD, CHILD)),
        Listed("p2s", {**IKE, "state": "CONNECTING"}, ()),
        Listed("VNet1-Site1", IKE, (CHILD,)),
    )
    assert sessions(found) == (Connected("IKEv2_aa", "lin", "198.51.100.1:500", "192.168.0.1", 60, (200, 2), (400, 4)),)


def test_a_client_with_eap_has_its_user_name() -> None:
    (found,) = sessions((Listed("p2s", {**IKE, "remote-eap-id": "alice"}, ()),))
    assert (found.user, found.received) == ("alice", (0, 0))


def test_only_windows_takes_routes_from_a_profile() -> None:
    text = vpn_settings("203.0.113.1", ["IKEv2"], "Certificate", ("10.1.0.0/16", "10.2.0.0/16"))
    clients = {client.os: client for client in plan(load("p2s-branch-bgp").scenario, "lab").clients}
    assert PROFILE == "Generic/VpnSettings.xml"
    assert profile_routes(clients["windows"], text) == ("10.1.0.0/16", "10.2.0.0/16")
    assert profile_routes(clients["linux"], text) == ()
    assert profile_routes(clients["windows"], "") == ()
