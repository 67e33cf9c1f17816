"""Changes of route tables: routes that drop, loop or are in the way, and routes that lead on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from netlab.azure.mends import peerings
from netlab.azure.mends.case import Case
from netlab.results.drops import DropType
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import UserRoute
from netlab.scenario.network import Firewall, Nic, Subnet


def user_route(subnet: Subnet, destination: IPv4Address) -> tuple[str, UserRoute | None]:
    """The route of a subnet's route table that covers a destination with the longest prefix, and its name."""
    covering = {name: r for name, r in subnet.route_table.routes.items() if destination in r.address_prefix}
    best = max(covering, key=lambda name: covering[name].address_prefix.prefixlen, default="")
    return best, covering.get(best)


def of_table(case: Case) -> Iterator[Change]:
    """The route table of the subnet that a packet came from when it was dropped in a VNet."""
    subnet = case.came_from
    table = subnet.spec.route_table if subnet is not None else None
    if subnet is None or table is None:
        return
    name, found = user_route(subnet, case.address)
    if found is not None and found.next_hop_type == "None":
        why = f"or give it another next hop: it drops {found.address_prefix}"
        yield Change(f"remove route {name} of route table {table}, {why}", (_removed(table, name),))
    elif found is not None and case.cause.type is DropType.NO_NEXT_HOP:
        yield from _other_hops(subnet, table, name, found)
    if subnet.route_table.disable_bgp_route_propagation:
        sentence = f"let route table {table} take the gateway's routes: it has disable_bgp_route_propagation"
        yield Change(sentence, (Edit("set", ("route_tables", table, "disable_bgp_route_propagation"), False),))
    yield from unused(subnet, table, case.address)


def _other_hops(subnet: Subnet, table: str, name: str, found: UserRoute) -> Iterator[Change]:
    none = f"{found.next_hop_ip_address} is none in {subnet.vnet.name} or a peer"
    for nic in _appliances(subnet):
        path = ("route_tables", table, "routes", name, "next_hop_ip_address")
        sentence = f"give route {name} of route table {table} the appliance {nic.node} as its next hop: {none}"
        yield Change(sentence, (Edit("set", path, str(nic.address)),))
    yield Change(f"remove route {name} of route table {table}: {none}", (_removed(table, name),))


def unused(subnet: Subnet, table: str, address: IPv4Address) -> Iterator[Change]:
    """Each route of a table that covers an address, taken out."""
    for name, route in subnet.route_table.routes.items():
        if address in route.address_prefix:
            where = f"it leads {route.address_prefix} of subnet {subnet.name} of {subnet.vnet.name} elsewhere"
            yield Change(f"remove route {name} of route table {table}: {where}", (_removed(table, name),))


def _removed(table: str, name: str) -> Edit:
    return Edit("remove", ("route_tables", table, "routes", name))


def of_loop(case: Case) -> Iterator[Change]:
    """An appliance that a route of its own subnet leads to again, or to another one; or any route that led there."""
    known = case.state.network.machines
    nics = [nic for node in dict.fromkeys(case.walk.nodes) if node in known for nic in known[node].nics]
    for nic in nics:
        name, found = user_route(nic.subnet, case.address)
        if nic.appliance is not None and found is not None and found.next_hop_type == "VirtualAppliance":
            yield from _out_of_its_subnet(nic, name)
    for nic in nics:
        if nic.subnet.spec.route_table is not None:
            yield from unused(nic.subnet, nic.subnet.spec.route_table, case.address)
    for subnet in dict.fromkeys(nic.subnet for nic in nics):
        if case.place is not None:
            yield from led_by_appliances(subnet, case.place.prefix)


def _out_of_its_subnet(nic: Nic, name: str) -> Iterator[Change]:
    """A subnet for an appliance without the route that leads back to it: another one, or the same without a table."""
    route = f"route {name} of route table {nic.subnet.spec.route_table}"
    others = (other for other in nic.vnet.subnets.values() if other.spec.route_table != nic.subnet.spec.route_table)
    alone = all(other is nic or other.subnet is not nic.subnet for other in nic.vnet.nics)
    if alone:
        path = ("vnets", nic.vnet.name, "subnets", nic.subnet.name, "route_table")
        yield Change(f"take {route} from subnet {nic.subnet.name}: it leads back to {nic.node} (R89)", (_gone(path),))
    for other in others:
        address = next((a for a in list(other.prefix)[4:-1] if a not in nic.vnet.nic_at), None)
        if not other.name.endswith("Subnet") and address is not None:
            place = nic.path
            moved = (
                Edit("set", (*place, "subnet"), other.name),
                Edit("set", (*place, "private_ip_address"), str(address)),
            )
            sentence = (
                f"give {nic.node} a subnet without {route}, which leads back to it (R89), for example {other.name}"
            )
            yield Change(sentence, (*moved, *_readdressed(nic, address)))


def _gone(path: tuple[str, ...]) -> Edit:
    return Edit("remove", path)


def _readdressed(nic: Nic, address: IPv4Address) -> Iterator[Edit]:
    """The user routes that lead to an appliance, with its new address."""
    for table, item in nic.vnet.network.scenario.route_tables.items():
        for name, route in item.routes.items():
            if route.next_hop_ip_address == nic.address:
                yield Edit("set", ("route_tables", table, "routes", name, "next_hop_ip_address"), str(address))


def of_wrong_answer(case: Case) -> Iterator[Change]:
    """The answer leaves by another way than the request came."""
    yield from _to_internet(case, case.state.network.primary_nics.get(case.sender.node))


def _to_internet(case: Case, nic: Nic | None) -> Iterator[Change]:
    if nic is not None and case.place is None:
        yield lead(nic.subnet, DEFAULT_ROUTE, "Internet", None, "(R85)")


# --- routes that lead on --------------------------------------------------------------------------------------------


def lead(subnet: Subnet, prefix: IPv4Network, hop: str, appliance: Nic | Firewall | None, why: str) -> Change:
    """A user route of a subnet to a next hop, in its route table or in a new one."""
    route: dict[str, str] = {"address_prefix": str(prefix), "next_hop_type": hop}
    if appliance is not None:
        route["next_hop_ip_address"] = str(appliance.address)
    table, where = subnet.spec.route_table, f"subnet {subnet.name} of {subnet.vnet.name}"
    names = {item.address_prefix: name for name, item in subnet.route_table.routes.items()}
    name = names.get(prefix, f"to-{prefix}".replace(".", "-").replace("/", "-"))
    server = isinstance(appliance, Nic) and appliance.appliance is not None and appliance.appliance.is_vpn_server
    what = "the VPN server " if server else ""
    target = f"VirtualAppliance {appliance.address}, {what}{appliance.node}" if appliance is not None else hop
    sentence = f"give {where} a user route for {prefix} to {target} {why}"
    if table is not None:
        return Change(sentence, (Edit("set", ("route_tables", table, "routes", name), route),))
    table = _free_name(f"{subnet.vnet.name}-{subnet.name}"[:32], subnet.vnet.network.scenario.route_tables)
    used = Edit("set", ("vnets", subnet.vnet.name, "subnets", subnet.name, "route_table"), table)
    return Change(sentence, (Edit("set", ("route_tables", table), {"routes": {name: route}}), used))


def _free_name(wanted: str, taken: Iterable[str]) -> str:
    names = {name.lower() for name in taken}
    numbered = (f"{wanted[:28]}-{number}" for number in range(2, 100))
    return wanted if wanted.lower() not in names else next(name for name in numbered if name.lower() not in names)


def by_appliances(case: Case, prefix: IPv4Network) -> Iterator[Change]:
    """User routes that lead a subnet to the appliances of its VNet and of its peers: a VPN server (R90), or others."""
    if case.came_from is not None:
        yield from led_by_appliances(case.came_from, prefix)


def led_by_appliances(subnet: Subnet, prefix: IPv4Network) -> Iterator[Change]:
    """User routes of a subnet to each appliance that can be their next hop, with a peering that lets it forward."""
    for nic in _appliances(subnet):
        server = isinstance(nic, Nic) and nic.appliance is not None and nic.appliance.is_vpn_server
        change = lead(subnet, prefix, "VirtualAppliance", nic, "(R90)" if server else "(R89)")
        yield change
        peering = subnet.vnet.peering_to.get(nic.vnet)
        if peering is not None and not peering.spec.allow_forwarded_traffic:
            forwarded = peerings.forwarded(peering)
            yield Change(f"{change.sentence}, and {forwarded.sentence}", (*change.edits, *forwarded.edits))


def _appliances(subnet: Subnet) -> Iterator[Nic | Firewall]:
    """The NICs of appliances, and the Azure Firewalls, that can be the next hop of a subnet's routes."""
    for vnet in (subnet.vnet, *subnet.vnet.peering_to):
        yield from (nic for nic in vnet.nics if nic.appliance is not None and nic.subnet is not subnet)
        yield from (firewall for firewall in vnet.firewalls if firewall.subnet is not subnet)
