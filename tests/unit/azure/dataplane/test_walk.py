"""The walk, over nodes made by hand: the order of the stages, loops, equal paths, translation and its sessions."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from netlab.azure.dataplane.filters import Filter
from netlab.azure.dataplane.nodes import Node, Translation
from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.tables import ANY, Hop, Route, Table
from netlab.azure.dataplane.walk import Walk, walks
from netlab.results.drops import Cause, DropType, cause

A, B = IPv4Address("10.1.0.4"), IPv4Address("10.2.0.4")
PACKET = Packet(A, B)


def to(*nodes: str, here: str, prefix: str = "0.0.0.0/0") -> Table:
    return Table((Route(IPv4Network(prefix), "test", "there", tuple(Hop(n, n, here) for n in nodes)),))


def end(name: str, address: IPv4Address, router: str = "router") -> Node:
    return Node(name, to(router, here=name), addresses=frozenset((address,)), forwards=False)


def line(router: Node) -> dict[str, Node]:
    """Two machines at a router."""
    return {"a": end("a", A), "b": end("b", B), "router": router}


def router(**changes: object) -> Node:
    routes = Table(tuple(Route(IPv4Network(x), "test", n, (Hop(n, n, "router"),)) for n, x in (("a", A), ("b", B))))
    return Node("router", **{"table": routes, **changes})  # type: ignore[arg-type]


def walked(nodes: dict[str, Node], packet: Packet = PACKET, start: str = "a") -> tuple[Walk, ...]:
    return tuple(walks(nodes.__getitem__, start, packet))


def why(nodes: dict[str, Node], packet: Packet = PACKET) -> tuple[str, Cause | None]:
    (walk,) = walked(nodes, packet)
    return walk.dropped_at, walk.cause


def test_a_packet_passes_the_router_and_arrives() -> None:
    (walk,) = walked(line(router()))
    assert (walk.nodes, walk.arrived, walk.cause) == (("a", "router", "b"), PACKET, None)
    assert [(used.node, used.leads_to) for used in walk.used] == [("a", "there"), ("router", "b")]


def test_a_packet_without_a_route_is_dropped_and_names_its_destination() -> None:
    where, found = why(line(router(table=Table(()))))
    assert (where, found) == ("router", cause(DropType.NO_ROUTE, destination=B))


def test_equal_next_hops_are_two_ways_and_one_hop_twice_is_one() -> None:
    nodes = line(router()) | {"r1": router(), "r2": router(), "a": Node("a", to("r1", "r2", "r1", here="a"))}
    nodes["r1"], nodes["r2"] = (Node(name, router().table) for name in ("r1", "r2"))
    assert [walk.nodes for walk in walked(nodes)] == [("a", "r1", "b"), ("a", "r2", "b")]


def test_a_packet_that_passes_a_link_again_loops() -> None:
    back = {"a": end("a", A), "router": Node("router", to("other", here="router"))}
    back["other"] = Node("other", to("router", here="other"))
    assert why(back) == ("router", cause(DropType.LOOP))


def test_a_machine_that_does_not_forward_still_sends_and_receives() -> None:
    assert why(line(router(forwards=False))) == ("router", cause(DropType.NOT_FORWARDING))


def test_a_stopped_node_drops_before_its_filters() -> None:
    closed = Filter(cause(DropType.IP_FORWARDING_OUT, nic="a"), ingress=frozenset(("a",)), sources=(IPv4Network(B),))
    assert why(line(router(stopped=cause(DropType.STOPPED), filters=(closed,))))[1] == cause(DropType.STOPPED)


def test_a_filter_of_the_ingress_comes_before_the_route_and_one_of_the_egress_after_it() -> None:
    first = cause(DropType.IP_FORWARDING_OUT, nic="a")
    last = cause(DropType.IP_FORWARDING_IN, nic="b")
    ingress = Filter(first, ingress=frozenset(("a",)), sources=(IPv4Network(B),))
    egress = Filter(last, egress=frozenset(("b",)), destinations=(IPv4Network(A),))
    assert why(line(router(filters=(ingress,), table=Table(())))) == ("router", first)
    assert why(line(router(filters=(egress,)))) == ("router", last)
    assert why(line(router(filters=(egress,), table=Table(()))))[1] == cause(DropType.NO_ROUTE, destination=B)


def test_a_filter_between_two_links_spares_all_others() -> None:
    both = Filter(cause(DropType.LOOP), frozenset(("a",)), frozenset(("b",)), sources=(IPv4Network(B),))
    assert why(line(router(filters=(both,))))[0] == "router"
    (back,) = walked(line(router(filters=(both,))), PACKET.answer, "b")
    assert back.arrived == PACKET.answer


def test_a_filter_drops_what_all_of_its_criteria_match() -> None:
    why_not = cause(DropType.LOOP)
    into, out = frozenset(("a",)), frozenset(("b",))
    here, elsewhere = IPv4Network(A), IPv4Network("10.9.0.0/16")
    assert Filter(why_not, into).drops(PACKET, "a", "b")
    assert Filter(why_not, into, out, frozenset(("icmp",)), (elsewhere,), (elsewhere,)).drops(PACKET, "a", "b")
    assert not Filter(why_not, into, out, frozenset(("tcp", "udp"))).drops(PACKET, "a", "b")
    assert not Filter(why_not, into, out, sources=(here,), destinations=(elsewhere,)).drops(PACKET, "a", "b")
    assert not Filter(why_not, into, out, sources=(elsewhere,), destinations=(IPv4Network(B),)).drops(PACKET, "a", "b")


def test_a_masquerade_hides_the_source_and_the_answer_finds_back() -> None:
    hidden = IPv4Address("203.0.113.1")
    nodes = line(router(translations={"b": Translation("b", masquerade=hidden)}))
    (walk,) = walked(nodes)
    assert walk.arrived == Packet(hidden, B)
    (back,) = walks(nodes.__getitem__, "b", walk.arrived.answer, walk.sessions)
    assert (back.nodes, back.arrived) == (("b", "router", "a"), PACKET.answer)
    # Without the session of its request the same packet is a stranger.
    (stray,) = walks(nodes.__getitem__, "b", walk.arrived.answer)
    assert (stray.dropped_at, stray.cause) == ("router", cause(DropType.NO_ROUTE, destination=hidden))


def test_a_pair_of_addresses_is_translated_both_ways_without_state() -> None:
    public = IPv4Address("203.0.113.9")
    nodes = line(router(translations={"b": Translation("b", {A: public})}))
    (walk,) = walked(nodes)
    assert (walk.arrived, walk.sessions) == (Packet(public, B), ())
    (back,) = walked(nodes, Packet(B, public), "b")
    assert back.arrived == Packet(B, A)


def test_a_delivery_is_looked_up_by_address() -> None:
    local = Table((Route(ANY, "test", "VnetLocal", (Hop(deliver=True),)),))
    nodes = line(router(table=local, deliveries={B: Hop("b", "b", "router")}))
    assert walked(nodes)[0].arrived == PACKET
    assert why(nodes, Packet(A, IPv4Address("10.2.0.9")))[1] == cause(DropType.NO_NIC, destination="10.2.0.9")
