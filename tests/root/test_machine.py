"""The machine, piece by piece, on the real kernel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

import pytest

from netlab.api import controller
from netlab.errors import BuildError, ConvergeError, LabError
from netlab.lab.build import records
from netlab.lab.story import failover
from netlab.machine import (
    charon,
    daemons,
    flushing,
    frr,
    interfaces,
    inventory,
    namespaces,
    network,
    processes,
    routes,
    tunnels,
)
from netlab.machine.routes import KernelRoute
from netlab.machine.waiting import wait_until
from netlab.machine.watch import RouteWatch
from netlab.plan.model import MAIN_TABLE, InitiatorOnly, Interface, Link, Node, Plan, Route, Rule, Tunnel
from netlab.plan.names import lab_directory
from netlab.plan.planner import plan
from netlab.render import text, vici
from netlab.scenario.loader import load


@pytest.fixture
def prefix(lab: str, host_unchanged: None) -> Iterator[str]:
    """The beginning of the names of a test's namespaces; whatever has it is removed."""
    found = f"nl.{lab}."
    yield found
    namespaces.remove(namespaces.existing(found))


@pytest.fixture
def netns(prefix: str) -> str:
    """A namespace."""
    name = f"{prefix}one"
    namespaces.create([name])
    return name


def ip(netns: str, *words: str) -> list[dict[str, object]]:
    """What `ip -j` prints inside a namespace."""
    code, output = processes.run(netns, ["ip", "-j", *words], "")
    assert code == 0, output
    found: list[dict[str, object]] = json.loads(output or "[]")
    return found


# --- namespaces -----------------------------------------------------------------------------------------------------


def test_namespaces_are_made_entered_and_removed(prefix: str) -> None:
    names = (f"{prefix}a", f"{prefix}b")
    host = os.stat("/proc/self/ns/net").st_ino
    namespaces.create(names)
    assert namespaces.existing(prefix) == names
    inodes = namespaces.for_each(names, lambda _: os.stat("/proc/thread-self/ns/net").st_ino)
    assert inodes == [namespaces.inode(name) for name in names]
    assert len({host, *inodes}) == 3
    assert os.stat("/proc/thread-self/ns/net").st_ino == host, "this thread stayed where it was"
    namespaces.remove(names)
    assert namespaces.existing(prefix) == ()
    assert namespaces.inode(names[0]) == 0


def test_a_namespace_that_exists_is_not_made_again(netns: str) -> None:
    before = namespaces.inode(netns)
    with pytest.raises(BuildError, match=f"network namespace {netns}: File exists"):
        namespaces.create([netns])
    assert namespaces.inode(netns) == before


def test_a_name_that_is_no_file_name_is_refused(prefix: str) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        namespaces.create([f"{prefix}no/such"])
    with pytest.raises(BuildError, match="File name too long"):
        namespaces.create([prefix + "x" * 255])


def test_half_made_namespaces_are_found_and_removed(prefix: str) -> None:
    """A file that nothing is mounted on: `up` was killed between the two."""
    half = f"{prefix}half"
    namespaces.NETNS_ROOT.mkdir(exist_ok=True)
    (namespaces.NETNS_ROOT / half).touch()
    assert namespaces.existing(prefix) == (half,)
    with pytest.raises(BuildError):
        namespaces.create([half])
    with pytest.raises(BuildError, match=f"enter network namespace {half}: Invalid argument"):
        namespaces.run_in(half, lambda: None)
    namespaces.remove([half])
    assert namespaces.existing(prefix) == ()


def test_removing_what_is_not_there_is_no_error(prefix: str) -> None:
    namespaces.remove([f"{prefix}nothing"])
    namespaces.remove([])


def test_entering_what_is_not_there_is_an_error_and_makes_nothing(prefix: str) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        namespaces.run_in(f"{prefix}typo", lambda: None)
    assert namespaces.existing(prefix) == ()


def test_a_namespace_with_a_process_in_it_can_be_removed(netns: str, tmp_path: Path) -> None:
    sleeper = processes.start(["sleep", "1000"], str(tmp_path), netns)
    try:
        assert processes.inside([netns]) == [sleeper]
        with (namespaces.NETNS_ROOT / netns).open():
            namespaces.remove([netns])
        assert namespaces.existing(netns) == ()
    finally:
        assert processes.stop([sleeper]) == []


# --- links, addresses, routes ---------------------------------------------------------------------------------------

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
    network.build(nodes, links)


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


# --- changing routes ------------------------------------------------------------------------------------------------

ROUTES = (
    Route("10.2.0.0/16", "lo"),
    Route("10.3.0.0/16", type="blackhole", table=1000, metric=30),
    Route("10.4.0.0/16", type="unreachable"),
)


def present(netns: str) -> dict[str, tuple[str, int, int]]:
    return {r.prefix: (r.type, r.table, r.protocol) for r in routes.routes(netns)}


def test_routes_are_added_and_deleted_and_twice_is_no_error(netns: str) -> None:
    ip(netns, "link", "set", "lo", "up")
    expected = {
        "10.2.0.0/16": ("unicast", MAIN_TABLE, routes.RTPROT_NETLAB),
        "10.3.0.0/16": ("blackhole", 1000, routes.RTPROT_NETLAB),
        "10.4.0.0/16": ("unreachable", MAIN_TABLE, routes.RTPROT_NETLAB),
    }
    for _ in range(2):
        routes.set_routes(netns, ROUTES, (), routes.RTPROT_NETLAB)
        assert present(netns) == expected
    for _ in range(2):
        routes.set_routes(netns, (), ROUTES, routes.RTPROT_NETLAB)
        assert present(netns) == {}


def test_a_route_is_deleted_whoever_made_it(netns: str) -> None:
    """`up` makes the first ones, the SDN controller replaces them."""
    ip(netns, "link", "set", "lo", "up")
    routes.set_routes(netns, ROUTES, ())
    routes.set_routes(netns, (), ROUTES, routes.RTPROT_NETLAB)
    assert present(netns) == {}


def test_of_equal_prefixes_only_the_one_with_the_metric_is_deleted(netns: str) -> None:
    strong, weak = (Route("10.3.0.0/16", type="blackhole", metric=metric) for metric in (20, 30))
    routes.set_routes(netns, (strong, weak), ())
    routes.set_routes(netns, (), (strong,))
    assert [route.metric for route in routes.routes(netns)] == [30]


def test_a_route_that_the_kernel_refuses_is_an_error(netns: str) -> None:
    with pytest.raises(BuildError, match=f"{netns}: add Route"):
        routes.set_routes(netns, [Route("10.2.0.0/16", "lo", via="10.0.0.1")], ())


def test_routes_are_read_as_ip_reads_them(netns: str) -> None:
    lines = """link add left type bridge
link add right type bridge
link set left up
link set right up
address add 192.0.2.1/32 dev left
route add 10.1.0.0/16 dev left proto 199 metric 20
route add 10.2.0.0/16 via 10.1.0.9 dev left onlink src 192.0.2.1
route add blackhole 10.3.0.0/16 table 1000
route add default table 1000 nexthop via 10.1.0.8 dev left onlink nexthop via 10.1.0.9 dev right onlink
"""
    assert processes.run(netns, ["ip", "-batch", "-"], lines) == (0, "")
    assert sorted(routes.routes(netns), key=lambda route: route.prefix) == [
        KernelRoute("0.0.0.0/0", "unicast", 1000, 3, 0, ("left", "right"), ("10.1.0.8", "10.1.0.9"), ""),
        KernelRoute("10.1.0.0/16", "unicast", 254, 199, 20, ("left",), (), ""),
        KernelRoute("10.2.0.0/16", "unicast", 254, 3, 0, ("left",), ("10.1.0.9",), "192.0.2.1"),
        KernelRoute("10.3.0.0/16", "blackhole", 1000, 3, 0, (), (), ""),
    ]
    assert [route.prefix for route in routes.routes(netns, 254)] == ["10.1.0.0/16", "10.2.0.0/16"]


@pytest.mark.parametrize(
    "way",
    [
        "via 10.1.0.9 dev left onlink",
        "dev left",
        "via 10.1.0.9 dev left onlink src 192.0.2.1",
        # Numbers, not texts, order zebra's next hops, and so do the indexes of interfaces.
        "nexthop via 10.1.0.9 dev left onlink nexthop via 10.1.0.10 dev left onlink",
        "nexthop dev right nexthop dev left",
        "nexthop via 10.1.0.9 dev right weight 3 onlink nexthop dev left",
    ],
)
def test_what_a_killed_zebra_left_goes_whatever_its_next_hops_and_nothing_else(netns: str, way: str) -> None:
    lines = f"""link add left type bridge
link add right type bridge
link set left up
link set right up
address add 192.0.2.1/32 dev left
route add 10.2.0.0/16 proto bgp metric 20 {way}
route add 169.254.21.5/32 proto bgp metric 20 {way}
route add 10.2.0.0/16 dev left proto static
route add 10.2.0.0/16 dev left proto 199 metric 30
route add 10.3.0.0/16 dev left proto 199 metric 20
route add unreachable 10.4.0.0/16 proto bgp metric 20
"""
    assert processes.run(netns, ["ip", "-batch", "-"], lines) == (0, "")
    for _ in range(2):
        routes.forget_bgp(netns)
        left = sorted((route.prefix, route.protocol, route.metric) for route in routes.routes(netns))
        assert left == [("10.2.0.0/16", 4, 0), ("10.2.0.0/16", 199, 30), ("10.3.0.0/16", 199, 20)]


def test_a_watch_tells_of_changes_in_any_namespace(prefix: str) -> None:
    names = [f"{prefix}a", f"{prefix}b"]
    namespaces.create(names)
    watch = RouteWatch(names)
    assert not watch.wait(0)
    for name in names:
        routes.set_routes(name, [ROUTES[2], ROUTES[1]], ())
        assert watch.wait(5)
        assert not watch.wait(0), "two changes that came together are one"


# --- what the kernel uses -------------------------------------------------------------------------------------------


def test_the_longest_match_is_what_the_kernel_says(netns: str) -> None:
    """Prefixes inside each other, metrics, types that drop; and the kernel's own answer to each of them."""
    devices = ("d0", "d1", "d2")
    for name in devices:
        ip(netns, "link", "add", name, "type", "bridge")
        ip(netns, "link", "set", name, "up")
    table = (
        Route("0.0.0.0/0", "d0"),
        Route("10.0.0.0/8", type="blackhole", metric=30),
        Route("10.0.0.0/8", type="unreachable", metric=4278198272),
        Route("10.1.0.0/16", "d1", metric=20),
        Route("10.1.0.0/16", "d2", metric=10),
        Route("10.1.5.0/24", type="unreachable"),
        Route("10.1.5.128/25", "d1"),
        Route("10.1.5.129/32", type="blackhole"),
        Route("172.16.0.0/12", type="prohibit"),
        # In a table that nothing leads to.
        Route("10.1.5.0/26", "d0", table=1000),
    )
    routes.set_routes(netns, table, ())
    found = routes.routes(netns)
    for destination in (
        "8.8.8.8",
        "10.255.0.1",
        "10.1.0.1",
        "10.1.5.1",
        "10.1.5.64",
        "10.1.5.128",
        "10.1.5.129",
        "10.1.5.130",
        "10.2.0.0",
        "172.16.0.1",
        "172.32.0.1",
    ):
        mine = routes.longest_match(found, destination)
        assert mine is not None
        assert (mine.type, *mine.devices) == kernel_answer(netns, destination), destination
    assert routes.longest_match([r for r in found if r.prefix != "0.0.0.0/0"], "8.8.8.8") is None


def test_the_tables_of_an_ingress_are_asked_in_the_kernels_order(netns: str) -> None:
    """One before the kernel's own tables and one after them; of the first table that has a route the longest prefix."""
    for name in ("d0", "d1", "d2"):
        ip(netns, "link", "add", name, "type", "bridge")
        ip(netns, "link", "set", name, "up")
    for rule in ("iif d1 pref 100 lookup 500", "iif d1 pref 33000 lookup 78", "iif d2 pref 33000 lookup 78"):
        ip(netns, "rule", "add", *rule.split())
    own = (254, 253)
    assert [routes.tables_of(netns, name) for name in ("d0", "d1", "d2", "")] == [own, (500, *own, 78), (*own, 78), own]
    first = Route("10.1.0.0/16", "d0", table=500)
    main = Route("10.1.5.0/24", "d1"), Route("10.2.0.0/16", "d1")
    routes.set_routes(netns, (first, *main, Route("0.0.0.0/0", "d2", table=78)), ())
    found = routes.routes(netns)
    chosen = {
        (name, destination): match.devices[0] if match is not None else ""
        for name in ("d0", "d1", "d2")
        for destination in ("10.1.5.1", "10.2.0.1", "8.8.8.8")
        for match in (routes.longest_match(found, destination, *routes.tables_of(netns, name)),)
    }
    assert chosen == {
        ("d0", "10.1.5.1"): "d1",
        ("d0", "10.2.0.1"): "d1",
        ("d0", "8.8.8.8"): "",
        ("d1", "10.1.5.1"): "d0",
        ("d1", "10.2.0.1"): "d1",
        ("d1", "8.8.8.8"): "d2",
        ("d2", "10.1.5.1"): "d1",
        ("d2", "10.2.0.1"): "d1",
        ("d2", "8.8.8.8"): "d2",
    }


# How `ip route get` says that a route drops.
DROPS = {"Invalid argument": "blackhole", "No route to host": "unreachable", "Permission denied": "prohibit"}


def kernel_answer(netns: str, destination: str) -> tuple[str, ...]:
    """The type and device of the route that the kernel itself chooses."""
    code, output = processes.run(netns, ["ip", "-j", "route", "get", destination], "")
    if code != 0:
        return (DROPS[output.strip().removeprefix("RTNETLINK answers: ")],)
    (route,) = json.loads(output)
    return ("unicast", route["dev"])


def test_the_choice_for_what_comes_in_is_what_the_kernel_says(netns: str) -> None:
    """By the rule of its interface: several next hops, routes that drop, on to another table, none at all."""
    lines = """link add d0 type bridge
link add d1 type bridge
link add d2 type bridge
link set d0 up
link set d1 up
link set d2 up
address add 192.0.2.1/32 dev d1
rule add iif d0 lookup 1000 pref 1000
rule add lookup 999 pref 30000
route add 10.1.0.0/16 via 10.1.0.9 dev d1 onlink table 1000 metric 20
route add blackhole 10.1.0.0/16 table 1000 metric 30
route add 10.2.0.0/16 table 1000 nexthop via 10.1.0.8 dev d1 onlink nexthop via 10.1.0.9 dev d2 onlink
route add throw 10.3.0.0/16 table 1000
route add blackhole 10.4.0.0/16 table 1000
route add unreachable 10.5.0.0/16 table 1000
route add prohibit 10.6.0.0/16 table 1000
route add 10.3.0.4/32 dev d2 table 999
route add blackhole 10.3.0.0/24 table 999
"""
    assert processes.run(netns, ["ip", "-batch", "-"], lines) == (0, "")
    # A namespace that forwards nothing has no choice.
    assert processes.run(netns, ["sysctl", "-qw", "net.ipv4.ip_forward=1"], "") == (0, "")
    wanted = {
        "10.1.0.1": (1000, ("d1",), ("10.1.0.9",)),
        "10.2.0.1": (1000, ("d1", "d2"), ("10.1.0.8", "10.1.0.9")),
        "10.3.0.4": (999, ("d2",), ()),
        **dict.fromkeys(("10.3.0.5", "10.3.1.1", "10.4.0.1", "10.5.0.1", "10.6.0.1", "8.8.8.8")),
    }
    arrivals = {target: routes.Arrival(netns, "d0", "10.1.0.4", target) for target in wanted}
    found = routes.chosen(arrivals.values())
    assert {t: (r := found[a]) and (r.table, r.devices, r.via) for t, a in arrivals.items()} == wanted
    for target, choice in wanted.items():
        said = ["ip", "-j", "route", "get", "fibmatch", target, "from", "10.1.0.4", "iif", "d0"]
        code, output = processes.run(netns, said, "")
        assert (code == 0) == (choice is not None), output
        if choice is not None:
            (route,) = json.loads(output)
            hops = route.get("nexthops", [route])
            assert tuple(hop["dev"] for hop in hops) == choice[1]
            assert tuple(hop["gateway"] for hop in hops if "gateway" in hop) == choice[2]
    gone = routes.Arrival(netns, "d9", "10.1.0.4", "10.1.0.1")
    assert routes.chosen([gone]) == {gone: None}


# --- processes ------------------------------------------------------------------------------------------------------

READY = "import sys; print('ready', flush=True); sys.stdin.read()"
POLITE = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(open('asked', 'x').close())); " + READY
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY


Children = list[subprocess.Popen[bytes]]


@pytest.fixture
def children() -> Iterator[Children]:
    """Children of the test, which all end with it."""
    found: Children = []
    yield found
    for child in found:
        child.kill()
        child.communicate()


def child(children: Children, program: str, cwd: Path) -> processes.Process:
    """A Python that waits, once it does, marked as what netlab starts."""
    popen = waiting(children, program, cwd, {**os.environ, processes.MARK: str(cwd)})
    (found,) = (process for _, process in processes.under(str(cwd)) if process.pid == popen.pid)
    return found


def waiting(children: Children, program: str, cwd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A Python that waits, once it does, in a session of its own."""
    popen = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    children.append(popen)
    assert popen.stdout is not None
    assert popen.stdout.readline() == b"ready\n"
    return popen


def test_a_process_is_asked_to_end(children: Children, tmp_path: Path) -> None:
    found = child(children, POLITE, tmp_path)
    assert found.alive()
    assert processes.stop([found]) == []
    assert not found.alive()
    assert (tmp_path / "asked").exists()


def test_a_process_that_will_not_end_is_killed(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_TERM_SECONDS", 0.05)
    found = child(children, STUBBORN, tmp_path)
    assert processes.stop([found]) == []
    assert not found.alive()


def test_a_process_that_got_the_pid_of_another_is_left_alone(children: Children, tmp_path: Path) -> None:
    """A pid is only the same process with the same start time."""
    found = child(children, READY, tmp_path)
    gone = replace(found, start_time=found.start_time - 1)
    assert not gone.alive()
    assert processes.stop([gone]) == []
    assert found.alive()


def test_a_process_that_is_gone_is_stopped(tmp_path: Path) -> None:
    gone = processes.start(["true"], str(tmp_path))
    assert processes.stop([gone]) == []


def test_processes_are_found_by_their_directory(children: Children, tmp_path: Path) -> None:
    places = [tmp_path / "lab", tmp_path / "lab" / "node", tmp_path / "lab-2"]
    for place in places:
        place.mkdir()
    found = {place: child(children, READY, place) for place in places}
    lab = str(places[0])
    assert sorted(processes.under(lab), key=lambda pair: pair[0]) == [
        (str(place), found[place]) for place in places[:2]
    ]
    (places[1]).rmdir()
    assert (str(places[1]), found[places[1]]) in processes.under(lab), "the directory is gone, its process is not"


def test_a_process_is_found_as_soon_as_it_is_started(tmp_path: Path) -> None:
    """Else `up` that is interrupted then would leave it behind."""
    for _ in range(50):
        started = processes.start(["sleep", "1000"], str(tmp_path))
        assert [process.pid for _, process in processes.under(str(tmp_path))] == [started.pid]
        assert processes.stop([started]) == []


def test_what_a_user_started_in_a_run_directory_is_left_alone(children: Children, planned: Plan) -> None:
    """As a shell whose user reads the logs. It is like a daemon in all but the mark: it leads a session, too."""
    node = planned.nodes[0]
    directory = Path(lab_directory(planned.lab), "daemon")
    directory.mkdir()
    shell = waiting(children, READY, directory, dict(os.environ))
    # In the host's namespace, as the controller is, and with a child of its own.
    outside = processes.start(["sh", "-c", "sleep 1000 & wait"], str(directory))
    inside = processes.start(["sleep", "1000"], str(directory), node.netns)

    def names() -> list[str]:
        return sorted(process.name for _, process in processes.under(str(directory)))

    wait_until(lambda: names() == ["sh", "sleep", "sleep"], 5, lambda: f"found {names()}")
    assert daemons.stop_all(planned.lab) == []
    assert shell.poll() is None
    assert not outside.alive()
    assert not inside.alive()
    assert names() == []


def test_processes_are_found_by_their_namespace(netns: str, prefix: str, tmp_path: Path) -> None:
    namespaces.create([f"{prefix}other"])
    started = processes.start(["sleep", "1000"], str(tmp_path), netns)
    try:
        assert processes.inside([netns]) == [started]
        assert processes.inside([f"{prefix}other", f"{prefix}nothing"]) == []
        assert processes.inside([]) == []
    finally:
        assert processes.stop([started]) == []
    assert processes.inside([netns]) == []


def test_a_daemon_is_not_in_the_terminals_session_and_writes_to_its_directory(tmp_path: Path) -> None:
    started = processes.start(["sh", "-c", "echo said; echo wrong >&2; exec sleep 1000"], str(tmp_path))
    try:
        assert os.getsid(started.pid) == started.pid
        wait_until(lambda: (tmp_path / "sh.out").read_text() == "said\nwrong\n", 5, lambda: "nothing was said")
    finally:
        assert processes.stop([started]) == []


def test_a_program_that_is_not_there_is_an_error(netns: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        processes.start(["/no/such/program"], str(tmp_path), netns)


# --- daemons that do not come up ------------------------------------------------------------------------------------


@pytest.fixture
def planned(lab: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """Namespaces and the run directory of a small lab; nothing waits long for what will not come."""
    with _prepared("s2s-static", lab, monkeypatch) as found:
        yield found


@pytest.fixture
def planned_with_bgp(lab: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    """The same, of a lab with BGP."""
    with _prepared("p2s-branch-bgp", lab, monkeypatch) as found:
        yield found


@contextlib.contextmanager
def _prepared(scenario: str, lab: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    monkeypatch.setattr(daemons, "_READY_SECONDS", 1)
    found = plan(load(scenario).scenario, lab)
    namespaces.create(node.netns for node in found.nodes)
    with records.claimed(lab):
        pass
    yield found
    daemons.stop_all(lab)
    records.remove(lab)


@pytest.mark.data_plane
def test_policies_are_flushed_in_one_namespace_and_where_a_lab_is_stopped(planned: Plan) -> None:
    """The native kernel takes policies, though no ESP; tests/vm/guest/test_crash.py flushes SAs too."""
    policy = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
    one, two, *_ = (node.netns for node in planned.nodes)

    def policies() -> list[bool]:
        return [bool(processes.run(netns, ["ip", "xfrm", "policy"], "")[1]) for netns in (one, two)]

    for netns in (one, two):
        assert processes.run(netns, ["ip", "xfrm", "policy", "add", *policy.split()], "") == (0, "")
    assert policies() == [True, True]
    flushing.flush_ipsec(one)
    flushing.flush_ipsec(one)
    assert policies() == [False, True]
    # A namespace that is only half made cannot be entered.
    half = Path("/run/netns", f"{one.rpartition('.')[0]}.half")
    half.touch()
    assert daemons.stop_all(planned.lab) == []
    assert policies() == [False, False]


@pytest.mark.data_plane
def test_where_a_tunnel_goes_and_its_charon_stays_the_others_policies_stay(prefix: str, lab: str) -> None:
    """Point-to-site goes from one instance to the other, and back, on the kernel data plane."""
    scenario = load("route-server-branch-to-branch").scenario
    both, one = (plan(scenario, lab, "kernel", lost=frozenset(lost)) for lost in ((), ("vnet1-gw-0",)))
    namespaces.create(node.netns for node in both.nodes)
    policy = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
    edges = [both.netns(f"vnet1-gw-{index}-edge") for index in (0, 1)]
    for old, new, stays in ((both, one, [False, True]), (one, both, [True, True])):
        for netns in edges:
            processes.run(netns, ["ip", "xfrm", "policy", "add", *policy.split()], "")
        gone = failover.added_to(new, old)
        assert "p2s" in {tunnel.connection for tunnel in gone.tunnels}
        tunnels.remove(gone)
        assert [bool(processes.run(netns, ["ip", "xfrm", "policy"], "")[1]) for netns in edges] == stays


FakeFrr = Callable[[str, str], None]


@pytest.fixture
def fake_frr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFrr:
    """Puts a shell script in the place of a daemon."""

    def put(daemon: str, script: str) -> None:
        (tmp_path / daemon).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / daemon).chmod(0o755)
        monkeypatch.setattr(frr, "PROGRAMS", tmp_path)

    return put


def test_a_charon_that_does_not_come_up_is_named(planned: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    written = text.strongswan_conf
    monkeypatch.setattr(
        text, "strongswan_conf", lambda *given: written(*given).replace("socket-default vici", "socket-default")
    )
    words = (
        rf"^charon of {planned.charons[0].node} is not there; charon\.log ends with: \d\d:\d\d:\d\d .+ \(waited 1 s\)$"
    )
    with pytest.raises(ConvergeError, match=words):
        daemons.start(planned)


def test_a_charon_that_dies_at_once_is_named(planned: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "strongswan_conf", lambda *_: "no { configuration")
    words = r"charon-systemd\.out ends with: .*syntax error"
    with pytest.raises(ConvergeError, match=f"^charon of {planned.charons[0].node} has ended; {words}"):
        daemons.start(planned)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("for i in 1 2 3 4; do echo w$i >&2; done; exit 1", "has ended; zebra.out ends with: w2 / w3 / w4"),
        ("exec sleep 1000", "is not there; nothing in zebra.log and zebra.out (waited"),
        ("echo why >zebra.log; echo what", "has ended; zebra.log ends with: why; zebra.out ends with: what"),
    ],
)
def test_a_zebra_that_does_not_come_up_is_named(
    planned_with_bgp: Plan, program: str, words: str, fake_frr: FakeFrr
) -> None:
    fake_frr("zebra", program)
    node = planned_with_bgp.speakers[0].node
    with pytest.raises(ConvergeError, match=re.escape(f"zebra of {node} {words}")):
        daemons.start(planned_with_bgp)


def test_a_bgpd_that_does_not_come_up_is_named(planned_with_bgp: Plan, fake_frr: FakeFrr) -> None:
    fake_frr("bgpd", "echo no memory")
    for speaker in planned_with_bgp.speakers:
        Path(speaker.directory).mkdir()
    words = f"bgpd of {planned_with_bgp.speakers[0].node} has ended; bgpd.out ends with: no memory"
    with pytest.raises(ConvergeError, match=re.escape(words)):
        daemons.start_bgp(planned_with_bgp)


def test_a_controller_that_does_not_come_up_is_named(planned: Plan) -> None:
    """The run directory of this lab has no scenario to read."""
    command = (sys.executable, "-m", controller.__name__, planned.lab)
    daemons.start_controller(planned.lab, command)
    printed = Path(lab_directory(planned.lab), daemons.CONTROLLER, processes.output(sys.executable))
    wait_until(lambda: "Error: " in printed.read_text(), 30, printed.read_text)
    with pytest.raises(ConvergeError, match=r"^the SDN controller has ended; python.*\.out ends with: .*Error: "):
        daemons.await_controller(planned.lab, command)


def test_what_frr_leaves_elsewhere_is_removed_though_it_has_just_begun(
    planned: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FRR makes /var/tmp/frr/zebra.<pid> before its pid file, and SIGKILL leaves it."""
    monkeypatch.setattr(processes, "_TERM_SECONDS", 0)
    directory = Path(lab_directory(planned.lab), "frr")
    directory.mkdir()
    started = frr.start(planned.nodes[0].netns, str(directory), "zebra", "")
    scratch = Path(f"/var/tmp/frr/zebra.{started.pid}")
    wait_until(scratch.exists, 5, lambda: "no scratch directory")
    os.kill(started.pid, signal.SIGSTOP)
    (directory / "zebra.pid").unlink(missing_ok=True)
    assert daemons.stop_all(planned.lab) == []
    assert not scratch.exists()


def test_an_frr_whose_namespace_is_gone_is_an_error(planned: Plan) -> None:
    with pytest.raises(BuildError, match="No such file or directory"):
        frr.start("nl.no.such", lab_directory(planned.lab), "zebra", "")


def test_a_command_that_frr_refuses_is_an_error(planned: Plan) -> None:
    directory = Path(lab_directory(planned.lab), "frr")
    directory.mkdir()
    frr.start(planned.nodes[0].netns, str(directory), "zebra", "hostname z\n")
    wait_until(lambda: frr.ready(str(directory), "zebra"), 5, lambda: "not ready")
    with pytest.raises(LabError, match=r"zebra in .* refused 'show nonsense'"):
        frr.command(str(directory), "zebra", "show nonsense")


def test_the_socket_of_a_dead_daemon_is_not_a_daemon(planned: Plan) -> None:
    """The file outlives its process."""
    directory = Path(lab_directory(planned.lab), "charon")
    directory.mkdir()
    item = replace(planned.charons[0], directory=str(directory))
    configuration = text.strongswan_conf(item, planned.timers, planned.data_plane)
    process = charon.start(planned.netns(item.node), str(directory), configuration)
    wait_until(lambda: charon.ready(str(directory)), 5, lambda: "not ready")
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not process.alive(), 5, lambda: "not dead")
    assert (directory / "charon.vici").exists()
    assert not charon.ready(str(directory))


def test_a_tunnel_without_its_charon_names_both_ends(planned: Plan) -> None:
    tunnel: Tunnel = planned.tunnels[0]
    with pytest.raises(BuildError, match=f"^{tunnel.edge}: tunnel {tunnel.interface} for {tunnel.node}: "):
        tunnels.move_tun(tunnel, planned.netns(tunnel.edge), planned.netns(tunnel.node))


def test_changing_an_interface_that_is_gone_is_an_error(netns: str) -> None:
    with pytest.raises(BuildError, match=f"{netns}: add 10.2.0.0/16: there is no interface ipsec0"):
        routes.set_routes(netns, [Route("10.2.0.0/16", "ipsec0")], ())
    with pytest.raises(BuildError, match=f"{netns}: interface ipsec0: .*no interface ipsec0"):
        interfaces.set_mtu(netns, "ipsec0", 1400)


def test_a_connection_that_does_not_come_up_says_what_charon_said(planned: Plan) -> None:
    """Nobody is at the other end."""
    directory = Path(lab_directory(planned.lab), "charon")
    directory.mkdir()
    item = replace(planned.charons[0], directory=str(directory))
    configuration = text.strongswan_conf(item, planned.timers, planned.data_plane)
    charon.start(planned.netns(item.node), str(directory), configuration)
    wait_until(lambda: charon.ready(str(directory)), 5, lambda: "not ready")
    charon.load(str(directory), charon.Orders([vici.connection(c, planned.timers) for c in item.connections]))
    name = item.connections[0].name
    with pytest.raises(ConvergeError, match=rf"connection {name} did not come up: .*; charon said: .*\w"):
        charon.initiate(str(directory), name, 0.5)
    assert not charon.installed(charon.sas(str(directory)), name)
