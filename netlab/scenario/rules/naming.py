"""Names, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable

from netlab.scenario.models import Scenario, node_name
from netlab.scenario.names import nodes, short, suggest
from netlab.scenario.routers import vpn_servers
from netlab.scenario.rules.subjects import (
    Breach,
    Breaches,
    Path,
    devices,
    serving,
    sound_connections,
    told_by,
    unknown,
    virtual_machines,
    vpn_gateways,
)


def names_are_distinct(scenario: Scenario) -> Breaches:
    """Names differ by more than the case of their letters, for Azure's are not case-sensitive."""
    groups: Iterable[tuple[Path, Iterable[str]]] = (
        *((("vnets", name, "subnets"), vnet.subnets) for name, vnet in scenario.vnets.items()),
        (("route_tables",), scenario.route_tables),
        *((("route_tables", name, "routes"), item.routes) for name, item in scenario.route_tables.items()),
        (("peerings",), scenario.peerings),
        (("local_network_gateways",), scenario.local_network_gateways),
        (("connections",), scenario.connections),
    )
    for path, names in groups:
        first: dict[str, str] = {}
        for name in names:
            other = first.setdefault(name.lower(), name)
            if other != name:
                yield Breach((*path, name), f"differs from `{other}` only by the case of its letters")


def nodes_are_distinct(scenario: Scenario) -> Breaches:
    """Every VNet, gateway, machine, site, host and client has a node; `internet` and the edges are taken."""
    first: dict[str, Path] = {}
    edges = (
        *(node_name(name, "gw", str(index)) for name in vpn_gateways(scenario) for index in (0, 1)),
        *map(node_name, scenario.sites),
        *(node_name(site, str(path[-1])) for path, site, _ in devices(scenario)),
        *(router.node for router in vpn_servers(scenario)),
    )
    for node, path in nodes(scenario):
        other = first.setdefault(node, path)
        if other != path:
            what = ".".join(map(str, other)) or "the Internet"
            yield Breach(path, f"its node would be called `{node}`, as {what} is; choose another name")
        edge = next((edge for edge in edges if node.startswith(f"{edge}-edge")), None) if "-edge" in node else None
        if edge is not None:
            yield Breach(path, f"`{node}` is kept for an edge of `{edge}`; choose another name")


def virtual_machines_name_their_subnet(scenario: Scenario) -> Breaches:
    """A virtual machine's subnet is one of its VNet's."""
    for path, vnet, name in virtual_machines(scenario):
        subnet = vnet.vms[name].subnet
        if subnet not in vnet.subnets:
            yield Breach((*path, "subnet"), f"there is no subnet {short(subnet)}; {suggest(subnet, vnet.subnets)}")


def subnets_name_their_route_table(scenario: Scenario) -> Breaches:
    """A subnet's route table is one of the scenario's."""
    for name, vnet in scenario.vnets.items():
        for key, subnet in vnet.subnets.items():
            if subnet.route_table is not None:
                path = ("vnets", name, "subnets", key, "route_table")
                yield from unknown(path, subnet.route_table, scenario.route_tables, "route table")


def peerings_name_two_vnets(scenario: Scenario) -> Breaches:
    """A peering leads from one VNet to another one."""
    for name, peering in scenario.peerings.items():
        yield from unknown(("peerings", name, "vnet"), peering.vnet, scenario.vnets, "VNet")
        yield from unknown(("peerings", name, "remote_vnet"), peering.remote_vnet, scenario.vnets, "VNet")
        if peering.vnet == peering.remote_vnet:
            yield Breach(("peerings", name, "remote_vnet"), "a VNet is not peered with itself; name another one")


def local_network_gateways_name_their_device(scenario: Scenario) -> Breaches:
    """A local network gateway stands for a site, for a VNet or for an appliance."""
    for name, item in scenario.local_network_gateways.items():
        path = ("local_network_gateways", name)
        if item.site is not None:
            yield from unknown((*path, "site"), item.site, scenario.sites, "site")
        elif item.nva is not None:
            yield from unknown((*path, "nva"), item.nva, scenario.appliances, "appliance")
        else:
            yield from unknown((*path, "vnet"), item.device, scenario.vnets, "VNet")


def connections_name_their_ends(scenario: Scenario) -> Breaches:
    """The ends of a connection are VNets, sites or appliances."""
    known = dict.fromkeys((*scenario.vnets, *scenario.sites, *scenario.appliances))
    machines = {node_name(vnet, vm): vm for vnet, item in reversed(scenario.vnets.items()) for vm in reversed(item.vms)}
    for name, item in scenario.connections.items():
        for index, end in enumerate(item.between):
            path, machine = ("connections", name, "between", index), machines.get(node_name(end))
            if machine is not None and end not in known:
                yield Breach(path, f"{short(end)} is no appliance; write nva: {{}} at `{machine}`")
            else:
                yield from unknown(path, end, known, "VNet, site or appliance")


def connections_use_fitting_local_network_gateways(scenario: Scenario) -> Breaches:
    """A connection's local network gateways stand, for a VNet at one end, for the device at the other end."""
    for name, item in sound_connections(scenario).items():
        for vnet, used in item.local_network_gateways.items():
            path = ("connections", name, "local_network_gateways", vnet)
            known = scenario.local_network_gateways
            if vnet not in item.between or vnet not in scenario.vnets:
                ends = [end for end in item.between if end in scenario.vnets]
                yield Breach(path, f"is no VNet of this connection; {suggest(vnet, ends)}")
            elif used not in known:
                yield Breach(path, f"there is no local network gateway {short(used)}; {suggest(used, known)}")
            elif known[used].device != item.other(vnet):
                right = f"the gateway of `{vnet}` needs one for `{item.other(vnet)}`"
                yield Breach(path, f"`{used}` stands for {short(known[used].device)}; {right}")


def connections_name_their_device(scenario: Scenario) -> Breaches:
    """A connection names the device that it ends at, of a site that has several, and of no other end."""
    for name, item in sound_connections(scenario).items():
        known = [device for end in item.between if end in scenario.sites for device in scenario.sites[end].devices]
        path = ("connections", name, "device")
        if item.device is not None and not known:
            yield Breach(path, "no end of this connection is a site with devices; leave it out")
        elif item.device is not None:
            yield from unknown(path, item.device, known, "device")
        elif len(known) > 1:
            listed = ", ".join(f"`{device}`" for device in known)
            yield Breach(path[:2], f"the site has several devices; say which `device` it ends at: {listed}")


def local_network_gateways_say_something(scenario: Scenario) -> Breaches:
    """Without BGP nothing but the local network gateway's prefixes leads into the tunnel (R82)."""
    for told in told_by(scenario):
        if not scenario.connections[told.connection].enable_bgp and not told.gateway.address_prefixes:
            message = "no address_prefixes there: without BGP the gateway then routes nothing into the tunnel"
            yield Breach(told.path, message, "warning")


def links_have_a_way_to_the_internet(scenario: Scenario) -> Breaches:
    """An impaired link is the way to the Internet of a VNet with a VPN gateway, a site or a client."""
    known = (*vpn_gateways(scenario), *scenario.sites, *scenario.clients)
    for name in scenario.links:
        yield from unknown(("links", name), name, known, "VPN gateway, site or client")


def clients_name_point_to_site_gateways(scenario: Scenario) -> Breaches:
    """A client connects to VNets whose VPN gateways have a point-to-site configuration, to each once."""
    for name, client in scenario.clients.items():
        for index, gateway in enumerate(client.gateways):
            path: Path = ("clients", name, *(("further_gateways", index - 1) if index else ("gateway",)))
            if gateway not in scenario.vnets:
                yield from unknown(path, gateway, serving(scenario), "VNet")
            elif gateway not in serving(scenario):
                message = f"`{gateway}` has no vpn_gateway with point_to_site"
                yield Breach(path, f"{message}; {suggest(gateway, serving(scenario))}")
            elif gateway in client.gateways[:index]:
                yield Breach(path, f"`{gateway}` is one of its gateways already; drop one")


def revoked_certificates_are_clients(scenario: Scenario) -> Breaches:
    """A revoked certificate goes by the name of its client."""
    known = set(map(str.lower, scenario.clients))
    for name in serving(scenario):
        settings = vpn_gateways(scenario)[name].point_to_site
        for index, revoked in enumerate(settings.revoked_certificates if settings is not None else ()):
            path = ("vnets", name, "vpn_gateway", "point_to_site", "revoked_certificates", index)
            if revoked.lower() not in known:
                yield from unknown(path, revoked, scenario.clients, "client")


def static_routes_name_their_connection(scenario: Scenario) -> Breaches:
    """The static routes of a site or an appliance are listed by its connections."""
    places: dict[str, Path] = {site: ("sites", site) for site in scenario.sites}
    places |= {end: ("vnets", vnet, "vms", vm, "nva") for end, (vnet, vm) in scenario.appliances.items()}
    for end, place in places.items():
        own = [name for name, _ in scenario.connections_of(end)]
        for name in scenario.static_routes(end):
            if name not in own:
                path = (*place, "static_routes", name)
                yield Breach(path, f"is no connection of `{end}`; {suggest(name, own)}")


def prepends_name_their_connection(scenario: Scenario) -> Breaches:
    """A site prepends its ASN on connections of that site that have BGP."""
    for site, item in scenario.sites.items():
        own = [name for name, connection in scenario.connections_of(site) if connection.enable_bgp]
        for name in item.as_path_prepend:
            if name not in own:
                path = ("sites", site, "as_path_prepend", name)
                yield Breach(path, f"is no connection of `{site}` with BGP; {suggest(name, own)}")
