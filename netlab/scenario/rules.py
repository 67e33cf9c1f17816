"""What Azure refuses and what the lab cannot build: one function per rule, with the rule's number in its name.

R and B are sections 2 and 3 of the rulebook (azure-rules.md); a function without a number checks what a file refers to,
or what only the lab demands. Each says what is broken, where, and what would be right; the loader adds the line. A
rule passes over what another rule reports: a name that does not exist is one finding, not ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations, product

from netlab.scenario import addresses
from netlab.scenario.addresses import DEFAULT_ASN, GATEWAY_SUBNET
from netlab.scenario.models import (
    Action,
    BgpSettings,
    ClientOnly,
    ClientRoute,
    Connection,
    LocalNetworkGateway,
    Peering,
    Scenario,
    SitePrefix,
    VirtualNetwork,
    VpnGateway,
)
from netlab.scenario.names import endpoints, gateway_node, nodes, resolve, resolve_node, short, suggest

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule: the place in the file, what is wrong there and what would be right."""

    path: Path
    message: str
    severity: str = "error"
    rule: str = ""


Breaches = Iterator[Breach]
Rule = Callable[[Scenario], Breaches]


def check(scenario: Scenario) -> Breaches:
    """Every rule that a scenario breaks, in the order of RULES."""
    for rule in RULES:
        yield from (replace(breach, rule=number(rule)) for breach in rule(scenario))


def number(rule: Rule) -> str:
    """The rule's number in the rulebook, from its name; empty where it has none."""
    found = re.match(r"[rb]\d+(?=_)", rule.__name__)
    return found[0].upper() if found else ""


# ---- Names that must exist -------------------------------------------------------------------------------------------


def names_are_distinct(scenario: Scenario) -> Breaches:
    """Names differ by more than the case of their letters, for Azure's are not case-sensitive."""
    groups: Iterable[tuple[Path, Iterable[str]]] = (
        *((("vnets", name, "subnets"), vnet.subnets) for name, vnet in scenario.vnets.items()),
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
    edges = (*map(gateway_node, _gateways(scenario)), *map(str.lower, scenario.sites))
    for node, path in nodes(scenario):
        other = first.setdefault(node, path)
        if other != path:
            what = ".".join(map(str, other)) or "the Internet"
            yield Breach(path, f"its node would be called `{node}`, as {what} is; choose another name")
        edge = next((edge for edge in edges if node.startswith(f"{edge}-edge")), None)
        if edge is not None:
            yield Breach(path, f"`{node}` is kept for an edge of `{edge}`; choose another name")


def virtual_machines_name_their_subnet(scenario: Scenario) -> Breaches:
    """A virtual machine's subnet is one of its VNet's."""
    for path, vnet, name in _machines(scenario):
        subnet = vnet.vms[name].subnet
        if subnet not in vnet.subnets:
            yield Breach((*path, "subnet"), f"there is no subnet {short(subnet)}; {suggest(subnet, vnet.subnets)}")


def peerings_name_two_vnets(scenario: Scenario) -> Breaches:
    """A peering leads from one VNet to another one."""
    for name, peering in scenario.peerings.items():
        yield from _unknown(("peerings", name, "vnet"), peering.vnet, scenario.vnets, "VNet")
        yield from _unknown(("peerings", name, "remote_vnet"), peering.remote_vnet, scenario.vnets, "VNet")
        if peering.vnet == peering.remote_vnet:
            yield Breach(("peerings", name, "remote_vnet"), "a VNet is not peered with itself; name another one")


def local_network_gateways_name_their_device(scenario: Scenario) -> Breaches:
    """A local network gateway stands for a site or for a VNet."""
    for name, item in scenario.local_network_gateways.items():
        path = ("local_network_gateways", name)
        if item.site is not None:
            yield from _unknown((*path, "site"), item.site, scenario.sites, "site")
        else:
            yield from _unknown((*path, "vnet"), item.device, scenario.vnets, "VNet")


def connections_name_their_ends(scenario: Scenario) -> Breaches:
    """The ends of a connection are VNets or sites."""
    for name, item in scenario.connections.items():
        for index, end in enumerate(item.between):
            path = ("connections", name, "between", index)
            yield from _unknown(path, end, (*scenario.vnets, *scenario.sites), "VNet or site")


def connections_use_fitting_local_network_gateways(scenario: Scenario) -> Breaches:
    """A connection's local network gateways stand, for a VNet at one end, for the device at the other end."""
    for name, item in _links(scenario):
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


def local_network_gateways_say_something(scenario: Scenario) -> Breaches:
    """Without BGP nothing but the local network gateway's prefixes leads into the tunnel (R82)."""
    for told in _told(scenario):
        if not scenario.connections[told.connection].enable_bgp and not told.gateway.address_prefixes:
            message = "no address_prefixes there: without BGP the gateway then routes nothing into the tunnel"
            yield Breach(told.path, message, "warning")


def links_have_a_way_to_the_internet(scenario: Scenario) -> Breaches:
    """An impaired link is the way to the Internet of a VNet with a VPN gateway, a site or a client."""
    known = (*_gateways(scenario), *scenario.sites, *scenario.clients)
    for name in scenario.links:
        yield from _unknown(("links", name), name, known, "VPN gateway, site or client")


def clients_name_a_point_to_site_gateway(scenario: Scenario) -> Breaches:
    """A client connects to a VNet whose VPN gateway has a point-to-site configuration."""
    serving = [name for name, gateway in _gateways(scenario).items() if gateway.point_to_site is not None]
    for name, client in scenario.clients.items():
        path = ("clients", name, "gateway")
        if client.gateway not in scenario.vnets:
            yield from _unknown(path, client.gateway, serving, "VNet")
        elif client.gateway not in serving:
            message = f"`{client.gateway}` has no vpn_gateway with point_to_site"
            yield Breach(path, f"{message}; {suggest(client.gateway, serving)}")


def static_routes_name_their_connection(scenario: Scenario) -> Breaches:
    """A site's static routes are listed by connections of that site."""
    for site, item in scenario.sites.items():
        own = [name for name, _ in scenario.connections_of(site)]
        for name in item.static_routes:
            if name not in own:
                path = ("sites", site, "static_routes", name)
                yield Breach(path, f"is no connection of `{site}`; {suggest(name, own)}")


# ---- The story -------------------------------------------------------------------------------------------------------


def steps_have_names_of_their_own(scenario: Scenario) -> Breaches:
    """A report knows a step by its name."""
    seen: set[str] = set()
    for index, step in enumerate(scenario.story):
        if step.name in seen:
            yield Breach(("story", index, "name"), f"an earlier step is called {step.name!r} too")
        seen.add(step.name)


def actions_name_what_they_act_on(scenario: Scenario) -> Breaches:
    """An action is about a client, or about a site that speaks BGP on some connection."""
    speaking = [
        name
        for name, site in scenario.sites.items()
        if site.bgp is not None and any(item.enable_bgp for _, item in scenario.connections_of(name))
    ]
    for path, action in _actions(scenario):
        match action.subject:
            case ClientRoute(client=client) | ClientOnly(client=client):
                yield from _unknown((*path, "client"), client, scenario.clients, "client")
            case SitePrefix(site=site) if site not in speaking:
                message = f"{short(site)} is no site with a BGP connection; {suggest(site, speaking)}"
                yield Breach((*path, "site"), message)


def routes_by_hand_leave_the_default_route_alone(scenario: Scenario) -> Breaches:
    """A client's default route leads to its gateway's public address; R64 forces traffic with two halves instead."""
    for path, action in _actions(scenario):
        if isinstance(action.subject, ClientRoute) and action.subject.prefix.prefixlen == 0:
            yield Breach((*path, "prefix"), "a client needs its default route; add 0.0.0.0/1 and 128.0.0.0/1 instead")


def expectations_name_what_they_expect_of(scenario: Scenario) -> Breaches:
    """Expectations are about VNets, sites, machines and clients; a VNet or site among them has machines or hosts."""
    for index, step in enumerate(scenario.story):
        path = ("story", index, "expect")
        for client in step.expect.routes:
            yield from _unknown((*path, "routes", client), client, scenario.clients, "client")
        for source, targets in step.expect.reach.items():
            here = (*path, "reach", source)
            yield from _unresolved(scenario, here, source)
            for target, expected in targets.items():
                yield from _unresolved(scenario, (*here, target), target)
                place = expected.dropped_at
                if place is not None and resolve_node(scenario, place) is None:
                    known = [node for node, _ in nodes(scenario)]
                    message = f"no node is called {short(place)}; {suggest(place, known)}"
                    yield Breach((*here, target, "dropped_at"), message)


# ---- VNets and subnets -----------------------------------------------------------------------------------------------


def prefixes_are_listed_once(scenario: Scenario) -> Breaches:
    """The prefixes of one VNet, site or local network gateway do not overlap each other, nor do a VNet's subnets."""
    lists: Iterable[tuple[Path, Iterable[tuple[str | int, IPv4Network]]]] = (
        *((("vnets", n, "address_space"), enumerate(v.address_space)) for n, v in scenario.vnets.items()),
        *(
            (("vnets", n, "subnets"), [(name, item.address_prefix) for name, item in v.subnets.items()])
            for n, v in scenario.vnets.items()
        ),
        *((("sites", n, "address_prefixes"), enumerate(s.address_prefixes)) for n, s in scenario.sites.items()),
        *(
            (("local_network_gateways", n, "address_prefixes"), enumerate(item.address_prefixes))
            for n, item in scenario.local_network_gateways.items()
        ),
    )
    for path, prefixes in lists:
        for (_, one), (key, other) in combinations(prefixes, 2):
            if one.overlaps(other):
                yield Breach((*path, key), f"{other} overlaps {one}, which is in the same list")


def subnets_lie_in_the_address_space(scenario: Scenario) -> Breaches:
    """A subnet is a part of one of its VNet's address ranges."""
    for name, vnet in scenario.vnets.items():
        for key, subnet in vnet.subnets.items():
            prefix = subnet.address_prefix
            if not any(prefix.subnet_of(space) for space in vnet.address_space):
                spaces = _listed(vnet.address_space)
                yield Breach(("vnets", name, "subnets", key), f"{prefix} is outside the address space {spaces}")


def r1_gateway_subnet_has_its_name(scenario: Scenario) -> Breaches:
    """R1: the gateway's subnet must be called exactly GatewaySubnet."""
    for name in _gateways(scenario):
        subnets = scenario.vnets[name].subnets
        if GATEWAY_SUBNET not in subnets:
            near = next((item for item in subnets if item.lower() == GATEWAY_SUBNET.lower()), None)
            rename = f"rename `{near}`" if near else "add one, /27 or larger"
            path = ("vnets", name, "vpn_gateway")
            yield Breach(path, f"a VPN gateway needs a subnet called `{GATEWAY_SUBNET}`; {rename}")


def r2_gateway_subnet_holds_no_machine(scenario: Scenario) -> Breaches:
    """R2: no VM or other resource may live in GatewaySubnet."""
    for path, vnet, name in _machines(scenario):
        if vnet.vms[name].subnet == GATEWAY_SUBNET:
            yield Breach((*path, "subnet"), f"no virtual machine may be in {GATEWAY_SUBNET}; use another subnet")


def r3_gateway_subnet_has_room(scenario: Scenario) -> Breaches:
    """R3: GatewaySubnet is at least a /29; /27 or larger is recommended."""
    for name, vnet in scenario.vnets.items():
        subnet = vnet.subnets.get(GATEWAY_SUBNET)
        path = ("vnets", name, "subnets", GATEWAY_SUBNET)
        if subnet is not None and subnet.address_prefix.prefixlen > 29:
            yield Breach(path, f"{subnet.address_prefix} is smaller than /29; use /27")
        elif subnet is not None and subnet.address_prefix.prefixlen > 27:
            yield Breach(path, f"{subnet.address_prefix} is smaller than the recommended /27", "warning")


def r18_addresses_are_free(scenario: Scenario) -> Breaches:
    """R18: a subnet's first four addresses and its last one are Azure's; each other one is given once."""
    taken: dict[tuple[str, IPv4Address], str] = {}
    for path, vnet, name in _machines(scenario):
        address, subnet = vnet.vms[name].private_ip_address, vnet.subnets.get(vnet.vms[name].subnet)
        if address is None or subnet is None:
            continue
        prefix, here = subnet.address_prefix, (*path, "private_ip_address")
        other = taken.setdefault((str(path[1]), address), name)
        if address not in prefix:
            yield Breach(here, f"{address} is outside its subnet {prefix}")
        elif int(address) - int(prefix.network_address) not in addresses.usable(prefix):
            yield Breach(here, f"Azure keeps {address} for itself, like the first four of {prefix} and its last one")
        elif other != name:
            yield Breach(here, f"{address} is the address of `{other}` already")


def r18_subnets_have_room(scenario: Scenario) -> Breaches:
    """R18: a subnet has five addresses less than its size."""
    for path, vnet, name in _machines(scenario):
        subnet = vnet.subnets.get(vnet.vms[name].subnet)
        if subnet is not None and name not in addresses.vm_addresses(vnet):
            prefix = subnet.address_prefix
            room = len(addresses.usable(prefix))
            yield Breach((*path, "subnet"), f"{prefix} is full, it has {room} addresses to give; use a larger subnet")


# R115, VNet FAQ; and 0/8, which RFC 1122 keeps and Linux does not route.
UNASSIGNABLE = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("168.63.129.16/32"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("255.255.255.255/32"),
)


def r115_prefixes_are_assignable(scenario: Scenario) -> Breaches:
    """R115: 224/4, 127/8, 169.254/16, 255.255.255.255 and 168.63.129.16 are in no network; subnets are /29 at least."""
    for network in (*_spaces(scenario), *_pools(scenario)):
        for reserved in UNASSIGNABLE:
            if network.prefix.overlaps(reserved):
                yield Breach(network.path, f"{network.prefix} overlaps {reserved}, which cannot be assigned")
    for name, vnet in scenario.vnets.items():
        for key, subnet in vnet.subnets.items():
            if key != GATEWAY_SUBNET and subnet.address_prefix.prefixlen > 29:
                path = ("vnets", name, "subnets", key)
                yield Breach(path, f"{subnet.address_prefix} is smaller than /29, the smallest subnet")


# ---- Sites and public addresses --------------------------------------------------------------------------------------


def hosts_have_addresses_of_their_site(scenario: Scenario) -> Breaches:
    """A host's address is in its site's prefixes, and neither another host's nor the device's BGP address."""
    for site, item in scenario.sites.items():
        taken = {addresses.site_bgp_address(scenario, site): "the device's BGP"} if item.bgp is not None else {}
        for host, address in item.hosts.items():
            path = ("sites", site, "hosts", host)
            if not any(address in prefix for prefix in item.address_prefixes):
                yield Breach(path, f"{address} is outside the site's {_listed(item.address_prefixes)}")
            elif address in taken:
                yield Breach(path, f"{address} is {taken[address]} address; give it another one")
            taken.setdefault(address, f"`{host}`'s")


# RFC 6890, without the three prefixes for documentation (RFC 5737), which suit a lab well.
NOT_PUBLIC = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("240.0.0.0/4"),
    *UNASSIGNABLE,
)


def public_addresses_are_public(scenario: Scenario) -> Breaches:
    """A public address is in no private or reserved range, and belongs to one device only."""
    taken: dict[IPv4Address, Path] = {}
    for path, address in _public_addresses(scenario):
        range_ = next((prefix for prefix in NOT_PUBLIC if address in prefix), None)
        if range_ is not None:
            yield Breach(path, f"{address} is not public, it is in {range_}; use one as 203.0.113.4")
        elif address in taken:
            yield Breach(path, f"{address} is the public address of {_said(taken[address])} too")
        taken.setdefault(address, path)


# ---- Gateways and their SKU ------------------------------------------------------------------------------------------

# R52: site-to-site and VNet-to-VNet tunnels, and point-to-site IKEv2 clients.
TUNNELS = {"Basic": 10, "Standard": 10, "VpnGw4": 100, "VpnGw5": 100}
MOST_TUNNELS = 30
CLIENTS = {"Standard": 128, "HighPerformance": 128, "VpnGw1": 250, "VpnGw2": 500, "VpnGw3": 1000, "VpnGw4": 5000}
MOST_CLIENTS = 10000


def r52_tunnels_fit_the_sku(scenario: Scenario) -> Breaches:
    """R52: a SKU limits the tunnels and, apart from them, the clients; R53: above 100 it is another product."""
    for name, gateway in _gateways(scenario).items():
        path, sku = ("vnets", name, "vpn_gateway", "sku"), gateway.sku.removesuffix("AZ")
        tunnels, most = len(tuple(scenario.connections_of(name))), TUNNELS.get(sku, MOST_TUNNELS)
        if tunnels > most:
            larger = "more than 100 take Virtual WAN (R53)" if tunnels > 100 else "take a larger SKU, up to 100 (R53)"
            yield Breach(path, f"{gateway.sku} has {most} tunnels and {tunnels} connections end here; {larger}")
        clients, most = len(tuple(scenario.clients_of(name))), CLIENTS.get(sku, MOST_CLIENTS)
        if clients > most:
            yield Breach(path, f"{gateway.sku} serves {most} IKEv2 clients and {clients} use it; take a larger SKU")


def r54_basic_lacks(scenario: Scenario) -> Breaches:
    """R54: Basic has no IKEv2 point-to-site and no gateway transit (and no BGP: B1)."""
    basic = {name: gateway for name, gateway in _gateways(scenario).items() if gateway.sku == "Basic"}
    right = "take VpnGw1 or larger"
    for name, gateway in basic.items():
        if gateway.point_to_site is not None:
            place = ("vnets", name, "vpn_gateway", "point_to_site")
            yield Breach(place, f"Basic has no IKEv2 point-to-site; {right}")
    for name, peering in scenario.peerings.items():
        if peering.vnet in basic and peering.allow_gateway_transit:
            message = f"the Basic gateway of `{peering.vnet}` has no gateway transit; {right}"
            yield Breach(("peerings", name, "allow_gateway_transit"), message)


def r55_point_to_site_is_route_based(scenario: Scenario) -> Breaches:
    """R55: point-to-site needs a route-based gateway."""
    for name, gateway in _policy_based(scenario):
        if gateway.point_to_site is not None:
            path = ("vnets", name, "vpn_gateway", "point_to_site")
            yield Breach(path, "point-to-site needs vpn_type: RouteBased")


def r21_policy_based_is_basic(scenario: Scenario) -> Breaches:
    """R21: policy-based is for SKU Basic, exactly one site-to-site tunnel, and no VNet-to-VNet."""
    for name, gateway in _policy_based(scenario):
        path = ("vnets", name, "vpn_gateway", "vpn_type")
        own = tuple(scenario.connections_of(name))
        if gateway.sku != "Basic":
            yield Breach(path, f"PolicyBased exists with SKU Basic only, not with {gateway.sku}; use RouteBased")
        if len(own) != 1:
            yield Breach(path, f"PolicyBased has exactly one connection, not {len(own)}; use RouteBased")
        for connection, item in own:
            if item.other(name) in scenario.vnets:
                yield Breach(("connections", connection), f"`{name}` is PolicyBased and cannot be joined to a VNet")


def policy_based_is_not_built_yet(scenario: Scenario) -> Breaches:
    """The lab builds route-based gateways only."""
    for name, _ in _policy_based(scenario):
        path = ("vnets", name, "vpn_gateway", "vpn_type")
        yield Breach(path, "not built yet: the lab has no policy-based gateways; use RouteBased")


def r57_pools_overlap_nothing(scenario: Scenario) -> Breaches:
    """R57: a P2S pool is a /29 at least, and overlaps no network that the gateway knows nor the client's own."""
    for pool in _pools(scenario):
        if pool.prefix.prefixlen > 29:
            yield Breach(pool.path, f"{pool.prefix} is smaller than /29, the smallest pool")
        for other in _known_to(scenario, pool.owner):
            if other.prefix.overlaps(pool.prefix):
                yield Breach(pool.path, f"the pool {pool.prefix} overlaps {other.prefix} of {_said(other.path)}")
        for name in scenario.clients_of(pool.owner):
            client = scenario.clients[name]
            if client.local_network is not None and client.local_network.overlaps(pool.prefix):
                path = ("clients", name, "local_network")
                yield Breach(path, f"{client.local_network} overlaps the pool {pool.prefix} of `{pool.owner}`")
            if client.public_ip_address is not None and client.public_ip_address in pool.prefix:
                path = ("clients", name, "public_ip_address")
                yield Breach(path, f"{client.public_ip_address} is in the pool {pool.prefix} of `{pool.owner}`")


# ---- Connections -----------------------------------------------------------------------------------------------------


def r30_shared_keys_are_printable(scenario: Scenario) -> Breaches:
    """R30: a shared key has 1 to 128 characters, printable ASCII except space, `-` and `~`."""
    for name, item in scenario.connections.items():
        if item.shared_key is None:
            continue
        key, path = item.shared_key.get_secret_value(), ("connections", name, "shared_key")
        if not 1 <= len(key) <= 128:
            yield Breach(path, f"the key has {len(key)} characters; it may have 1 to 128")
        wrong = next((place for place, char in enumerate(key, 1) if not "!" <= char <= "}" or char == "-"), None)
        if wrong is not None:
            allowed = "printable ASCII without space, - and ~"
            yield Breach(path, f"character {wrong} of the key is not allowed; a key is {allowed}")


def r31_shared_keys_differ(scenario: Scenario) -> Breaches:
    """R31: keys differ from connection to connection unless a user insists."""
    first: dict[str, str] = {}
    for name, item in scenario.connections.items():
        if item.shared_key is not None:
            other = first.setdefault(item.shared_key.get_secret_value(), name)
            if other != name:
                message = f"the same key as `{other}` has; leave it out and one is generated"
                yield Breach(("connections", name, "shared_key"), message, "warning")


def r71_networks_do_not_overlap(scenario: Scenario) -> Breaches:
    """R71: address spaces of connected VNets and sites do not overlap, be it directly or through BGP."""
    ends = (*scenario.vnets, *scenario.sites)
    networks = {end: _networks(scenario, end) for end in ends}
    found: set[Path] = set()
    for index, one in enumerate(ends):
        related = _neighbours(scenario, one) | _domain(scenario, one)
        others = (network for end in ends[index + 1 :] if end in related for network in networks[end])
        for theirs, mine in product(others, networks[one]):
            if mine.owner != theirs.owner and mine.prefix.overlaps(theirs.prefix) and theirs.path not in found:
                found.add(theirs.path)
                message = f"{theirs.prefix} overlaps {mine.prefix} of {_said(mine.path)}"
                yield Breach(theirs.path, f"{message}, and the two are connected")


def r71_local_network_gateways_lie_outside(scenario: Scenario) -> Breaches:
    """R71: a local network gateway's prefixes do not overlap the VNet whose gateway uses it."""
    for told in _told(scenario):
        if "local_network_gateways" not in told.path:
            continue
        for prefix in told.gateway.address_prefixes:
            for space in scenario.vnets[told.vnet].address_space:
                if space.overlaps(prefix):
                    yield Breach(told.path, f"its prefix {prefix} overlaps {space} of `{told.vnet}` itself")


def r72_local_network_gateways_do_not_overlap(scenario: Scenario) -> Breaches:
    """R72: the local network gateways of one gateway's several connections do not overlap."""
    for one, other in combinations(_told(scenario), 2):
        if one.vnet != other.vnet or one.device == other.device:
            continue
        for mine, theirs in product(one.gateway.address_prefixes, other.gateway.address_prefixes):
            if mine.overlaps(theirs):
                message = f"the gateway of `{one.vnet}` has {theirs} here and {mine} for `{one.connection}`"
                yield Breach(other.path, f"{message}; prefixes of its connections must not overlap")


def r74_connections_join_gateways(scenario: Scenario) -> Breaches:
    """R74: VNet-to-VNet joins the VPN gateways of two VNets, site-to-site a VPN gateway and a site."""
    gateways = _gateways(scenario)
    for name, item in scenario.connections.items():
        path = ("connections", name, "between")
        sites = [end for end in item.between if end in scenario.sites]
        if item.between[0] == item.between[1]:
            yield Breach(path, f"both ends are {short(item.between[0])}; name two different ones")
        elif item.type == "Vnet2Vnet" and sites:
            yield Breach((*path[:2], "type"), f"Vnet2Vnet joins two VNets and `{sites[0]}` is a site; use IPsec")
        elif len(sites) == 2:
            yield Breach(path, "joins two sites; one end of an Azure connection is a VNet's VPN gateway")
        for index, end in enumerate(item.between):
            if end in scenario.vnets and end not in gateways:
                yield Breach((*path, index), f"`{end}` has no vpn_gateway; give it one, or name another end")


def r75_hidden_local_network_gateway_stays_hidden(scenario: Scenario) -> Breaches:
    """R75: Azure fills in the prefixes of a Vnet2Vnet connection; only type IPsec has them from you."""
    for name, item in scenario.connections.items():
        if item.type == "Vnet2Vnet" and item.local_network_gateways:
            path = ("connections", name, "local_network_gateways")
            yield Breach(path, "Vnet2Vnet has no local network gateway of yours; use type: IPsec")


def r77_two_ends_have_one_connection(scenario: Scenario) -> Breaches:
    """R77, R73: a second tunnel between two ends takes an active-active gateway or a second device."""
    first: dict[frozenset[str], str] = {}
    for name, item in _links(scenario):
        other = first.setdefault(frozenset(item.between), name)
        if other != name:
            message = f"`{other}` joins these two already, and a second tunnel takes an active-active gateway"
            yield Breach(("connections", name, "between"), f"{message} (not built yet)")


# ---- Peering ---------------------------------------------------------------------------------------------------------


def r100_peered_vnets_do_not_overlap(scenario: Scenario) -> Breaches:
    """R100: the address spaces of peered VNets do not overlap."""
    found: set[frozenset[str]] = set()
    for name, peering in _peerings(scenario):
        pair = frozenset((peering.vnet, peering.remote_vnet))
        mine, theirs = (scenario.vnets[vnet].address_space for vnet in (peering.vnet, peering.remote_vnet))
        overlap = next(((one, other) for one, other in product(mine, theirs) if one.overlaps(other)), None)
        if overlap is not None and pair not in found:
            found.add(pair)
            message = f"{overlap[0]} of `{peering.vnet}` overlaps {overlap[1]} of `{peering.remote_vnet}`"
            yield Breach(("peerings", name), f"{message}; peered VNets must not overlap")


def r101_peerings_come_in_pairs(scenario: Scenario) -> Breaches:
    """R101: a peering is two objects, one per direction; with one of them it stays Initiated."""
    first: dict[tuple[str, str], str] = {}
    for name, peering in _peerings(scenario):
        there, back = (peering.vnet, peering.remote_vnet), (peering.remote_vnet, peering.vnet)
        other = first.setdefault(there, name)
        if other != name:
            yield Breach(("peerings", name), f"`{other}` leads from `{there[0]}` to `{there[1]}` already; drop one")
        elif scenario.peering(*back) is None:
            message = f"stays Initiated and carries nothing: there is no peering from `{back[0]}` to `{back[1]}`"
            yield Breach(("peerings", name), message, "warning")


def r103_remote_gateways_can_be_used(scenario: Scenario) -> Breaches:
    """R103: one peering of a VNet without a gateway may use a remote one, where the other side allows transit."""
    first: dict[str, str] = {}
    for name, peering in _peerings(scenario):
        if not peering.use_remote_gateways:
            continue
        vnet, remote, path = peering.vnet, peering.remote_vnet, ("peerings", name, "use_remote_gateways")
        back = scenario.peering(remote, vnet)
        other = first.setdefault(vnet, name)
        if other != name:
            yield Breach(path, f"`{vnet}` uses the remote gateway of `{other}` already; one peering per VNet may")
        if scenario.vnets[vnet].vpn_gateway is not None:
            yield Breach(path, f"`{vnet}` has a vpn_gateway of its own; drop one or the other")
        if scenario.vnets[remote].vpn_gateway is None:
            yield Breach(path, f"`{remote}` has no vpn_gateway that could be used")
        if back is not None and not back.allow_gateway_transit:
            yield Breach(path, f"the peering from `{remote}` to `{vnet}` needs allow_gateway_transit: true")


# ---- BGP -------------------------------------------------------------------------------------------------------------

# B3, B4, B5.
AZURE_ASNS = frozenset({8074, 8075, 12076, 65515, 65517, 65518, 65519, 65520})
IANA_ASNS = frozenset({23456, *range(64496, 64512), *range(65535, 65552), 4294967295})
MISPRINTED_ASN = 429496729
UNLISTED_ASN = 65516
USABLE = "use one of 64512 to 65514 or 65521 to 65534"
# B12.
APIPA = IPv4Network("169.254.0.0/16")
AZURE_APIPA = (IPv4Network("169.254.21.0/24"), IPv4Network("169.254.22.0/24"))


def b1_bgp_needs_a_capable_gateway(scenario: Scenario) -> Breaches:
    """B1: BGP is for route-based gateways, and not for SKU Basic."""
    for name, gateway in _gateways(scenario).items():
        if gateway.sku != "Basic" and gateway.vpn_type == "RouteBased":
            continue
        what = f"{gateway.vpn_type}, {gateway.sku}"
        if gateway.bgp is not None:
            yield Breach(("vnets", name, "vpn_gateway", "bgp"), f"a {what} gateway has no BGP; take VpnGw1 or larger")
        for connection, item in scenario.connections_of(name):
            if item.enable_bgp:
                path = ("connections", connection, "enable_bgp")
                yield Breach(path, f"the {what} gateway of `{name}` has no BGP; take VpnGw1 or larger")


def b3_asns_are_not_azures(scenario: Scenario) -> Breaches:
    """B3: 8074, 8075, 12076, 65515 and 65517 to 65520 are Azure's; on-premises may use none, a gateway 65515 only."""
    for path, asn, azure in _asns(scenario):
        if asn in AZURE_ASNS and not (azure and asn == DEFAULT_ASN):
            yield Breach(path, f"Azure keeps the ASN {asn} for itself; {USABLE}")


def b4_asns_are_not_ianas(scenario: Scenario) -> Breaches:
    """B4: 23456, 64496 to 64511, 65535 to 65551 and 4294967295 are reserved by IANA."""
    for path, asn, _ in _asns(scenario):
        if asn in IANA_ASNS:
            yield Breach(path, f"IANA reserves the ASN {asn}; {USABLE}")
        elif asn == MISPRINTED_ASN:
            message = f"Azure's documents call the ASN {asn} reserved, a misprint of 4294967295 as it seems"
            yield Breach(path, f"{message}; {USABLE} to be safe", "warning")


def b5_asns_are_usable(scenario: Scenario) -> Breaches:
    """B5: 64512 to 65514 and 65521 to 65534 are usable; 65516 is in no list of Azure's and counts as reserved."""
    for path, asn, _ in _asns(scenario):
        if asn == UNLISTED_ASN:
            yield Breach(path, f"Azure lists the ASN {asn} neither as reserved nor as usable; {USABLE}")


def b7_asns_differ(scenario: Scenario) -> Breaches:
    """B7: both ends of a connection with BGP have an ASN, and not the same one."""
    for name, item in _links(scenario):
        asns = [addresses.asn(scenario, end) for end in item.between]
        path = ("connections", name, "enable_bgp")
        silent = [end for end, asn in zip(item.between, asns, strict=True) if asn == 0]
        if not item.enable_bgp or _lacks_gateway(scenario, item):
            continue
        if silent:
            yield Breach(path, f"the site `{silent[0]}` has no ASN; write bgp: {{asn: 65101}} there")
        elif asns == [DEFAULT_ASN, DEFAULT_ASN]:
            yield Breach(path, f"both gateways have Azure's default ASN {DEFAULT_ASN}; give one its own bgp: {{asn}}")
        elif asns[0] == asns[1]:
            yield Breach(path, f"both ends have the ASN {asns[0]}; each needs its own")


def b7_local_network_gateways_know_the_peer(scenario: Scenario) -> Breaches:
    """B7: where BGP runs, the local network gateway holds the ASN (and BGP address, if any) of the device."""
    for told in _told(scenario):
        named = scenario.connections[told.connection].local_network_gateways.get(told.vnet)
        if named is None or not scenario.connections[told.connection].enable_bgp or _silent(scenario, told.device):
            continue
        path, settings = ("local_network_gateways", named, "bgp"), told.gateway.bgp
        asn, address = addresses.asn(scenario, told.device), addresses.bgp_address(scenario, told.device)
        if settings is None:
            yield Breach(path, f"`{told.connection}` runs BGP; write bgp: {{asn: {asn}}} for `{told.device}`")
        elif settings.asn != asn:
            yield Breach((*path, "asn"), f"`{told.device}` has the ASN {asn}, not {settings.asn}")
        elif settings.bgp_peering_address not in (None, address):
            yield Breach((*path, "bgp_peering_address"), f"the BGP address of `{told.device}` is {address}")


def b8_gateway_peers_from_its_subnet(scenario: Scenario) -> Breaches:
    """B8: a gateway's BGP address is one of GatewaySubnet, or an APIPA one (B12)."""
    for name, gateway in _gateways(scenario).items():
        address = gateway.bgp.bgp_peering_address if gateway.bgp is not None else None
        subnet = scenario.vnets[name].subnets.get(GATEWAY_SUBNET)
        if address is None or subnet is None or address in APIPA:
            continue
        prefix = subnet.address_prefix
        if int(address) - int(prefix.network_address) not in addresses.usable(prefix):
            path = ("vnets", name, "vpn_gateway", "bgp", "bgp_peering_address")
            yield Breach(path, f"{address} is no address that Azure gives in {GATEWAY_SUBNET} {prefix}; leave it out")


def b10_devices_peer_from_inside(scenario: Scenario) -> Breaches:
    """B10: an on-premises BGP address is neither the device's public one nor inside the gateway's VNet."""
    for site, item in scenario.sites.items():
        address = item.bgp.bgp_peering_address if item.bgp is not None else None
        if address is None:
            continue
        path = ("sites", site, "bgp", "bgp_peering_address")
        if address == item.public_ip_address:
            yield Breach(path, f"{address} is the device's public address; use one of the site, or a loopback's")
        for vnet in sorted(_neighbours(scenario, site) & set(scenario.vnets)):
            if any(address in space for space in scenario.vnets[vnet].address_space):
                yield Breach(path, f"{address} is inside `{vnet}`; use one of the site, or a loopback's")


def b12_apipa_is_azures_part(scenario: Scenario) -> Breaches:
    """B12: an APIPA BGP address of a gateway is in 169.254.21.0 to 169.254.22.255."""
    for name, gateway in _gateways(scenario).items():
        address = gateway.bgp.bgp_peering_address if gateway.bgp is not None else None
        if address is not None and address in APIPA and not any(address in prefix for prefix in AZURE_APIPA):
            path = ("vnets", name, "vpn_gateway", "bgp", "bgp_peering_address")
            yield Breach(path, f"{address} is not in 169.254.21.0 to 169.254.22.255, which Azure takes of APIPA")


def b12_bgp_addresses_differ(scenario: Scenario) -> Breaches:
    """B12: each gateway and each device has a BGP address of its own."""
    first: dict[IPv4Address, str] = {}
    for path, owner, settings in _bgp(scenario):
        address = settings.bgp_peering_address
        if address is not None and first.setdefault(address, owner) != owner:
            yield Breach((*path, "bgp_peering_address"), f"{address} is the BGP address of `{first[address]}` already")


# ---- What the rules look at ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Network:
    """A prefix, whose it is and where the file says so."""

    owner: str
    prefix: IPv4Network
    path: Path


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway of a VNet is told of the device at the other end of a connection."""

    path: Path
    connection: str
    vnet: str
    device: str
    gateway: LocalNetworkGateway


def _gateways(scenario: Scenario) -> dict[str, VpnGateway]:
    return {name: vnet.vpn_gateway for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None}


def _policy_based(scenario: Scenario) -> Iterator[tuple[str, VpnGateway]]:
    return ((name, item) for name, item in _gateways(scenario).items() if item.vpn_type == "PolicyBased")


def _machines(scenario: Scenario) -> Iterator[tuple[Path, VirtualNetwork, str]]:
    for name, vnet in scenario.vnets.items():
        yield from ((("vnets", name, "vms", vm), vnet, vm) for vm in vnet.vms)


def _links(scenario: Scenario) -> Iterator[tuple[str, Connection]]:
    """The connections between two different ends that exist."""
    for name, item in scenario.connections.items():
        if item.between[0] != item.between[1] and {*scenario.vnets, *scenario.sites}.issuperset(item.between):
            yield name, item


def _lacks_gateway(scenario: Scenario, item: Connection) -> bool:
    return any(end in scenario.vnets and scenario.vnets[end].vpn_gateway is None for end in item.between)


def _peerings(scenario: Scenario) -> Iterator[tuple[str, Peering]]:
    """The peerings between two different VNets that exist."""
    for name, item in scenario.peerings.items():
        if item.vnet != item.remote_vnet and {item.vnet, item.remote_vnet} <= set(scenario.vnets):
            yield name, item


def _told(scenario: Scenario) -> Iterator[Told]:
    for name, item in _links(scenario):
        for vnet in (end for end in item.between if end in scenario.vnets):
            named = item.local_network_gateways.get(vnet)
            if named is None or named in scenario.local_network_gateways:
                told = addresses.local_network_gateway(scenario, name, vnet)
                path: Path = ("connections", name) + (("local_network_gateways", vnet) if named else ())
                yield Told(path, name, vnet, item.other(vnet), told)


def _neighbours(scenario: Scenario, end: str) -> set[str]:
    return {item.other(end) for _, item in _links(scenario) if end in item.between}


def _domain(scenario: Scenario, end: str) -> set[str]:
    """The ends that connections with BGP join to this one, itself included."""
    speaking = [set(item.between) for _, item in _links(scenario) if item.enable_bgp]
    found = {end}
    while more := {far for pair in speaking if pair & found for far in pair} - found:
        found |= more
    return found


def _spaces(scenario: Scenario) -> Iterator[Network]:
    """The prefixes of every VNet and site."""
    for name, vnet in scenario.vnets.items():
        for index, prefix in enumerate(vnet.address_space):
            yield Network(name, prefix, ("vnets", name, "address_space", index))
    for name, site in scenario.sites.items():
        for index, prefix in enumerate(site.address_prefixes):
            yield Network(name, prefix, ("sites", name, "address_prefixes", index))


def _pools(scenario: Scenario) -> Iterator[Network]:
    for name, gateway in _gateways(scenario).items():
        if gateway.point_to_site is not None:
            path = ("vnets", name, "vpn_gateway", "point_to_site", "address_pool")
            yield Network(name, gateway.point_to_site.address_pool, path)


def _networks(scenario: Scenario, end: str) -> tuple[Network, ...]:
    """The prefixes of a VNet and of those that use its gateway, or of a site."""
    owners = {end, *scenario.spokes(end)}
    return tuple(network for network in _spaces(scenario) if network.owner in owners)


def _known_to(scenario: Scenario, vnet: str) -> Iterator[Network]:
    """What a VNet's gateway knows besides its own pool: its neighbours, and through BGP their neighbours and pools."""
    domain = _domain(scenario, vnet)
    for end in (*scenario.vnets, *scenario.sites):
        if end in domain | _neighbours(scenario, vnet):
            yield from _networks(scenario, end)
    for told in _told(scenario):
        if told.vnet == vnet and "local_network_gateways" in told.path:
            yield from (Network(told.device, prefix, told.path) for prefix in told.gateway.address_prefixes)
    yield from (pool for pool in _pools(scenario) if pool.owner in domain - {vnet})


def _public_addresses(scenario: Scenario) -> Iterator[tuple[Path, IPv4Address]]:
    named: tuple[tuple[Path, IPv4Address | None], ...] = (
        *((("vnets", name, "vpn_gateway"), item.public_ip_address) for name, item in _gateways(scenario).items()),
        *((("sites", name), item.public_ip_address) for name, item in scenario.sites.items()),
        *((("clients", name), item.public_ip_address) for name, item in scenario.clients.items()),
    )
    yield from (((*path, "public_ip_address"), address) for path, address in named if address is not None)


def _bgp(scenario: Scenario) -> Iterator[tuple[Path, str, BgpSettings]]:
    """The BGP settings of gateways and of sites, with their owner."""
    for name, gateway in _gateways(scenario).items():
        if gateway.bgp is not None:
            yield ("vnets", name, "vpn_gateway", "bgp"), name, gateway.bgp
    for name, site in scenario.sites.items():
        if site.bgp is not None:
            yield ("sites", name, "bgp"), name, site.bgp


def _asns(scenario: Scenario) -> Iterator[tuple[Path, int, bool]]:
    """Every ASN that is written, and whether it is an Azure gateway's."""
    for path, owner, settings in _bgp(scenario):
        yield (*path, "asn"), settings.asn, owner in scenario.vnets
    for name, item in scenario.local_network_gateways.items():
        if item.bgp is not None:
            yield ("local_network_gateways", name, "bgp", "asn"), item.bgp.asn, item.vnet is not None


def _silent(scenario: Scenario, end: str) -> bool:
    """Whether an end cannot speak BGP: a site without an ASN, a VNet without a gateway or a subnet for it."""
    if end in scenario.sites:
        return scenario.sites[end].bgp is None
    subnet = scenario.vnets[end].subnets.get(GATEWAY_SUBNET)
    return end not in _gateways(scenario) or subnet is None or subnet.address_prefix.prefixlen > 29


def _actions(scenario: Scenario) -> Iterator[tuple[Path, Action]]:
    for index, step in enumerate(scenario.story):
        yield from ((("story", index, "do", place, action.verb), action) for place, action in enumerate(step.do))


def _unknown(path: Path, name: str, known: Iterable[str], kind: str) -> Breaches:
    names = tuple(known)
    if name not in names:
        yield Breach(path, f"there is no {kind} {short(name)}; {suggest(name, names)}")


def _unresolved(scenario: Scenario, path: Path, name: str) -> Breaches:
    if resolve(scenario, name):
        return
    everything = endpoints(scenario)
    same = [item.node for item in everything if item.name.lower() == name.lower()]
    known = (*scenario.vnets, *scenario.sites, *scenario.clients, *(item.node for item in everything))
    if name.lower() in map(str.lower, (*scenario.vnets, *scenario.sites)):
        yield Breach(path, f"`{name}` has no machine to probe; give it one of its vms or hosts")
    elif same:
        yield Breach(path, f"several machines are called `{name}`; write {' or '.join(same)}")
    else:
        yield Breach(path, f"nothing is called {short(name)}; {suggest(name, known)}")


def _said(path: Path) -> str:
    """Whose place it is, as a message says it."""
    return f"`{path[1]}`"


def _listed(prefixes: Iterable[IPv4Network]) -> str:
    return ", ".join(map(str, prefixes))


RULES: tuple[Rule, ...] = (
    names_are_distinct,
    nodes_are_distinct,
    virtual_machines_name_their_subnet,
    peerings_name_two_vnets,
    local_network_gateways_name_their_device,
    connections_name_their_ends,
    connections_use_fitting_local_network_gateways,
    local_network_gateways_say_something,
    links_have_a_way_to_the_internet,
    clients_name_a_point_to_site_gateway,
    static_routes_name_their_connection,
    steps_have_names_of_their_own,
    actions_name_what_they_act_on,
    routes_by_hand_leave_the_default_route_alone,
    expectations_name_what_they_expect_of,
    prefixes_are_listed_once,
    subnets_lie_in_the_address_space,
    r1_gateway_subnet_has_its_name,
    r2_gateway_subnet_holds_no_machine,
    r3_gateway_subnet_has_room,
    r18_addresses_are_free,
    r18_subnets_have_room,
    r115_prefixes_are_assignable,
    hosts_have_addresses_of_their_site,
    public_addresses_are_public,
    r52_tunnels_fit_the_sku,
    r54_basic_lacks,
    r55_point_to_site_is_route_based,
    r21_policy_based_is_basic,
    policy_based_is_not_built_yet,
    r57_pools_overlap_nothing,
    r30_shared_keys_are_printable,
    r31_shared_keys_differ,
    r71_networks_do_not_overlap,
    r71_local_network_gateways_lie_outside,
    r72_local_network_gateways_do_not_overlap,
    r74_connections_join_gateways,
    r75_hidden_local_network_gateway_stays_hidden,
    r77_two_ends_have_one_connection,
    r100_peered_vnets_do_not_overlap,
    r101_peerings_come_in_pairs,
    r103_remote_gateways_can_be_used,
    b1_bgp_needs_a_capable_gateway,
    b3_asns_are_not_azures,
    b4_asns_are_not_ianas,
    b5_asns_are_usable,
    b7_asns_differ,
    b7_local_network_gateways_know_the_peer,
    b8_gateway_peers_from_its_subnet,
    b10_devices_peer_from_inside,
    b12_apipa_is_azures_part,
    b12_bgp_addresses_differ,
)
