"""Access networks: NAT routers with their firewalls and HTTP proxies, and the links of what is behind them."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane.filters import of_access
from netlab.azure.dataplane.routers import edge
from netlab.plan.devices import Parts
from netlab.plan.model import AccessRules, Barrier, HttpProxy, Interface, Link, Node, Route
from netlab.plan.names import lab_netns, node_directory
from netlab.plan.ports import WAN, behind_port
from netlab.plan.underlay import FAR, INNER_FAR, NEAR, to_internet, upstream
from netlab.scenario.names import INTERNET
from netlab.scenario.network import AccessNetwork, Client, ClientTunnel, Network, Site

PROXY_PORT = 3128


def router(lab: str, access: AccessNetwork) -> Parts:
    """The NAT router of an access network, with a link to the Internet."""
    proxy, private = proxy_address(access), access.network.public.private
    devices = {site: str(private[site.node]) for site in access.sites}
    to_devices = (Route(f"{own}/32", behind_port(edge(site.node)), via=NEAR) for site, own in devices.items())
    forwards = next(iter(devices.values()), "") if access.spec.forwards_ike else ""
    return Parts(
        (
            Node(
                access.node,
                "access network",
                lab_netns(lab, access.node),
                access.name,
                loopback=(f"{proxy}/32",) if proxy else (),
                routes=(upstream(WAN, INNER_FAR), *map(to_client, access.network.clients_in(access)), *to_devices),
                nftables=(AccessRules(WAN, str(access.public_address), forwards, tuple(_barriers(access))),),
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


def link(node: str, device: str, addresses: tuple[str, ...], before: AccessNetwork | Site | None) -> Link:
    """The link of a client or of an edge to the Internet, or to the NAT router or the site before it."""
    if before is None:
        return to_internet(node, addresses, device)
    end = Interface(before.node, behind_port(node), f"b-{node}", (f"{FAR}/32",))
    return Link(Interface(node, device, device, addresses), end, underlay=True)


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
