"""What a gateway's log says of the clients that it refused."""

from __future__ import annotations

from netlab.machine.admission import Refusal
from netlab.machine.charon import refusals

# From the logs of strongSwan 5.9.8, shortened.
LOG = """\
10:00:00 05[CFG] <1> looking for peer configs matching 203.0.113.1[203.0.113.1]...192.0.2.129[carol]
10:00:00 05[CFG] <p2s|1> checking certificate status of "CN=carol"
10:00:00 05[CFG] <p2s|1> certificate was revoked on Nov 20 10:00:00 UTC 2026, reason: unspecified
10:00:00 05[IKE] <p2s|1> no trusted RSA public key found for 'carol'
10:00:01 06[CFG] <2> looking for peer configs matching 203.0.113.1[203.0.113.1]...192.0.2.130[mallory]
10:00:01 07[CFG] <3> looking for peer configs matching 203.0.113.1[%any]...192.0.2.131[guest]
10:00:01 06[IKE] <p2s|2> no trusted RSA public key found for 'mallory'
10:00:01 08[IKE] <p2s|3> EAP-MS-CHAPv2 verification failed, retry (1)
10:00:02 06[CFG] <4> looking for peer configs matching 203.0.113.1[203.0.113.1]...192.0.2.132[c7]
10:00:02 06[IKE] <p2s|4> no virtual IP found for %any requested by 'c7'
10:00:03 06[CFG] <5> looking for peer configs matching 203.0.113.1[203.0.113.1]...192.0.2.133[lin]
10:00:03 06[IKE] <p2s|5> assigning virtual IP 192.168.0.1 to peer 'lin'
"""
AGAIN = """\
10:01:00 06[CFG] <6> looking for peer configs matching 203.0.113.1[203.0.113.1]...192.0.2.132[c7]
10:01:00 06[IKE] <p2s|6> assigning virtual IP 192.168.0.2 to peer 'c7'
"""


def test_a_gateway_says_why_it_refused_each_client() -> None:
    wanted = {
        "carol": Refusal.REVOKED,
        "mallory": Refusal.UNTRUSTED,
        "guest": Refusal.WRONG_PASSWORD,
        "c7": Refusal.NO_ADDRESS,
    }
    assert refusals(LOG.splitlines()) == wanted


def test_only_the_last_attempt_counts() -> None:
    assert "c7" not in refusals((LOG + AGAIN).splitlines())
