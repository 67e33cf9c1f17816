"""Each step of building a lab on the real kernel: taken in order, taken back in reverse, and taken back again."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import pytest

from netlab.api.machine import LINUX
from netlab.lab.build import alive, engine, keys, records
from netlab.machine import clients, daemons, gateways, interfaces, labs, links, processes, sas
from netlab.machine.host import choose_data_plane
from netlab.machine.routes import KernelRoute, routes
from netlab.plan.model import MAIN_TABLE, Plan
from netlab.plan.names import lab_directory
from netlab.plan.planner import plan
from netlab.scenario.loader import parse

# One of everything, and nothing twice.
SCENARIO = """\
name: steps
time_scale: 10
vnets:
  V:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm: {subnet: default}}
    vpn_gateway: {bgp: {asn: 65010}, point_to_site: {address_pool: 192.168.0.0/24}}
sites:
  S: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host: 10.101.0.10}}
connections:
  V-S: {type: IPsec, between: [V, S], enable_bgp: true}
clients:
  win: {os: windows, gateway: V}
  lin: {os: linux, gateway: V}
links:
  S: {rate: 20mbit}
"""


@dataclass(frozen=True)
class Lab:
    """A lab whose run directory is there and of which nothing else is built yet."""

    plan: Plan
    steps: tuple[engine.Step, ...]


@pytest.fixture
def claimed(lab: str, host_unchanged: None) -> Iterator[Lab]:
    loaded = parse(SCENARIO, "steps.yaml")
    plane = choose_data_plane("auto")
    planned = plan(loaded.scenario, lab, plane)
    with records.claimed(lab):
        pass
    try:
        secrets = keys.pre_shared_keys(loaded.scenario, planned.secrets)
        records.write(records.Facts(lab, "steps", plane, 10), loaded.text, secrets)
        yield Lab(planned, engine.steps(planned, loaded.scenario, secrets, LINUX))
    finally:
        engine.down(lab, LINUX)


def test_a_story_is_remembered_wherever_its_writing_is_interrupted(claimed: Lab) -> None:
    """As by a signal, which Python raises before a line: else the lab keeps for good what the story changed."""
    found = records.read(claimed.plan.lab)
    before: list[dict[str, object]] = [{"withdraw": 1}]
    now: list[dict[str, object]] = [*before, {"announce": 2}]
    for lines in itertools.count():
        records.write_story(found, before)
        try:
            with _interrupted_after(lines):
                records.write_story(found, now)
        except KeyboardInterrupt:
            assert records.read_story(found) in (before, now), f"interrupted after {lines} lines"
        else:
            break
    assert lines > 5
    assert records.read_story(found) == now


@contextlib.contextmanager
def _interrupted_after(lines: int) -> Iterator[None]:
    """Raise KeyboardInterrupt before a line of Python, so many lines from here, in whatever is called."""
    left = itertools.count(lines, -1)

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., object]:
        if event == "line" and next(left) == 0:
            raise KeyboardInterrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(previous)


def _routes(lab: Lab, node: str) -> dict[str, KernelRoute]:
    return {route.prefix: route for route in routes(lab.plan.netns(node)) if route.table == 254}


def _daemons(lab: Lab) -> list[str]:
    return sorted(name for _, name in daemons.running(lab.plan.lab))


def _sees_namespaces(lab: Lab) -> bool:
    return set(labs.of(lab.plan.lab)) == {node.netns for node in lab.plan.nodes}


def _sees_network(lab: Lab) -> bool:
    return links.addresses(lab.plan)["v-vm"] == ("10.1.0.4/24",)


def _sees_impairment(lab: Lab) -> bool:
    return "tbf" in processes.run(lab.plan.netns("s-edge"), ["tc", "qdisc", "show", "dev", "wan"], "")[1]


def _sees_daemons(lab: Lab) -> bool:
    return _daemons(lab) == [*["charon-systemd"] * len(lab.plan.charons), *["zebra"] * len(lab.plan.speakers)]


def _sees_all_daemons(lab: Lab) -> bool:
    return sorted(daemons.running(lab.plan.lab)) == sorted((at, name) for _, at, name in alive.expected(lab.plan))


def _sees_tunnels(lab: Lab) -> bool:
    return all(t.interface in interfaces.interface_names(lab.plan.netns(t.node)) for t in lab.plan.tunnels)


def _sees_connections(lab: Lab) -> bool:
    return gateways.offered(lab.plan.servers[0]) == ("10.1.0.0/16", "192.168.0.0/24")


def _sees_controller(lab: Lab) -> bool:
    return "netlab-sdn" in {directory for directory, _ in daemons.running(lab.plan.lab)}


def _sees_security_associations(lab: Lab) -> bool:
    ends = [c for c in lab.plan.charons for item in c.connections if item.name == "V-S"]
    return len(ends) == 2 and all("V-S" in sas.installed(charon.directory) for charon in ends)


def _sees_bgpd(lab: Lab) -> bool:
    return _daemons(lab).count("bgpd") == 2


def _sees_bgp(lab: Lab) -> bool:
    return _routes(lab, "v-gw-0")["10.101.0.0/16"].by_bgp and _routes(lab, "s")["192.168.0.0/24"].by_bgp


def _sees_tables(lab: Lab) -> bool:
    return any(r.prefix == "10.101.0.0/16" and r.table != MAIN_TABLE for r in routes(lab.plan.netns("v")))


def _sees_clients(lab: Lab) -> bool:
    win, lin = (clients.routes(lab.plan, client) for client in lab.plan.clients)
    return win == ("10.1.0.0/16", "192.168.0.0/24") and lin == ("10.1.0.0/16", "10.101.0.0/16", "192.168.0.0/24")


# What shows that a step was taken.
SEEN: dict[str, Callable[[Lab], bool]] = {
    "network namespaces": _sees_namespaces,
    "links, addresses and routes": _sees_network,
    "impaired links": _sees_impairment,
    "IKE and routing daemons": _sees_daemons,
    "tunnel interfaces": _sees_tunnels,
    "keys and connections": _sees_connections,
    "SDN controller": _sees_controller,
    "security associations": _sees_security_associations,
    "BGP daemons": _sees_bgpd,
    "BGP sessions and routes": _sees_bgp,
    "VNet route tables": _sees_tables,
    "point-to-site clients": _sees_clients,
    "daemons at work": _sees_all_daemons,
}


def test_the_scenario_has_every_step(claimed: Lab) -> None:
    assert [step.title for step in claimed.steps] == list(SEEN)


@pytest.mark.parametrize("last", [*list(SEEN)[:-1], pytest.param(list(SEEN)[-1], marks=pytest.mark.data_plane)])
def test_steps_taken_up_to_one_are_taken_back_and_again(claimed: Lab, last: str) -> None:
    taken = claimed.steps[: list(SEEN).index(last) + 1]
    for step in taken:
        step.apply()
    assert SEEN[last](claimed)
    for _ in range(2):
        for step in reversed(taken):
            step.undo()
        assert labs.of(claimed.plan.lab) == ()
        assert processes.under(lab_directory(claimed.plan.lab)) == []


@pytest.mark.data_plane
def test_down_takes_back_a_whole_lab_and_works_again(claimed: Lab) -> None:
    for step in claimed.steps:
        step.apply()
    assert engine.down(claimed.plan.lab, LINUX)
    assert not engine.down(claimed.plan.lab, LINUX)
