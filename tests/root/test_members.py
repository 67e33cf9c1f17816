"""Load balancers on the real kernel: one member for both directions of a flow, and probes that members answer."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from netlab.machine import filters, members, namespaces, network, processes
from netlab.plan.load_balancers import spread
from netlab.plan.model import Plan
from netlab.plan.planner import plan
from netlab.scenario.loader import load

PORTS = range(20_000, 20_200)
APP, DB = "10.1.0.4", "10.2.0.4"


@pytest.fixture
def built(lab: str, prefix: str) -> Plan:
    """The namespaces of a lab with a load balancer, linked and configured; nothing runs in them."""
    found = plan(load("nva-load-balancer").scenario, lab)
    namespaces.create(node.netns for node in found.nodes)
    network.build(found.nodes, found.nodes, found.links)
    return found


def chosen(built: Plan, node: str, ingress: str, source: str, target: str, protocol: str, *, back: bool) -> list[str]:
    """Where the kernel of a fabric sends a packet of each flow: its own choice, by port."""
    ports = (("dport", "sport") if back else ("sport", "dport")) if protocol != "icmp" else ()
    lines = "".join(
        f"route get {target} from {source} iif {ingress} ipproto {protocol}"
        + "".join(f" {key} {value}" for key, value in zip(ports, (port, 7007), strict=False))
        + "\n"
        for port in PORTS
    )
    code, output = processes.run(built.netns(node), ["ip", "-j", "-batch", "-"], lines)
    assert code == 0, output
    return [found["dev"] for found in (json.loads(line)[0] for line in output.splitlines())]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_both_directions_of_a_flow_take_one_member_and_all_members_have_some(built: Plan, protocol: str) -> None:
    """L2, L7; matrix L, rows 1 and 2."""
    there = chosen(built, "spoke1", "v-app", APP, DB, protocol, back=False)
    back = chosen(built, "spoke2", "v-db", DB, APP, protocol, back=True)
    assert there == back
    counts = Counter(there)
    assert counts.keys() == {"n-hub-nva1", "n-hub-nva2"}
    assert min(counts.values()) > len(PORTS) / 4


def test_the_flows_of_a_member_that_stays_stay_with_it(built: Plan) -> None:
    """L11: with three members, those of the two that are up keep their places."""
    before, after = spread("abc", "abc"), spread("abc", "ac")
    assert all(now == then for then, now in zip(before, after, strict=True) if then != "b")


def test_a_member_answers_probes_while_something_listens_and_it_runs(built: Plan) -> None:
    """L9, L10."""
    hub, nva1 = built.netns("hub"), built.netns("hub-nva1")
    assert not members.answers(hub, "10.0.0.4", 22, 0.25)
    with members.answering(nva1, "10.0.0.4", 22) as take:
        for _ in range(200):  # more than may wait: they are taken
            assert members.answers(hub, "10.0.0.4", 22, 0.25)
            take()
        filters.stop(built, ["hub-nva1"])
        assert not members.answers(hub, "10.0.0.4", 22, 0.25)
        filters.start(built, ["hub-nva1"])
        assert members.answers(hub, "10.0.0.4", 22, 0.25)
    assert not members.answers(hub, "10.0.0.4", 22, 0.25)
    assert not members.answers(f"{hub}-gone", "10.0.0.4", 22, 0.25)


def test_two_pools_may_ask_one_member_at_one_port(built: Plan) -> None:
    hub, nva1 = built.netns("hub"), built.netns("hub-nva1")
    with members.answering(nva1, "10.0.0.4", 22) as take, members.answering(nva1, "10.0.0.4", 22) as take_too:
        for _ in range(100):
            assert members.answers(hub, "10.0.0.4", 22, 0.25)
            take_too()
            take()
