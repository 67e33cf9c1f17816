"""Who is connected, as the lab finds out: what a gateway's log says of refusals, and how that is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from netlab.azure.sessions import NO_ADDRESS, REVOKED, UNTRUSTED, WRONG_PASSWORD
from netlab.azure.world import initial
from netlab.lab.build import clients
from netlab.machine.charon import refusals
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load

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
    wanted = {"carol": REVOKED, "mallory": UNTRUSTED, "guest": WRONG_PASSWORD, "c7": NO_ADDRESS}
    assert refusals(LOG.splitlines()) == wanted


def test_only_the_last_attempt_counts() -> None:
    assert "c7" not in refusals((LOG + AGAIN).splitlines())


@dataclass
class Machine:
    """Who is connected, and whom the gateway refused."""

    connected: set[str]
    refused: dict[str, str] = field(default_factory=dict)

    def installed(self, directory: str, connection: str) -> bool:
        return directory.rpartition("/")[2] in self.connected

    def refusals(self, plan: Plan, vnet: str) -> dict[str, str]:
        return self.refused


SCENARIO = load("p2s-certificates").scenario
PLAN = plan(SCENARIO, "lab")
AS_FORESEEN = {"carol": REVOKED, "mallory": UNTRUSTED}


@pytest.mark.parametrize(
    ("machine", "wrong"),
    [
        (Machine({"alice", "bob"}, AS_FORESEEN), {}),
        (Machine({"alice"}, AS_FORESEEN), {"bob": "no INSTALLED CHILD SA"}),
        (Machine({"alice"}, {**AS_FORESEEN, "bob": REVOKED}), {"bob": f"no INSTALLED CHILD SA: {REVOKED}"}),
        (Machine({"alice", "bob", "carol"}, AS_FORESEEN), {"carol": f"INSTALLED, predicted: {REVOKED}"}),
        (
            Machine({"alice", "bob"}, {"carol": UNTRUSTED, "mallory": UNTRUSTED}),
            {"carol": f"not connected: predicted {REVOKED}, the gateway says {UNTRUSTED}"},
        ),
        (
            Machine({"alice", "bob"}, {"carol": REVOKED}),
            {"mallory": f"not connected: predicted {UNTRUSTED}, the gateway says nothing"},
        ),
    ],
)
def test_a_client_is_connected_or_refused_as_foreseen(machine: Machine, wrong: dict[str, str]) -> None:
    found = list(clients.checks(PLAN, initial(SCENARIO), machine))
    assert [check.name for check in found] == [f"connection {name}" for name in SCENARIO.clients]
    assert {c.name.split()[1]: c.message for c in found if c.status != "passed"} == wrong


def test_a_tunnel_is_told_by_its_client_and_its_gateway() -> None:
    scenario = load("p2s-two-vnets").scenario
    planned = plan(scenario, "lab")
    found = [clients.tunnel_of(planned, scenario, tunnel) for tunnel in initial(scenario).sessions]
    assert found == list(planned.clients)
    assert [client.name for client in found] == ["both", "both-vnet2", "wboth", "wboth-vnet2", "one", "two"]
