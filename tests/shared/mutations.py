"""Ways to change a running lab behind netlab's back, by kind, each with the finding that it must lead to."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import vici
from labs import Lab

from netlab.lab.build import records
from netlab.render import vici as messages

Act = Callable[[Lab], object]


@dataclass(frozen=True)
class Mutation:
    """A change of a lab: a command of the shell in the namespace of a node, or a function; and what is found at a node:
    the type and a part of the object."""

    kind: str
    scenario: str
    node: str
    change: str | Act
    finding: str
    about: str = ""
    at: str = ""

    @property
    def place(self) -> str:
        """Where the finding is."""
        return self.at or self.node

    def make(self, lab: Lab) -> None:
        """Change the lab."""
        if isinstance(self.change, str):
            lab.run(self.node, "sh", "-c", self.change)
        else:
            self.change(lab)

    def __str__(self) -> str:
        return f"{self.kind}: {self.scenario} {self.finding} {self.about} at {self.place}"


def freeze(directory: str, program: str) -> Act:
    """Stop a daemon with a signal: it lives and does nothing."""
    return lambda lab: [os.kill(pid, signal.SIGSTOP) for pid in lab.pids(directory, program)]


def kill(directory: str, program: str) -> Act:
    return lambda lab: lab.kill(directory, program)


def vty(directory: str, daemon: str, *lines: str) -> str:
    """Configure a daemon of FRR."""
    commands = " ".join(f"-c '{line}'" for line in ("configure terminal", *lines))
    return f"vtysh --vty_socket /run/netlab/lab/{directory} -d {daemon} {commands} >/dev/null"


def charon(directory: str, order: Callable[[vici.Session], object]) -> Act:
    """Give a charon an order."""

    def act(lab: Lab) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(lab.directory / directory / "charon.vici"))
            order(vici.Session(connection))

    return act


def renegotiated(connection: str, **other: Any) -> Act:
    """Have the end that initiates ask for something else, and negotiate anew."""

    def act(lab: Lab) -> None:
        plan = records.read(lab.name).plan
        for item in plan.charons:
            for each in item.connections:
                if each.name == connection and each.initiator:
                    changed = messages.connection(replace(each, **other), plan.timers)

                    def order(session: vici.Session, changed: Mapping[str, Any] = changed) -> None:
                        session.load_conn(changed)
                        list(session.terminate({"ike": connection}))
                        list(session.initiate({"ike": connection, "child": connection, "timeout": "20000"}))

                    charon(item.directory.rpartition("/")[2], order)(lab)

    return act


STRAY = "ip link add stray0 type veth peer name stray1 netns nl.lab.site1 && ip link set stray0 up"
# A way around the tunnel, in clear: https://man7.org/linux/man-pages/man8/ip-rule.8.html.
AROUND = """\
ip link add stray0 type veth peer name stray1 netns nl.lab.site1
ip link set stray0 up && ip -n nl.lab.site1 link set stray1 up
ip rule add to 10.101.0.0/16 lookup 999 pref 50
ip route add 10.101.0.0/16 dev stray0 table 999
for a in 10.101.0.10 10.101.0.11; do
    ip neigh add $a lladdr $(ip -n nl.lab.site1 -br link show stray1 | tr -s ' ' | cut -d' ' -f3) dev stray0
done
"""


def drop(what: str) -> str:
    """Drop some of what a node forwards."""
    chain = "add chain ip mine c { type filter hook forward priority 0; }"
    return f"nft 'add table ip mine; {chain}; add rule ip mine c {what} drop'"


Row = tuple[Any, ...]
BY_KIND: Mapping[str, tuple[Row, ...]] = {
    "interfaces added": (
        ("s2s-static", "vnet1-gw-0", STRAY, "interface-extra", "stray0"),
        ("s2s-static", "internet", "ip link add bridge0 type bridge", "interface-extra", "bridge0"),
        ("p2s-isolated-vnet", "lin", "ip tuntap add dev tun9 mode tun", "interface-extra", "tun9"),
        ("vnet-to-vnet", "vnet2", "ip link add v9 type veth peer name v8", "interface-extra", "v9"),
    ),
    "interfaces changed": (
        ("s2s-static", "vnet1-vm1", "ip link set eth0 mtu 1300", "interface-changed", "eth0"),
        ("s2s-static", "vnet1-gw-0", "ip link set t-vnet1-site1 mtu 1200", "interface-changed", "t-vnet1-site1"),
        ("s2s-static", "site1", "ip link set h-listed promisc on", "interface-changed", "h-listed"),
        ("p2s-isolated-vnet", "internet", "ip link set win down", "interface-changed", "win"),
        ("vnet-to-vnet", "vnet2-gw-0", "ip link set t-vnet1-vnet2 down", "interface-changed", "t-vnet1-vnet2"),
        ("s2s-static", "site1-unlisted", "ip link set eth0 address 02:00:00:00:00:04", "interface-changed", "eth0"),
        ("p2s-isolated-vnet", "vnet1", "ip link set v-vm1 arp on", "interface-changed", "v-vm1"),
    ),
    "addresses added": (
        ("s2s-static", "site1", "ip address add 10.1.0.4/32 dev lo", "address-extra", "10.1.0.4/32 at lo"),
        ("p2s-isolated-vnet", "vnet1-vm1", "ip address add 192.168.0.2/32 dev lo", "address-extra", "192.168.0.2/32"),
        ("p2s-isolated-vnet", "win", "ip address add 203.0.113.130/32 dev lo", "address-extra", "203.0.113.130/32"),
        ("vnet-to-vnet", "vnet3-vm3", "ip address add 10.2.0.4/24 dev eth0", "address-extra", "10.2.0.4/24 at eth0"),
    ),
    "addresses removed": (
        ("p2s-isolated-vnet", "vnet1", "ip address del 10.1.0.1/32 dev v-vm1", "address-missing", "10.1.0.1/32"),
        ("p2s-isolated-vnet", "lin", "ip address flush dev ipsec0", "address-missing", "at ipsec0"),
        ("vnet-to-vnet", "vnet2-vm2", "ip address flush dev eth0", "address-missing", "at eth0"),
        ("s2s-active-active", "vnet1-vm1", "ip address del 127.0.0.1/8 dev lo", "address-missing", "127.0.0.1/8 at lo"),
    ),
    "rules": (
        (
            "s2s-static",
            "vnet1-gw-0",
            "ip rule add to 10.101.0.0/16 lookup 999 pref 5",
            "rule-extra",
            "5: from all to 10.101",
        ),
        (
            "s2s-static",
            "vnet1-vm1",
            "ip rule add iif eth0 tos 4 lookup main pref 7",
            "rule-extra",
            "7: from all iif eth0",
        ),
        ("p2s-isolated-vnet", "win", "ip rule del pref 100", "rule-missing", "100: from all to"),
        ("vnet-to-vnet", "vnet3", "ip rule add from 10.3.0.4 blackhole pref 9", "rule-extra", "9: from 10.3.0.4/32"),
    ),
    "routes added": (
        (
            "s2s-static",
            "vnet1-gw-0",
            "ip route add 8.8.8.0/24 dev t-vnet1-site1",
            "route-extra",
            "8.8.8.0/24 table 254",
        ),
        (
            "s2s-static",
            "site1",
            "ip route add local 10.1.0.0/16 dev lo table local",
            "route-extra",
            "10.1.0.0/16 table 255",
        ),
        ("s2s-static", "vnet1", "ip route add 198.51.100.0/24 dev v-vm1 table 999", "route-extra", "198.51.100.0/24"),
        (
            "p2s-branch-bgp",
            "vnet1-gw-0",
            "ip route add 8.8.8.0/24 dev t-vnet1-site1",
            "route-extra",
            "8.8.8.0/24",
            "vnet1",
        ),
        ("p2s-isolated-vnet", "lin", "ip route add 10.99.0.0/16 dev ipsec0 table 220", "route-extra", "10.99.0.0/16"),
    ),
    "routes removed or changed": (
        ("s2s-static", "site1", "ip route flush dev h-unlisted", "route-missing", "table 254"),
        ("vnet-to-vnet", "vnet3-vm3", "ip route del default", "route-missing", "0.0.0.0/0"),
        ("s2s-active-active", "site1-h1", "ip route replace unreachable default", "route-changed", "0.0.0.0/0"),
        ("udr-nva", "vnet1-app", "ip route append default dev eth0 mtu 600 metric 5", "route-extra", "0.0.0.0/0"),
    ),
    "neighbours": (
        (
            "s2s-static",
            "vnet1-gw-0",
            "ip neigh add 10.1.255.1 lladdr 02:00:00:00:00:01 dev eth0",
            "neighbour-extra",
            "10.1",
        ),
        ("s2s-static", "vnet1", "ip neigh add proxy 10.9.9.9 dev v-vm1", "neighbour-extra", "10.9.9.9 at v-vm1"),
        (
            "udr-nva",
            "vnet1",
            "ip neigh replace 10.1.2.4 lladdr 02:00:00:00:00:02 dev v-fw nud stale",
            "neighbour-extra",
            "v-fw",
        ),
        (
            "p2s-branch-bgp",
            "site1-host1",
            "ip neigh add 10.101.0.1 lladdr 02:00:00:00:00:01 dev eth0",
            "neighbour-extra",
        ),
        (
            "p2s-branch-bgp",
            "vnet1",
            "ip neigh replace 10.1.0.4 lladdr 02:00:00:00:00:03 dev v-vm1 nud noarp",
            "neighbour-extra",
            "10.1.0.4 at v-vm1",
        ),
    ),
    "queues": (
        (
            "s2s-static",
            "vnet1-vm1",
            "tc qdisc add dev eth0 root tbf rate 1mbit burst 10kb latency 50ms",
            "queue-changed",
        ),
        ("s2s-static", "site1", "tc qdisc add dev wan clsact", "queue-extra", "wan parent"),
        (
            "s2s-static",
            "internet",
            "tc qdisc add dev site1-edge root pfifo limit 1",
            "queue-changed",
            "site1-edge root",
        ),
        (
            "s2s-static",
            "vnet1-gw-0",
            "tc qdisc replace dev t-vnet1-site1 root pfifo limit 1",
            "queue-changed",
            "t-vnet1",
        ),
    ),
    "settings": (
        ("s2s-static", "vnet1-vm1", "sysctl -qw net.ipv4.conf.eth0.rp_filter=1", "setting-changed", "ipv4/conf/eth0"),
        ("s2s-static", "vnet1-vm1", "sysctl -qw net.ipv4.ip_forward=1", "setting-changed", "ipv4/ip_forward"),
        ("s2s-static", "site1-edge", "sysctl -qw net.ipv4.conf.all.rp_filter=1", "setting-changed", "all/rp_filter"),
        ("s2s-static", "vnet1", "sysctl -qw net.ipv4.conf.v-vm1.proxy_arp=1", "setting-changed", "ipv4/conf/v-vm1"),
        ("udr-nva", "vnet1-fw", "sysctl -qw net.ipv4.ip_forward=0", "setting-changed", "ipv4/ip_forward"),
    ),
    "filters": (
        ("s2s-static", "vnet1-vm1", "nft add table ip mine", "filter-extra", "table ip mine"),
        ("s2s-static", "vnet1", "nft flush chain ip netlab forward", "filter-changed", "table ip netlab chain forward"),
        ("s2s-static", "site1-edge", "nft add chain ip netlab mine", "filter-extra", "table ip netlab chain mine"),
        ("s2s-static", "vnet1-gw-0", "nft add rule ip ttl most drop", "filter-changed", "table ip ttl chain most"),
        ("udr-nva", "vnet1", "nft delete table ip ttl", "filter-missing", "table ip ttl"),
    ),
    "partial blackholes": (
        ("vnet-to-vnet", "vnet1", drop("tcp dport != 7"), "filter-extra", "table ip mine chain c"),
        ("vnet-to-vnet", "vnet2", drop("ip length 1000-65535"), "filter-extra", "table ip mine chain c"),
        ("udr-nva", "vnet1-fw", drop("icmp type destination-unreachable"), "filter-extra", "mine chain c"),
        ("s2s-active-active", "vnet1-gw-0", drop("udp dport 53"), "filter-extra", "table ip mine chain c"),
    ),
    "namespaces": (
        ("s2s-static", "internet", "ip netns add nl.lab.foreign", "namespace-extra", "nl.lab.foreign", "foreign"),
        (
            "p2s-isolated-vnet",
            "internet",
            "ip netns delete nl.lab.vnet1-vm2",
            "namespace-missing",
            "vnet1-vm2",
            "vnet1-vm2",
        ),
        ("expressroute", "internet", "ip netns delete nl.lab.other-db", "namespace-missing", "other-db", "other-db"),
        ("p2s-branch-bgp", "internet", "ip netns add nl.lab.win2", "namespace-extra", "nl.lab.win2", "win2"),
    ),
    "daemons that hang": (
        ("p2s-multi-vnet-branch-bgp", "site1", freeze("site1", "zebra"), "daemon-hung", "zebra"),
        ("p2s-multi-vnet-branch-bgp", "vnet2-gw-0", freeze("vnet2-gw-0", "bgpd"), "daemon-hung", "bgpd"),
        ("p2s-multi-vnet-branch-bgp", "win", freeze("win", "charon-systemd"), "daemon-hung", "charon-systemd"),
        ("p2s-isolated-vnet", "the lab", freeze("netlab-sdn", "netlab-sdn"), "daemon-hung", "netlab-sdn"),
    ),
    "daemons that are dead": (
        ("expressroute", "circuit1-msee-0", kill("circuit1-msee-0", "bgpd"), "daemon-dead", "bgpd"),
        ("expressroute", "vnet1-er-1", kill("vnet1-er-1", "zebra"), "daemon-dead", "zebra"),
        ("p2s-multi-vnet-branch-bgp", "lin", kill("lin", "charon-systemd"), "daemon-dead", "charon-systemd"),
        ("udr-nva", "the lab", kill("netlab-sdn", "netlab-sdn"), "daemon-dead", "netlab-sdn"),
    ),
    "BGP": (
        (
            "p2s-branch-bgp",
            "site1",
            vty("site1", "bgpd", "router bgp 65101", "neighbor 10.1.255.30 timers 9 30"),
            "bgpd-extra",
            "timers 9 30",
        ),
        (
            "p2s-branch-bgp",
            "vnet1-gw-0",
            vty("vnet1-gw-0", "bgpd", "route-map mine permit 10", "set metric 7"),
            "bgpd-extra",
            "set metric 7",
        ),
        (
            "s2s-active-active",
            "vnet1-gw-1",
            vty("vnet1-gw-1", "bgpd", "router bgp 65010", "address-family ipv4 unicast", "network 10.200.0.0/16"),
            "bgpd-extra",
            "network 10.200.0.0/16",
        ),
        (
            "expressroute",
            "vnet1-er-0",
            vty("vnet1-er-0", "bgpd", "router bgp 65515", "neighbor 192.88.99.233 weight 9"),
            "bgpd-extra",
            "weight 9",
        ),
    ),
    "IKE connections": (
        (
            "p2s-branch-bgp",
            "vnet1-gw-0-edge-vnet1-site1",
            charon("vnet1-gw-0-edge-vnet1-site1", lambda s: s.unload_conn({"name": "VNet1-Site1"})),
            "connection-missing",
        ),
        (
            "p2s-branch-bgp",
            "lin",
            charon("lin", lambda s: s.load_conn({"mine": {"remote_addrs": ["192.0.2.1"]}})),
            "connection-extra",
            "mine",
        ),
        (
            "vnet-to-vnet",
            "vnet1-gw-0-edge-vnet1-vnet2",
            renegotiated("VNet1-VNet2", child_lifetime=3600),
            "connection-changed",
            "lifetime",
        ),
        (
            "s2s-active-active",
            "vnet1-gw-0-edge-vnet1-site1-0",
            charon("vnet1-gw-0-edge-vnet1-site1-0", lambda s: s.load_conn({"mine": {"version": "1"}})),
            "connection-extra",
        ),
    ),
    "SAs": (
        (
            "vnet-to-vnet",
            "vnet3-gw-0-edge-vnet2-vnet3",
            renegotiated("VNet2-VNet3", esp_proposals=("aes128-sha1",)),
            "sa-changed",
            "CHILD SA of VNet2-VNet3",
        ),
        (
            "udr-nva",
            "site1-edge-vnet1-site1",
            renegotiated("VNet1-Site1", esp_proposals=("aes256-sha1",)),
            "sa-changed",
        ),
        (
            "s2s-active-active",
            "site1-edge-vnet1-site1-0",
            renegotiated("VNet1-Site1-0", ike_proposals=("aes128-sha1-modp1024",)),
            "sa-changed",
            "IKE SA of VNet1-Site1-0",
        ),
        (
            "s2s-active-active",
            "site2-edge-vnet1-site2-1",
            renegotiated("VNet1-Site2-1", esp_proposals=("3des-sha1",)),
            "sa-changed",
            "CHILD SA of VNet1-Site2-1",
        ),
    ),
}


def _mutations() -> Iterator[Mutation]:
    for kind, rows in BY_KIND.items():
        for row in rows:
            yield Mutation(kind, *row)


MUTATIONS = tuple(_mutations())
