"""Routes and rules on the real kernel: changed, read, watched, and chosen as the kernel chooses."""

from __future__ import annotations

import json

import pytest
from inside import ip

from netlab.errors import BuildError
from netlab.machine import (
    namespaces,
    processes,
    routes,
)
from netlab.machine.routes import KernelRoute
from netlab.machine.watch import RouteWatch
from netlab.plan.model import MAIN_TABLE, Route

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
