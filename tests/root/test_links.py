"""Links, addresses, settings and filters of a plan on the real kernel."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

import pytest
from inside import ip

from netlab.errors import BuildError
from netlab.machine import (
    interfaces,
    inventory,
    namespaces,
    network,
    processes,
    routes,
)
from netlab.plan.model import MAIN_TABLE, InitiatorOnly, Interface, Link, Node, Route, Rule

SILENT = InitiatorOnly("c", "192.0.2.9")


def tiny(prefix: str) -> tuple[tuple[Node, ...], tuple[Link, ...]]:
    """A router with a bridge, a rule and a filter, and a host behind it."""
    router = Node(
        "router",
        "vnet",
        f"{prefix}router",
        "R",
        loopback=("192.0.2.1/32",),
        bridges=(("lan0", "10.9.0.1/24"),),
        routes=(
            Route("10.1.0.4/32", "v-host", table=1000),
            Route("10.0.0.0/8", type="blackhole", table=1000, metric=30),
            Route("10.2.0.0/16", "v-host", via="10.1.0.4"),
        ),
        rules=(
            Rule(1000, 1000, iif="v-host"),
            Rule(1001, 1000, source="10.7.0.0/16", destination="10.8.0.1/32"),
        ),
        answers_ping=False,
        nftables=(SILENT,),
    )
    host = Node(
        "host",
        "vm",
        f"{prefix}host",
        "R",
        routes=(Route("0.0.0.0/0", "eth0", via="10.1.0.1", source="10.1.0.4"),),
        forwarding=False,
    )
    link = Link(
        Interface("host", "eth0", "eth0", ("10.1.0.4/24",)),
        Interface("router", "v-host", "v-the-host-with-a-long-name", ("10.1.0.1/32",)),
    )
    return (router, host), (link,)


def build(nodes: tuple[Node, ...], links: tuple[Link, ...]) -> None:
    namespaces.create(node.netns for node in nodes)
    network.build(nodes, nodes, links)


def sysctl(netns: str, key: str) -> str:
    return namespaces.run_in(netns, Path("/proc/sys/net", key).read_text).strip()


def test_a_plan_is_built_as_it_says(prefix: str) -> None:
    build(*tiny(prefix))
    router, host = f"{prefix}router", f"{prefix}host"
    assert interfaces.addresses([router, host]) == {
        router: ("192.0.2.1/32", "10.1.0.1/32", "10.9.0.1/24"),
        host: ("10.1.0.4/24",),
    }
    found = {(r.table, r.prefix): r for r in routes.routes(router)}
    assert found[1000, "10.1.0.4/32"].devices == ("v-host",)
    assert (found[1000, "10.0.0.0/8"].type, found[1000, "10.0.0.0/8"].metric) == ("blackhole", 30)
    assert found[MAIN_TABLE, "10.2.0.0/16"].via == ("10.1.0.4",)
    (default,) = routes.routes(host)
    assert (default.prefix, default.via, default.devices, default.source) == (
        "0.0.0.0/0",
        ("10.1.0.1",),
        ("eth0",),
        "10.1.0.4",
    )
    assert [rule for rule in routes.rules(router) if rule[1] == 1000] == [("v-host", 1000), ("", 1000)]
    assert ip(router, "link", "show", "v-the-host-with-a-long-name")[0]["ifname"] == "v-host"
    assert ip(router, "rule", "show", "priority", "1001")[0] == {
        "priority": 1001,
        "src": "10.7.0.0",
        "srclen": 16,
        "dst": "10.8.0.1",
        "table": "1000",
    }


def test_nothing_is_on_link(prefix: str) -> None:
    """R112: an address with a prefix brings no route to the prefix."""
    build(*tiny(prefix))
    assert {route.prefix for route in routes.routes(f"{prefix}host")} == {"0.0.0.0/0"}


def test_both_ends_of_a_link_have_its_address_and_no_arp(prefix: str) -> None:
    nodes, (link,) = tiny(prefix)
    build(nodes, (link,))
    for netns, name in ((f"{prefix}host", "eth0"), (f"{prefix}router", "v-host")):
        (found,) = ip(netns, "link", "show", name)
        assert found["address"] == link.hardware
        assert {"NOARP", "UP"} <= set(cast("list[str]", found["flags"]))


def test_a_link_leads_to_more_addresses_than_the_machine_has_neighbours(prefix: str) -> None:
    """All namespaces of a machine share one ARP table of 1,024 entries; what finds no place in it is lost."""
    count = 3_000
    (router, host), links = tiny(prefix)
    build((replace(router, routes=(*router.routes, Route("10.64.0.0/10", "v-host"))), host), links)

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind(("10.1.0.1", 0))
            for number in range(count):
                out.sendto(b"", (str(IPv4Address("10.64.0.1") + number), 9))

    def received() -> int:
        (found,) = ip(f"{prefix}host", "-s", "link", "show", "eth0")
        return cast("dict[str, Any]", found)["stats64"]["rx"]["packets"]

    before = received()
    namespaces.run_in(f"{prefix}router", send)
    assert received() - before == count


def test_how_often_the_arp_table_was_full_is_what_ip_says(netns: str) -> None:
    """The machine's count, in whichever namespace it is read."""
    code, output = processes.run(netns, ["ip", "-s", "ntable", "show", "name", "arp_cache"], "")
    assert code == 0
    said = re.findall(r"table_fulls (\d+)", output)
    assert [str(inventory.overflows())] == said
    assert [str(namespaces.run_in(netns, inventory.overflows))] == said


def test_sysctls_are_set_inside_and_only_there(prefix: str) -> None:
    build(*tiny(prefix))
    router, host = f"{prefix}router", f"{prefix}host"
    assert (sysctl(router, "ipv4/ip_forward"), sysctl(host, "ipv4/ip_forward")) == ("1", "0")
    assert (sysctl(router, "ipv4/icmp_echo_ignore_all"), sysctl(host, "ipv4/icmp_echo_ignore_all")) == ("1", "0")
    for interface in ("all", "default", "eth0"):
        assert sysctl(host, f"ipv4/conf/{interface}/rp_filter") == "0"


def test_the_filter_is_loaded_inside_and_only_there(prefix: str) -> None:
    build(*tiny(prefix))
    assert "table ip initiator-only-c" in processes.run(f"{prefix}router", ["nft", "list", "ruleset"], "")[1]
    assert processes.run(f"{prefix}host", ["nft", "list", "ruleset"], "") == (0, "")


def test_a_filter_that_nft_refuses_names_the_node(prefix: str) -> None:
    (router, host), links = tiny(prefix)
    with pytest.raises(BuildError, match=r"^router: nft: .*syntax error"):
        build((replace(router, nftables=(replace(SILENT, peer="nonsense {"),)), host), links)


def test_a_route_that_the_kernel_refuses_names_the_node_and_the_route(prefix: str) -> None:
    (router, host), links = tiny(prefix)
    # The kernel refuses a next hop that is its own address.
    with pytest.raises(BuildError, match=r"^host: Route\(prefix='10\.5\.0\.0/16'.*Invalid argument"):
        build((router, replace(host, routes=(Route("10.5.0.0/16", "eth0", via="10.1.0.4"),))), links)


def test_an_interface_that_is_there_twice_names_both_nodes(prefix: str) -> None:
    nodes, links = tiny(prefix)
    with pytest.raises(BuildError, match=r"^host: veth eth0 to router: .*File exists"):
        build(nodes, (*links, *links))
