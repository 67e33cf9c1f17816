"""Who is connected, or refused, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from netlab.azure.moments import initial
from netlab.azure.p2s.refusals import REVOKED, UNTRUSTED
from netlab.lab.build.clients import tunnel_of
from netlab.lab.measure.checks.clients import check
from netlab.machine.admission import Refusal
from netlab.plan.model import Client, Plan, Server
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.network import resolve


@dataclass
class Clients:
    """Who is connected, and whom the gateway refused."""

    connected: set[str]
    refused: dict[str, Refusal] = field(default_factory=dict)
    at_proxy: dict[str, Refusal] = field(default_factory=dict)

    def state(self, client: Client) -> str:
        return "INSTALLED" if client.node in self.connected else ""

    def refusals(self, plan: Plan, server: Server) -> dict[str, Refusal]:
        return self.refused

    def refusal(self, client: Client) -> Refusal | None:
        return self.at_proxy.get(client.node)


SCENARIO = load("p2s-certificates").scenario
PLAN = plan(SCENARIO, "lab")
AS_FORESEEN = {"carol": Refusal.REVOKED, "mallory": Refusal.UNTRUSTED}


@pytest.mark.parametrize(
    ("clients", "wrong"),
    [
        (Clients({"alice", "bob"}, AS_FORESEEN), {}),
        (Clients({"alice"}, AS_FORESEEN), {"bob": "no tunnel"}),
        (Clients({"alice"}, {**AS_FORESEEN, "bob": Refusal.REVOKED}), {"bob": f"no tunnel: {REVOKED}"}),
        (Clients({"alice", "bob", "carol"}, AS_FORESEEN), {"carol": f"INSTALLED, predicted: {REVOKED}"}),
        (
            Clients({"alice", "bob"}, {"carol": Refusal.UNTRUSTED, "mallory": Refusal.UNTRUSTED}),
            {"carol": f"not connected: predicted {REVOKED}, it was refused for: {UNTRUSTED}"},
        ),
        (
            Clients({"alice", "bob"}, {"carol": Refusal.REVOKED}),
            {"mallory": f"not connected: predicted {UNTRUSTED}, it was refused for: nothing"},
        ),
    ],
)
def test_a_client_is_connected_or_refused_as_foreseen(clients: Clients, wrong: dict[str, str]) -> None:
    found = list(check(PLAN, initial(SCENARIO), clients))
    assert [check.name for check in found] == [f"connection {name}" for name in SCENARIO.clients]
    assert {c.name.split()[1]: c.message for c in found if c.status != "passed"} == wrong
    assert {(f.node, f.object, f.message) for c in found for f in c.findings} == {
        (node, name, message) for name, message in wrong.items() for node in (name, "vnet1-gw-0")
    }


@pytest.mark.parametrize(
    ("at_proxy", "wrong"),
    [
        ({"dee": Refusal.PROXY_PASSWORD, "ed": Refusal.PROXY_PORT}, []),
        ({"dee": Refusal.PROXY_PORT, "ed": Refusal.PROXY_PORT}, ["dee"]),
        ({"dee": Refusal.PROXY_PASSWORD}, ["ed"]),
        ({}, ["dee", "ed"]),
    ],
)
def test_a_client_is_refused_at_its_proxy_as_foreseen(at_proxy: dict[str, Refusal], wrong: list[str]) -> None:
    scenario = load("p2s-sstp-through-proxy").scenario
    clients = Clients({"ann", "abe", "alice", "bob", "cy"}, {}, at_proxy)
    found = check(plan(scenario, "lab"), initial(scenario), clients)
    assert [c.name.split()[1] for c in found if c.status != "passed"] == wrong


def test_a_tunnel_is_told_by_its_client_and_its_gateway() -> None:
    scenario = load("p2s-two-vnets").scenario
    planned = plan(scenario, "lab")
    found = [tunnel_of(planned, tunnel) for tunnel in resolve(scenario).client_tunnels.values()]
    assert found == list(planned.clients)
    assert [client.name for client in found] == ["both", "both-vnet2", "wboth", "wboth-vnet2", "one", "two"]


def test_the_tunnel_type_that_came_up_is_said_with_what_stopped_those_before() -> None:
    """P7: Windows tries IKEv2, then SSTP."""
    scenario = load("p2s-sstp-through-proxy").scenario
    clients = Clients({"ann", "abe", "alice", "bob", "cy"}, {}, {"dee": Refusal.PROXY_PASSWORD})
    said = {c.name.split()[1]: c.message for c in check(plan(scenario, "lab"), initial(scenario), clients)}
    stopped = "SSTP after IkeV2: the network that it is in does not let its tunnel out"
    assert said["ann"] == "INSTALLED"
    assert said["alice"] == f"INSTALLED; {stopped}"
    assert said["cy"] == f"INSTALLED; {stopped}"
    assert said["dee"].endswith(f"gives none; {stopped}")
    assert "after" not in said["oscar"]
