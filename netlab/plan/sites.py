"""Sites: on-premises networks with their devices and their hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

from netlab.plan.access import to_client
from netlab.plan.appliances import routes_to_appliances
from netlab.plan.devices import Device, Parts, bgp_listeners, peer_pins
from netlab.plan.expressroute import routes_over_links
from netlab.plan.microsoft_peerings import routes_of_customer, rulesets_of_customer
from netlab.plan.model import DEFAULT_TABLE, Interface, Link, Node, Route, SiteNat
from netlab.plan.names import lab_netns
from netlab.plan.ports import INSIDE, LAN, NIC, WAN, device_port, host_port, port
from netlab.plan.provider_networks import routes_to_providers
from netlab.plan.segments import limit as segment_limit
from netlab.plan.underlay import FAR, INNER_FAR, INNER_NEAR, LAST_RESORT, PRIVATE, private_drops, upstream
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.models import node_name
from netlab.scenario.network import Router, Site


def parts(lab: str, site: Site, devices: tuple[Device, ...]) -> Parts:
    """A site: hosts behind one device, or behind a router with several devices, each with a way out to the Internet
    through its edge."""
    hosts = tuple(_host(lab, site, name, address) for name, address in site.spec.hosts.items())
    routers = tuple(_device(lab, site, device) for device in devices)
    before = site.before_devices
    central = _before_devices(lab, site, before, devices) if before is not None else Parts()
    links = (*(link for _, link in routers), *(link for _, link in hosts), *central.links)
    return Parts((*(node for node, _ in routers), *central.nodes, *(node for node, _ in hosts)), links)


def _device(lab: str, site: Site, device: Device) -> tuple[Node, Link]:
    routes = (
        *(_to_the_hosts(site) if site.before_devices is None else _to_the_router(site, device)),
        *_way_out(WAN, INNER_FAR),
        *peer_pins(device),
        *routes_to_appliances(site),
        *routes_over_links(site.circuits, device.router),
        *routes_to_providers(site),
        *routes_of_customer(site, device.router),
    )
    nftables = (*bgp_listeners(device), *segment_limit(device), *rulesets_of_customer(site, device.router))
    out = Link(
        Interface(device.node, WAN, WAN, (f"{INNER_NEAR}/32",)),
        Interface(device.edge, LAN, LAN, (f"{INNER_FAR}/32",)),
    )
    return replace(_router(lab, site, device.router, routes), nftables=nftables), out


def _router(lab: str, site: Site, router: Router, routes: tuple[Route, ...]) -> Node:
    further = (*router.tunnel_addresses, *site.network.link_addresses_of(router))
    loopback = tuple(f"{address}/32" for address in (router.bgp_address, *further))
    return Node(router.node, "site", lab_netns(lab, router.node), site.name, loopback=loopback, routes=routes)


def _to_the_hosts(site: Site) -> Iterator[Route]:
    yield from (Route(f"{address}/32", host_port(host)) for host, address in site.spec.hosts.items())
    yield from map(to_client, site.network.clients_in(site))
    yield from _unknown_hosts(site)


def _unknown_hosts(site: Site) -> Iterator[Route]:
    return (Route(str(prefix), type="unreachable", metric=LAST_RESORT) for prefix in site.prefixes)


def _way_out(port_name: str, via: str) -> Iterator[Route]:
    """The way to the Internet, and none for private destinations: in the last table that the kernel asks, so that a
    route into a tunnel takes precedence over it however short it is."""
    yield from private_drops(DEFAULT_TABLE)
    yield upstream(port_name, via, DEFAULT_TABLE)


def _to_the_router(site: Site, device: Device) -> Iterator[Route]:
    """From one of several devices to the router before them: the site's prefixes, and the others' BGP addresses."""
    routers = (*site.devices, *((site.before_devices,) if site.before_devices is not None else ()))
    others = (router.bgp_address for router in routers if router is not device.router)
    for prefix in (*map(str, site.prefixes), *(f"{address}/32" for address in others)):
        yield Route(prefix, INSIDE, via=FAR)


def _before_devices(lab: str, site: Site, router: Router, devices: tuple[Device, ...]) -> Parts:
    """The router between a site's hosts and its several devices: by BGP it learns which device leads where."""
    ports = {device.node: device_port(device.node) for device in devices}
    routes = (
        *(Route(f"{address}/32", host_port(host)) for host, address in site.spec.hosts.items()),
        *(Route(f"{device.router.bgp_address}/32", ports[device.node]) for device in devices),
        *_unknown_hosts(site),
        *_way_out(ports[devices[0].node], str(devices[0].router.bgp_address)),
    )
    links = (
        Link(Interface(device.node, INSIDE, INSIDE), port(router.node, f"d-{device.node}", f"{FAR}/32"))
        for device in devices
    )
    return Parts((_router(lab, site, router, routes),), tuple(links))


def _host(lab: str, site: Site, host: str, address: IPv4Address) -> tuple[Node, Link]:
    prefix = next(prefix for prefix in site.prefixes if address in prefix)
    router = str(_lan_router(prefix, set(site.spec.hosts.values())))
    node = node_name(site.name, host)
    link = Link(
        Interface(node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
        port(site.node, f"h-{host}", f"{router}/32"),
    )
    default = Route("0.0.0.0/0", NIC, via=router, source=str(address))
    return Node(node, "host", lab_netns(lab, node), site.name, routes=(default,), forwarding=False), link


def _lan_router(prefix: IPv4Network, hosts: set[IPv4Address]) -> IPv4Address:
    taken = {*hosts, INTERNET_ADDRESS}
    return next(address for address in chain(prefix.hosts(), (prefix[0],)) if address not in taken)


def way_out(site: Site, device: Device) -> tuple[tuple[Route, ...], SiteNat]:
    """What a site's edge needs to bring to the Internet and back its hosts and what VNets send through it (R84)."""
    spaces = (str(prefix) for vnet in site.network.vnets.values() for prefix in vnet.address_space)
    prefixes = dict.fromkeys((*map(str, site.prefixes), *spaces, *PRIVATE))
    clients = (f"{client.own_address}/32" for client in site.network.clients_in(site))
    return tuple(Route(prefix, LAN, via=INNER_NEAR) for prefix in (*prefixes, *clients)), SiteNat(LAN, WAN, device.own)
