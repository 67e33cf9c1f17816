"""The networks of connectivity providers: their routers, and the links between these and sites."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.plan.devices import Parts
from netlab.plan.expressroute import routes_over_links
from netlab.plan.model import Link, Node, Route
from netlab.plan.names import lab_netns
from netlab.plan.ports import circuit_port, over_circuit, port
from netlab.scenario.network import Network, ProviderNetwork, Router, Site


def parts(lab: str, network: Network) -> Iterator[Parts]:
    """The routers of all providers, each with a link to every device of its sites."""
    for provider in network.provider_networks.values():
        yield from (_router(lab, provider, router) for router in provider.routers)


def _router(lab: str, provider: ProviderNetwork, router: Router) -> Parts:
    devices = tuple(device for site in provider.sites for device in site.devices)
    node = Node(
        router.node,
        "provider edge",
        lab_netns(lab, router.node),
        provider.name,
        loopback=tuple(
            f"{address}/32" for address in (router.bgp_address, *provider.network.link_addresses_of(router))
        ),
        routes=(
            *(Route(f"{device.bgp_address}/32", circuit_port(device.node)) for device in devices),
            *routes_over_links(provider.circuits, router),
        ),
    )
    there = over_circuit(router.node)
    links = (Link(port(device.node, there), port(router.node, over_circuit(device.node))) for device in devices)
    return Parts((node,), tuple(links))


def routes_to_providers(site: Site) -> Iterator[Route]:
    """How a device of a site reaches the routers of its providers."""
    for provider in site.provider_networks:
        yield from (Route(f"{router.bgp_address}/32", circuit_port(router.node)) for router in provider.routers)
