"""The machines of point-to-site clients."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.azure.p2s.tunnels import TUNNELS
from netlab.plan.access import link, proxy_address
from netlab.plan.devices import Parts
from netlab.plan.model import CHARON_TABLE, DEFAULT_TABLE, MAIN_TABLE, ClientFirewall, Node, Route, Rule, Ruleset
from netlab.plan.names import lab_netns
from netlab.plan.ports import NIC
from netlab.plan.underlay import FAR, private_drops, upstream
from netlab.scenario import network

# Before every rule of charon's: a gateway is reached over the Internet, whatever its custom routes say (R64).
_GATEWAY_PRIORITY = 100
# After the rule of a client's charon, which takes it along when it ends: its other charon uses the same table.
_CHARON_PRIORITY = CHARON_TABLE + 1

# Windows gives on-link routes this metric: of equal prefixes the one of a tunnel wins.
ON_LINK = 256


def machine(lab: str, client: network.Client) -> Parts:
    """A client: its public address, its own network, and no way out for private destinations.

    Differs from Azure: a client's own network has no other machine, so its route discards what it takes.

    The way to the Internet is in the last table that the kernel asks, so that a custom route takes precedence over it
    however short it is; the way to the gateways comes before all others.
    """
    public = client.network.public
    servers = [f"{public.point_to_site[gateway.name]}/32" for gateway in client.gateways]
    servers += dict.fromkeys(f"{proxy_address(t.proxy)}/32" for t in client.tunnels if t.proxy is not None)
    rules = [Rule(_GATEWAY_PRIORITY + n, MAIN_TABLE, destination=server) for n, server in enumerate(servers)]
    if client.spec.further_gateways:
        rules.append(Rule(_CHARON_PRIORITY, CHARON_TABLE))
    return Parts(
        (
            Node(
                client.node,
                "client",
                lab_netns(lab, client.node),
                client.name,
                routes=(
                    *(Route(server, NIC, via=FAR) for server in servers),
                    upstream(NIC, table=DEFAULT_TABLE),
                    *_own_network(client),
                    *(drop for drop in private_drops(DEFAULT_TABLE) if not _is_own(client, drop)),
                ),
                rules=tuple(rules),
                nftables=tuple(_firewall(client)),
                forwarding=False,
            ),
        ),
        (link(client.node, NIC, (f"{client.own_address}/32",), client.upstream),),
    )


def _firewall(client: network.Client) -> Iterator[Ruleset]:
    if client.spec.network is not None and client.spec.network.blocks:
        pairs = (each.split("/") for each in client.spec.network.blocks)
        yield ClientFirewall(NIC, tuple((protocol, port) for protocol, port in pairs))


def _own_network(client: network.Client) -> Iterator[Route]:
    """The routes to a client's own network and to the site that it is in: they are compared with those into tunnels,
    unless all of these come before them, and routes added by hand, too."""
    before = (TUNNELS[tunnel.tunnel_type].before_own_network for tunnel in client.tunnels)
    table = DEFAULT_TABLE if all(client.spec.family in systems for systems in before) else MAIN_TABLE
    if client.spec.local_network is not None:
        yield Route(str(client.spec.local_network), type="unreachable", table=table, metric=ON_LINK)
    for prefix in client.upstream.prefixes if isinstance(client.upstream, network.Site) else ():
        yield Route(str(prefix), NIC, via=FAR, table=table, metric=ON_LINK)


def _is_own(client: network.Client, route: Route) -> bool:
    local = client.spec.local_network
    return local is not None and IPv4Network(route.prefix).subnet_of(local)
