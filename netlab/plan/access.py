"""Access networks: NAT routers with their firewalls and HTTP proxies, and the links of what is behind them."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane.filters import of_access
from netlab.plan.devices import Parts
from netlab.plan.model import AccessRules, Barrier, HttpProxy, Interface, Link, Node, Route
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import NIC, WAN, behind_port
from netlab.plan.underlay import FAR, INNER_FAR, to_internet, upstream
from netlab.scenario.names import INTERNET
from netlab.scenario.network import AccessNetwork, Client, ClientTunnel, Network

PROXY_PORT = 3128


def router(lab: str, access: AccessNetwork) -> Parts:
    """The NAT router of an access network, with a link to the Internet."""
    proxy = proxy_address(access)
    return Parts(
        (
            Node(
                access.node,
                "access network",
                lab_netns(lab, access.node),
                access.name,
                loopback=(f"{proxy}/32",) if proxy else (),
                routes=(upstream(WAN, INNER_FAR), *(to_client(client) for client in access.clients)),
                nftables=(AccessRules(WAN, str(access.public_address), tuple(_barriers(access))),),
            ),
        ),
        (to_internet(access.node, (f"{access.public_address}/32",), WAN, INNER_FAR),),
    )


def _barriers(access: AccessNetwork) -> Iterator[Barrier]:
    for item in of_access(access):
        yield Barrier(item.cause, egress=tuple(WAN for link in item.egress if link == INTERNET), ports=item.ports)


def to_client(client: Client) -> Route:
    """The route of a NAT router or of a site to a client that is behind it."""
    return Route(f"{client.own_address}/32", behind_port(client.node))


def translated(client: Client) -> str:
    """The address of a client behind NAT as the Internet sees it; empty where that is its own."""
    return str(client.public_address) if client.upstream is not None else ""


def link(client: Client) -> Link:
    """The link of a client to the Internet, or to the NAT router or the site before it."""
    own = (f"{client.own_address}/32",)
    if client.upstream is None:
        return to_internet(client.node, own, NIC)
    before = Interface(client.upstream.node, behind_port(client.node), f"b-{client.node}", (f"{FAR}/32",))
    return Link(Interface(client.node, NIC, NIC, own), before, underlay=True)


# --- proxies --------------------------------------------------------------------------------------------------------


def proxies(lab: str, network: Network) -> Iterator[HttpProxy]:
    """The HTTP proxies of access networks, at their NAT routers."""
    for access in network.access_networks.values():
        spec = access.spec.http_proxy
        if spec is not None:
            yield HttpProxy(
                node=access.node,
                netns=lab_netns(lab, access.node),
                directory=node_directory(lab, f"{access.node}.proxy"),
                address=proxy_address(access),
                port=PROXY_PORT,
                connects_to=spec.connects_to,
                password=_password_name(access) if spec.asks_for_password else "",
            )


def password_names(network: Network) -> Iterator[str]:
    """The names of the passwords for which proxies ask."""
    return (proxy.password for proxy in proxies("", network) if proxy.password)


def proxy_address(access: AccessNetwork) -> str:
    """The address of an access network's HTTP proxy; empty where it has none."""
    return str(access.network.public.private[access.node]) if access.spec.http_proxy is not None else ""


def _password_name(access: AccessNetwork) -> str:
    """The name of the password for which a proxy asks."""
    return f"proxy:{access.name}"


def proxy_of(tunnel: ClientTunnel) -> str:
    """The address and the port of the HTTP proxy that a tunnel passes; empty where it passes none."""
    return f"{proxy_address(tunnel.proxy)}:{PROXY_PORT}" if tunnel.proxy is not None else ""
