"""RADIUS: the servers, and the way from what serves clients, through an instance of the gateway, to them (P15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.radius import PORT
from netlab.plan.devices import Device, Parts
from netlab.plan.model import Interface, Link, RadiusClient, RadiusNat, RadiusPeer, RadiusServer, Route
from netlab.plan.names import node_directory
from netlab.plan.p2s.ikev2 import secret_name
from netlab.plan.ports import P2S, RADIUS, edge_port
from netlab.scenario.addresses import LAB_LINKS
from netlab.scenario.network import Network, VpnGateway

# Of the link between what serves clients and the instance; the other links have the first ones.
_EDGE, _INSTANCE = LAB_LINKS[9], LAB_LINKS[10]
# Names have no dot: no node has this directory.
_SUFFIX = ".radius"


def radius_secret_name(vnet: str, secret: str = "right") -> str:
    """The name under which the lab keeps what a gateway and its RADIUS server share; a wrong one is a secret, too."""
    return f"radius:{vnet}" + ("" if secret == "right" else f":{secret}")


def secret_names(network: Network) -> Iterator[str]:
    """The names of all secrets that gateways and RADIUS servers have."""
    for gateway in network.vpn_gateways:
        if servers := gateway.spec.radius_servers:
            secrets = dict.fromkeys(("right", *(server.radius_server_secret for server in servers)))
            yield from (radius_secret_name(gateway.name, secret) for secret in secrets)


def clients(gateway: VpnGateway | None) -> tuple[RadiusClient, ...]:
    """What the daemons of a gateway ask RADIUS servers with, in their order: its instance hands it on."""
    servers = enumerate(gateway.spec.radius_servers if gateway is not None else ())
    return tuple(
        RadiusClient(
            str(_INSTANCE),
            PORT + number,
            radius_secret_name(gateway.name if gateway is not None else "", server.radius_server_secret),
            server.radius_server_score,
        )
        for number, server in servers
    )


def _link(device: Device) -> Iterator[Link]:
    """The link between what serves the clients of a gateway and an instance, if it asks RADIUS servers."""
    if device.p2s and device.gateway is not None and device.gateway.spec.radius_servers:
        yield Link(
            Interface(device.charon_edge(P2S), RADIUS, RADIUS, (f"{_EDGE}/32",)),
            Interface(device.node, edge_port(RADIUS), f"e-{RADIUS}", (f"{_INSTANCE}/32",)),
        )


def with_way(device: Device, parts: Parts) -> Parts:
    """The edges of a device, with the way from what serves clients to the instance."""
    found, edge = tuple(_link(device)), device.charon_edge(P2S)
    routes = tuple(Route(f"{_INSTANCE}/32", item.a.name) for item in found)
    nodes = (replace(n, routes=(*n.routes, *routes)) if n.name == edge else n for n in parts.nodes)
    return replace(parts, nodes=tuple(nodes), links=(*parts.links, *found))


def way_back(device: Device) -> Iterator[Route]:
    """The route of an instance to its daemons."""
    return (Route(f"{_EDGE}/32", item.b.name) for item in _link(device))


def rulesets(device: Device) -> Iterator[RadiusNat]:
    """What an instance does with the questions of its daemons."""
    gateway = device.gateway
    if device.p2s and gateway is not None and gateway.spec.radius_servers:
        servers = enumerate(gateway.spec.radius_servers)
        found = tuple((PORT + number, str(server.radius_server_address), PORT) for number, server in servers)
        yield RadiusNat(edge_port(RADIUS), found, str(device.router.bgp_address))


def servers(lab: str, network: Network) -> Iterator[RadiusServer]:
    """The RADIUS servers, with the gateways that ask them and the users of these."""
    for node, gateways in network.radius_servers.items():
        instances = {str(r.bgp_address): gateway for gateway in gateways for r in gateway.instances}
        users = {client.node: secret_name(g, client.name) for g in gateways for client in g.clients}
        yield RadiusServer(
            node=node,
            directory=node_directory(lab, node + _SUFFIX),
            address=str(network.machine_addresses[node]),
            port=PORT,
            peers=tuple(RadiusPeer(g.name, address, radius_secret_name(g.name)) for address, g in instances.items()),
            users=tuple(users.items()),
        )
