"""Changes of connections that are down, or whose selectors do not cover a packet. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import tables, widening
from netlab.azure.mends.case import Case, place_of
from netlab.azure.state import shut_in_by
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.network import Appliance, Connection, Tunnel


def of_tunnel_down(case: Case) -> Iterator[Change]:
    """A tunnel that is down: what its ends do not agree on, or what shuts one of them in. Faults and keys are
    events."""
    tunnel = case.state.topology.tunnel[case.cause["tunnel"]]
    reason = case.state.negotiated[tunnel.connection.name].reason
    why = case.state.why_down(tunnel)
    for router in tunnel.routers:
        if shut_in_by(router) and isinstance(router.end, Appliance):
            yield tables.lead(router.end.nic.subnet, DEFAULT_ROUTE, "Internet", None, f"(A20): {why}")
    if reason == "selectors unacceptable":
        yield from widened(case, tunnel)
    elif reason:
        yield from _at_its_address(tunnel.connection)
        yield from _agreeing(tunnel.connection, why)
        yield from _without_nat(tunnel.connection, why)


def _at_its_address(connection: Connection) -> Iterator[Change]:
    """The public address of the device in a local network gateway that has another one (R127)."""
    for side in connection.sides:
        name = connection.spec.local_network_gateways.get(side.end.name)
        if name and side.mistaken_address is not None:
            address = str(side.other.given_address)
            edit = Edit("set", ("local_network_gateways", name, "gateway_ip_address"), address)
            yield Change(
                f"set the gateway_ip_address of {name} to {address}, that of {side.other.end.name} (R127)", (edit,)
            )


def _agreeing(connection: Connection, why: str) -> Iterator[Change]:
    """Both ends of a connection set alike, one setting after the other, then all."""
    path, spec = ("connections", connection.name), connection.spec
    if spec.other_end is not None:
        for key in ("ipsec_policy", "connection_protocol", "connection_mode"):
            if getattr(spec.other_end, key) != getattr(spec, key):
                sentence = f"bring {connection.name} up: give both its ends the same {key}: {why}"
                mine = spec.model_dump(mode="json", exclude_unset=True).get(key)
                edit = (
                    Edit("set", (*path, "other_end", key), mine)
                    if mine is not None
                    else Edit("remove", (*path, "other_end", key))
                )
                yield Change(sentence, (edit,))
        sentence = f"bring {connection.name} up: set its second end as its first one: {why}"
        yield Change(sentence, (Edit("remove", (*path, "other_end")),))
    for place in (path, (*path, "other_end") if spec.other_end is not None else path):
        sentence = f"bring {connection.name} up: give it the connection_mode Default: {why}"
        yield Change(sentence, (Edit("set", (*place, "connection_mode"), "Default"),))


def _without_nat(connection: Connection, why: str) -> Iterator[Change]:
    """A device with a public address of its own, or to which the router before it forwards IKE."""
    for side in connection.sides:
        if side.access is not None:
            edit = Edit("set", ("access_networks", side.access.name, "forwards_ike"), True)
            yield Change(f"have the router of {side.access.name} forward UDP 500 and 4500: {why}", (edit,))
            away = Edit("remove", (*side.end.path, "behind"))
            yield Change(f"give the device of {side.end.name} a public address of its own: {why}", (away,))


def widened(case: Case, tunnel: Tunnel) -> Iterator[Change]:
    """Selectors of a tunnel that cover the packet: the end that is narrow is widened, or it carries everything."""
    near, far = place_of(case.state, case.own), place_of(case.state, case.address)
    if near is not None and far is not None:
        flow = widening.Flow(case.own, case.address, near.prefix, far.prefix)
        yield from widening.widened(tunnel.side(case.walk.dropped_at), flow)
