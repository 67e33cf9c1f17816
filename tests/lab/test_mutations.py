"""A lab that is changed behind its back: `verify` is red, and names the node and the type of what was changed.

CI changes one lab of each scenario in many ways at once, and each change must be named. `make attack` makes each of
them alone, in a lab of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pytest
from labs import NETLAB, Lab, Report, ended_well, up

ALONE = "NETLAB_ATTACK" in os.environ


@dataclass(frozen=True)
class Mutation:
    """A command of the shell in the namespace of a node, and the finding that it must lead to."""

    scenario: str
    node: str
    command: str
    finding: str
    about: str = ""
    # Where the finding is, if not at the node itself.
    at: str = ""

    @property
    def kind(self) -> str:
        return self.finding.partition("-")[0]

    def __str__(self) -> str:
        return f"{self.scenario}: {self.command} at {self.node}"


def of(scenario: str, *rows: tuple[str, ...]) -> Iterator[Mutation]:
    return (Mutation(scenario, *row) for row in rows)


def freeze(directory: str, program: str) -> str:
    """Stop the process of a name that works in a directory of the lab's."""
    here = f'[ "$(readlink $p/cwd)" = /run/netlab/lab/{directory} ] && [ "$(cat $p/comm)" = {program} ]'
    return f"for p in /proc/[0-9]*; do {here} && kill -STOP ${{p#/proc/}}; done; true"


STRAY = "ip link add stray0 type veth peer name stray1 netns nl.lab.site1 && ip link set stray0 up"
MUTATIONS = (
    *of(
        "s2s-static",
        ("vnet1-gw-0", STRAY, "interface-extra", "stray0"),
        (
            "vnet1-gw-0",
            "ip rule add to 10.101.0.0/16 lookup 999 pref 50",
            "rule-extra",
            "50: from all to 10.101.0.0/16",
        ),
        ("vnet1-gw-0", "ip route add 8.8.8.0/24 dev t-vnet1-site1", "route-extra", "8.8.8.0/24 table 254"),
        ("vnet1", "ip route add 198.51.100.0/24 dev v-vm1 table 999", "route-extra", "198.51.100.0/24 table 999"),
        ("site1", "ip route add local 10.1.0.0/16 dev lo table local", "route-extra", "10.1.0.0/16 table 255"),
        ("vnet1-vm1", "ip address add 10.1.0.99/32 dev lo", "address-extra", "10.1.0.99/32 at lo"),
        ("site1", "ip address add 10.1.0.4/32 dev lo", "address-extra", "10.1.0.4/32 at lo"),
        ("vnet1-vm1", "ip link set eth0 mtu 1300", "interface-changed", "eth0"),
        ("vnet1-gw-0", "ip link set t-vnet1-site1 mtu 1200", "interface-changed", "t-vnet1-site1"),
        ("internet", "ip link add bridge0 type bridge", "interface-extra", "bridge0"),
        ("vnet1-vm1", "sysctl -qw net.ipv4.conf.eth0.rp_filter=1", "setting-changed", "ipv4/conf/eth0"),
        ("vnet1-vm1", "sysctl -qw net.ipv4.ip_forward=1", "setting-changed", "ipv4/ip_forward"),
        ("site1-edge", "sysctl -qw net.ipv4.conf.all.rp_filter=1", "setting-changed", "ipv4/conf/all/rp_filter"),
        ("vnet1", "sysctl -qw net.ipv4.conf.v-vm1.proxy_arp=1", "setting-changed", "ipv4/conf/v-vm1"),
        ("vnet1-vm1", "nft add table ip mine", "filter-extra", "table ip mine"),
        ("vnet1", "nft flush chain ip netlab forward", "filter-changed", "table ip netlab chain forward"),
        ("site1-edge", "nft add chain ip netlab mine", "filter-extra", "table ip netlab chain mine"),
        ("vnet1-gw-0", "nft add rule ip ttl most drop", "filter-changed", "table ip ttl chain most"),
        (
            "vnet1-vm1",
            "tc qdisc add dev eth0 root tbf rate 1mbit burst 10kb latency 50ms",
            "queue-changed",
            "eth0 root",
        ),
        ("site1", "tc qdisc add dev wan clsact", "queue-extra", "wan parent"),
        ("vnet1-gw-0", "ip neigh add 10.1.255.1 lladdr 02:00:00:00:00:01 dev eth0", "neighbour-extra", "10.1.255.1"),
        ("vnet1", "ip neigh add proxy 10.9.9.9 dev v-vm1", "neighbour-extra", "10.9.9.9 at v-vm1"),
        ("internet", "ip netns add nl.lab.foreign", "namespace-extra", "nl.lab.foreign", "foreign"),
    ),
    *of(
        "p2s-isolated-vnet",
        ("internet", "ip netns delete nl.lab.vnet1-vm2", "namespace-missing", "nl.lab.vnet1-vm2", "vnet1-vm2"),
        ("vnet1-vm1", "ip address add 192.168.0.2/32 dev lo", "address-extra", "192.168.0.2/32 at lo"),
    ),
    *of(
        "p2s-multi-vnet-branch-bgp",
        ("vnet1-gw-0", "ip route add 8.8.8.0/24 dev t-vnet1-vnet2", "route-extra", "8.8.8.0/24 table 254"),
        ("vnet1", "true", "route-extra", "8.8.8.0/24 table"),
        ("site1", freeze("site1", "zebra"), "daemon-hung", "zebra"),
        ("vnet2-gw-0", freeze("vnet2-gw-0", "bgpd"), "daemon-hung", "bgpd"),
        ("win", freeze("win", "charon-systemd"), "daemon-hung", "charon-systemd"),
        ("internet", freeze("netlab-sdn", "netlab-sdn"), "daemon-hung", "netlab-sdn", "the lab"),
    ),
)


def red(lab: Lab) -> Report:
    """What `verify` says of a lab in which it finds something wrong, or that it cannot measure everywhere."""
    done = subprocess.run(
        [NETLAB, "verify", lab.name, "-f", "json"], cwd="/", capture_output=True, text=True, check=False
    )
    ended_well(done, 1, 4)
    report: Report = json.loads(done.stdout)
    assert report["summary"]["failed"] > 0
    return report


def assert_found(mutation: Mutation, report: Report) -> None:
    found = [f for step in report["steps"] for check in step["checks"] for f in check["findings"]]
    place = mutation.at or mutation.node
    here = [f for f in found if (f["type"], f["node"]) == (mutation.finding, place) and mutation.about in f["object"]]
    assert here, f"{mutation}: no {mutation.finding} of {mutation.about} at {place} in {found}"


BY_SCENARIO = {name: tuple(group) for name, group in groupby(MUTATIONS, lambda mutation: mutation.scenario)}


@pytest.mark.skipif(ALONE, reason="each alone")
@pytest.mark.parametrize("scenario", BY_SCENARIO)
def test_each_of_many_changes_is_named(scenario: str) -> None:
    with up(scenario, "lab") as lab:
        for mutation in BY_SCENARIO[scenario]:
            lab.run(mutation.node, "sh", "-c", mutation.command)
        report = red(lab)
    for mutation in BY_SCENARIO[scenario]:
        assert_found(mutation, report)


@pytest.mark.skipif(not ALONE, reason="takes long: make attack")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_change_is_named(mutation: Mutation) -> None:
    with up(mutation.scenario, "lab") as lab:
        lab.run(mutation.node, "sh", "-c", mutation.command)
        assert_found(mutation, red(lab))
