"""Changes for point-to-site clients: why one is not connected, what its tunnel holds, and its routes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import peerings, routers
from netlab.azure.mends.case import Case, Place
from netlab.azure.p2s.package import why_stale
from netlab.azure.p2s.refusals import NO_ADDRESS, REVOKED, UNTRUSTED, WRONG_PASSWORD
from netlab.azure.p2s.routes import profile_prefixes
from netlab.azure.p2s.sessions import OBSTACLES, by_profile
from netlab.azure.state import State
from netlab.results.mends import Change, Edit
from netlab.scenario.names import Endpoint
from netlab.scenario.network import Client, ClientTunnel, VpnGateway


def of_absence(case: Case) -> Iterator[Change]:
    """What would let a client in that has no tunnel at all."""
    client = case.state.network.clients_by_node[case.cause["client"]]
    reason, gateway = case.state.absence(client.name), client.gateways[0]
    for change in _of_reason(case.state, client, gateway, reason):
        yield change
        # What a gateway's failover ended would have stayed away without the reason, too.
        again = {"connect": {"client": client.name}}
        yield Change(f"{change.sentence}; then connect {client.name} again", change.edits, (*change.actions, again))
    yield _connect(client)


def _connect(client: Client) -> Change:
    sentence = f"connect {client.name}: it does not come back by itself (R66)"
    return Change(sentence, actions=({"connect": {"client": client.name}},))


def connected(case: Case, end: Endpoint) -> Iterator[Change]:
    """A client that connects to all its gateways."""
    if end.kind == "client":
        yield _connect(case.state.network.clients[end.owner])


def _of_reason(state: State, client: Client, gateway: VpnGateway, reason: str) -> Iterator[Change]:
    """What removes the reason for which a gateway refuses a client."""
    name, settings = client.name, (*gateway.path, "point_to_site")
    if reason == REVOKED:
        sentence = f"take {name} out of {gateway.name}'s revoked_certificates, or issue it a new certificate"
        listed = (each for each in gateway.client_settings.revoked_certificates if each.lower() == name.lower())
        yield Change(sentence, tuple(Edit("remove", (*settings, "revoked_certificates"), each) for each in listed))
    elif reason == UNTRUSTED:
        roots = list(gateway.client_settings.root_certificates)
        trusted = Edit("set", (*settings, "root_certificates"), [*roots, client.issuer])
        yield Change(f"let {gateway.name}'s gateway trust {client.issuer} (root_certificates)", (trusted,))
        issued = Edit("set", ("clients", name, "certificate"), {"issued_by": roots[0]})
        yield Change(
            f"issue {name} a certificate by a root that {gateway.name}'s gateway trusts: {roots[0]}", (issued,)
        )
    elif reason == WRONG_PASSWORD:
        yield Change(
            f"have the user of {name} type the right password", (Edit("remove", ("clients", name, "password")),)
        )
    elif reason in OBSTACLES.values():
        sentence = f"have {name}'s network let its tunnel out, or connect from another network"
        yield Change(sentence, (Edit("remove", ("clients", name, "network")),))
    elif reason == NO_ADDRESS:
        yield from _room(state, client, gateway)


def _room(state: State, client: Client, gateway: VpnGateway) -> Iterator[Change]:
    """An address for a client of a gateway that has none left: a larger pool or SKU, or another client's."""
    pool, spec = gateway.client_settings.address_pool, gateway.path
    wide = str(pool.supernet(new_prefix=min(pool.prefixlen, 23) - 1))
    edits = (Edit("set", (*spec, "point_to_site", "address_pool"), wide),)
    yield Change(f"give {gateway.name}'s gateway the larger address_pool {wide}", edits)
    yield Change(f"give {gateway.name}'s gateway a larger SKU, VpnGw5", (Edit("set", (*spec, "sku"), "VpnGw5"),))
    others = (c for c in gateway.clients if c is not client and not state.absence(c.name))
    for other in others:
        sentence = f"disconnect {other.name}, and connect {client.name} in its place"
        yield Change(sentence, actions=({"disconnect": {"client": other.name}}, {"connect": {"client": client.name}}))
        break


def of_firewall(case: Case) -> Iterator[Change]:
    """The firewall of an access network that lets out some ports only."""
    access = case.state.network.access_networks[case.cause["network"]]
    written = [key for key in ("lets_out", "http_proxy") if key in access.spec.model_fields_set]
    edits = tuple(Edit("remove", ("access_networks", access.name, key)) for key in written)
    yield Change(f"have the firewall of {access.name} let everything out", edits)


def of_own_network(case: Case) -> Iterator[Change]:
    """A client's own network, whose prefix is longer than those of its tunnels: a host route is longer still."""
    client = next(c for c in case.state.network.clients.values() if c.node == case.walk.dropped_at)
    sentence = f"add {case.address}/32 by hand on {client.name}: it is longer than {case.cause['prefix']}"
    yield Change(sentence, actions=({"add_route": {"client": client.name, "prefix": f"{case.address}/32"}},))


# --- routes ---------------------------------------------------------------------------------------------------------


def towards(case: Case, client: Client, place: Place) -> Iterator[Change]:
    """What would lead a client to a place: through the gateway that offers it or, if none does, through its first."""
    for tunnel in client.tunnels:
        if any(place.prefix.subnet_of(prefix) for prefix in case.state.offered(tunnel.gateway, tunnel.tunnel_type)):
            yield from _of_tunnel(case.state, tunnel, place)
    for gateway in client.gateways:
        yield from _pushed(gateway, place)
        goal = case.state.network.vnets.get(place.name)
        if goal is not None and goal.serving is None:
            yield peerings.transit(case.state.network, gateway.vnet, goal)
        yield from routers.of_vnet(case, gateway.vnet, place)
        custom = (*gateway.path, "point_to_site", "custom_routes")
        sentence = f"add {place.prefix} to the custom_routes of {gateway.name}'s gateway (R63)"
        yield Change(sentence, (Edit("append", custom, str(place.prefix)),))


def _pushed(gateway: VpnGateway, place: Place) -> Iterator[Change]:
    """A connection whose prefixes the gateway does not push to its clients."""
    for side in gateway.sides:
        spec = side.connection.spec
        if not spec.push_prefixes_to_p2s and any(place.prefix.subnet_of(p) for p in side.static_prefixes):
            edit = Edit("set", ("connections", side.connection.name, "push_prefixes_to_p2s"), True)
            yield Change(f"set push_prefixes_to_p2s on {side.connection.name}", (edit,))


def _of_tunnel(state: State, tunnel: ClientTunnel, place: Place) -> Iterator[Change]:
    """What a tunnel lacks for a place that its gateway offers."""
    session, client, gateway = state.sessions[tunnel.key], tunnel.client.name, tunnel.gateway.name
    if session.absent:
        connect = {"connect": {"client": client, "gateway": gateway}}
        if session.package is not None and why_stale(session.package, tunnel):
            sentence = f"download the profile of {client} anew and connect it to {gateway}'s gateway (P28)"
            yield Change(sentence, actions=({"download_profile": {"client": client, "gateway": gateway}}, connect))
            return
        sentence = f"connect {client} to {gateway}'s gateway: it does not come back by itself (R66)"
        yield Change(sentence, actions=(connect,))
        return
    offered = not any(place.prefix.subnet_of(prefix) for prefix in session.selectors)
    if offered:
        yield from reconnected(None, tunnel, place)
    if by_profile(tunnel):
        new = frozenset(profile_prefixes(tunnel)) - session.profile
        if any(place.prefix.subnet_of(prefix) for prefix in new):
            sentence = f"download the profile of {client} anew: it holds {place.prefix} now (R65)"
            yield Change(sentence, actions=({"download_profile": {"client": client}},))
        sentence = f"add {place.prefix} by hand on {client}: a Windows profile holds no prefix that S2S or BGP brings"
        added = {"add_route": {"client": client, "prefix": str(place.prefix)}}
        # The selectors are negotiated when it connects, and the route leads into the tunnel from then on.
        again = ({"reconnect": {"client": client}},) if offered else ()
        yield Change(sentence, actions=(*again, added))


def reconnected(case: Case | None, tunnel: ClientTunnel, place: Place | None) -> Iterator[Change]:
    """A client that connects again, to get the selectors that its gateway offers now."""
    del case
    client, gateway = tunnel.client.name, tunnel.gateway.name
    what = place.prefix if place is not None else "the prefix"
    sentence = f"reconnect {client}: {gateway}'s gateway offers {what} now, and did not when it connected"
    yield Change(sentence, actions=({"reconnect": {"client": client}},))
