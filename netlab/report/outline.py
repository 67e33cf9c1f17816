"""A whole plan with its rendered configuration, for a person and as plain values for JSON; secrets only by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from pydantic_core import to_jsonable_python

from netlab.plan.model import Interface, Node, Plan, Route, Rule, Tunnel
from netlab.render import nftables
from netlab.render.outline import files, messages


def structure(plan: Plan) -> dict[str, Any]:
    """The plan with its rendered configuration."""
    nodes = [asdict(node) | {"nftables": nftables.text(node.nftables)} for node in plan.nodes]
    values: dict[str, Any] = to_jsonable_python(asdict(plan))
    return {**values, "nodes": nodes, "files": dict(files(plan)), "vici": dict(messages(plan))}


def outline(plan: Plan) -> str:
    """The plan as text."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    timers = plan.timers
    yield f"lab {plan.lab}, scenario {plan.scenario}, data plane {plan.data_plane}, time scale {timers.scale:g}"
    yield (
        f"BGP {timers.bgp_keepalive}/{timers.bgp_hold} s, DPD after {timers.dpd_delay} s, "
        f"{timers.retransmit_tries} retransmissions of {timers.retransmit_timeout:g} s"
    )
    interfaces: dict[str, list[tuple[Interface, Interface]]] = {}
    for link in plan.links:
        interfaces.setdefault(link.a.node, []).append((link.a, link.b))
        interfaces.setdefault(link.b.node, []).append((link.b, link.a))
    for node in plan.nodes:
        yield from _of_node(node, interfaces.get(node.name, ()), plan.tunnels_of(node.name))
    for path, content in files(plan):
        yield f"\nfile {path}"
        yield from (f"  {line}" for line in content.splitlines())
    for charon_name, told in messages(plan):
        yield f"\nvici at {charon_name}"
        yield from (f"  {verb} {message}" for verb, group in told.items() for message in group)


def _of_node(node: Node, interfaces: Iterable[tuple[Interface, Interface]], tunnels: Iterable[Tunnel]) -> Iterator[str]:
    yield f"\nnode {node.name} ({node.kind}), namespace {node.netns}"
    yield from (f"  address {address} on lo" for address in node.loopback)
    yield from (f"  bridge {name} {address}" for name, address in node.bridges)
    for end, other in interfaces:
        yield f"  {end.name} {' '.join(end.addresses)} to {other.node}"
    for tunnel in tunnels:
        daemon = tunnel.connection if tunnel.ready_made else "charon"
        yield f"  {tunnel.interface} mtu {tunnel.mtu}: tunnel of {tunnel.connection}, {daemon} at {tunnel.edge}"
        routes = (Route(prefix, tunnel.interface) for prefix in (*tunnel.statics, *tunnel.host_routes))
        yield from (f"  {route(item)}" for item in routes)
    yield from (f"  {rule(item)}" for item in node.rules)
    yield from (f"  {route(item)}" for item in node.routes)


def rule(rule: Rule) -> str:
    """A policy routing rule in words."""
    words = (("iif", rule.iif), ("from", rule.source), ("to", rule.destination), ("ipproto", rule.protocol))
    return f"rule {' '.join(f'{word} {value}' for word, value in words if value)} table {rule.table}"


def route(route: Route) -> str:
    """A route in words."""
    words = [route.type if route.type != "unicast" else "route", route.prefix]
    for word, value in (("via", route.via), ("dev", route.device), ("src", route.source)):
        words += [word, value] if value else []
    words += [f"nexthop via {via} dev {device}" for device, via in route.hops]
    words += ["table", str(route.table)] if route.table != 254 else []
    words += ["metric", str(route.metric)] if route.metric else []
    return " ".join(words)
