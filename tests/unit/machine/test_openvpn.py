"""What OpenVPN's daemons say: of refused clients in the log, of connected ones in the status, of themselves."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from netlab.machine.admission import Connected, Refusal
from netlab.machine.clients import keyless
from netlab.machine.openvpn import ask, clients, is_unheard, refusals, state
from netlab.plan.planner import plan
from netlab.scenario.loader import load

# From the log of OpenVPN 2.6.14, shortened.
LOG = """\
2026-11-27 12:34:20 192.0.2.150:41832 [lin] Peer Connection Initiated with [AF_INET]192.0.2.150:41832
2026-11-27 12:34:20 192.0.2.149:54100 VERIFY ERROR: depth=0, error=certificate revoked: CN=carol, serial=533867577
2026-11-27 12:34:20 192.0.2.149:54100 Sent fatal SSL alert: certificate revoked
2026-11-27 12:34:20 192.0.2.148:53220 VERIFY ERROR: depth=0, error=unable to get local issuer certificate: CN=foe
2026-11-27 12:34:38 192.0.2.147:52946 [late] Peer Connection Initiated with [AF_INET]192.0.2.147:52946
2026-11-27 12:34:38 late/192.0.2.147:52946 MULTI: no free --ifconfig-pool addresses are available
"""
AGAIN = """\
2026-11-27 12:35:38 192.0.2.147:53000 [late] Peer Connection Initiated with [AF_INET]192.0.2.147:53000
2026-11-27 12:35:38 late/192.0.2.147:53000 MULTI_sva: pool returned IPv4=192.168.0.3, IPv6=(Not enabled)
"""
NOW = 1795781081
STATUS = (
    "TIME\t2026-11-27 12:04:41\t1795781081",
    "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received",
    "CLIENT_LIST\tlate\t203.0.113.9:52946\t\t\t2562\t2621\t2026-11-27 12:04:38\t1795781078\tUNDEF\t4\t2\tAES-256-GCM",
    "CLIENT_LIST\tlin\t203.0.113.9:44658\t192.168.0.2\t\t3149\t3188\t2026-11-27 12:04:29\t1795781069\tUNDEF\t0\t0\tAES",
    "ROUTING_TABLE\t192.168.0.2\tlin\t203.0.113.9:44658\t2026-11-27 12:04:31\t1795781071",
)


def test_a_gateway_says_why_it_refused_each_client() -> None:
    wanted = {"carol": Refusal.REVOKED, "foe": Refusal.UNTRUSTED, "late": Refusal.NO_ADDRESS}
    assert refusals(LOG.splitlines()) == wanted


def test_only_the_last_attempt_counts() -> None:
    assert "late" not in refusals((LOG + AGAIN).splitlines())
    assert refusals((AGAIN + LOG).splitlines())["late"] == Refusal.NO_ADDRESS


@pytest.mark.parametrize("subject", ["CN=carol", "C=DE, O=Contoso, CN=carol", "CN=carol, emailAddress=c@contoso.com"])
def test_a_client_goes_by_the_name_in_its_certificate(subject: str) -> None:
    line = f"2026-11-27 12:34:20 192.0.2.149:5 VERIFY ERROR: depth=0, error=certificate revoked: {subject}, serial=5"
    assert refusals([line]) == {"carol": Refusal.REVOKED}


def test_a_client_without_an_address_is_not_connected() -> None:
    lin = Connected("OVPN_0", "lin", "203.0.113.9:44658", "192.168.0.2", 12, (3149, None), (3188, None))
    assert clients(STATUS, NOW) == (lin,)


@pytest.mark.parametrize(
    ("last", "unheard"),
    [
        ("TCP: connect to [AF_INET]203.0.113.1:443 failed: No route to host\nSIGTERM[soft,connection-failed]", True),
        ("Connection reset, restarting [0]\nSIGTERM[soft,connection-reset]", False),
        ("[203.0.113.1] Inactivity timeout (--ping-restart), restarting\nSIGTERM[soft,ping-restart]", False),
    ],
)
def test_a_gateway_that_refuses_was_heard(last: str, unheard: bool) -> None:
    assert is_unheard(f"{last} received, process exiting") == unheard


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("1795781069,CONNECTED,SUCCESS,192.168.0.2,203.0.113.1,443,,", ("CONNECTED", "192.168.0.2")),
        ("1795781069,CONNECTED,SUCCESS,,203.0.113.1,443,,", ("CONNECTED", "")),
        ("1795781069,WAIT,,,,,,", ("WAIT", "")),
    ],
)
def test_a_daemon_says_its_state(tmp_path: Path, answer: str, found: tuple[str, str]) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "management"))
        listening.listen()
        serving = threading.Thread(target=_serve, args=(listening, answer))
        serving.start()
        assert state(str(tmp_path)) == found
        serving.join()


def _serve(listening: socket.socket, answer: str) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b">INFO:OpenVPN Management Interface Version 5\r\n")
        assert connection.recv(100) == b"state\n"
        connection.sendall(f">STATE:of another time\r\n{answer}\r\nEND\r\n".encode())


def test_where_there_is_no_daemon_nothing_is_said(tmp_path: Path) -> None:
    assert ask(str(tmp_path), "state") is None
    assert state(str(tmp_path)) == ("", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [("p2s-openvpn", 1), ("p2s-radius", 1), ("p2s-branch-bgp", 0), ("p2s-sstp", 0)],
    ids=["beside IKEv2", "with passwords", "only IKEv2", "SSTP, which logs them"],
)
def test_it_is_said_that_openvpn_logs_no_keys(name: str, said: int) -> None:
    found = keyless(plan(load(name).scenario, "lab"))
    assert [why.partition(" logs no keys: ")[0] for why in found] == ["OpenVPN"] * said
