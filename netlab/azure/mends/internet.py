"""Changes for pairs with the Internet's host. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netlab.azure.mends import tables
from netlab.azure.mends.case import Case
from netlab.results.drops import DropType
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Nic

# RFC 5737: for documentation; the lab's own Internet has no other machine there.
_PUBLIC = IPv4Network("203.0.113.0/24")


# What leaves for the Internet and has no address to leave with.
_WITHOUT_ADDRESS = (
    DropType.NO_OUTBOUND_METHOD,
    DropType.NOT_TRANSLATED,
    DropType.NO_DEFAULT_ACCESS,
    DropType.NOT_BALANCED,
)


def changes(case: Case) -> Iterator[Change]:
    """What lets a machine and the Internet's host talk."""
    if INTERNET not in (case.sender.node, case.receiver.node):
        return
    node = case.receiver.node if case.sender.node == INTERNET else case.sender.node
    nic = case.state.network.primary_nics.get(node)
    if nic is None:
        return
    lacks = case.walk.dropped_at == INTERNET or case.cause.type in _WITHOUT_ADDRESS
    if lacks and nic.public_address is None:
        yield _public_address(case, nic)
    yield tables.lead(nic.subnet, DEFAULT_ROUTE, "Internet", None, "(R85)")


def _public_address(case: Case, nic: Nic) -> Change:
    public = case.state.network.public
    taken = {*public.machines.values(), *public.routers.values(), *public.clients.values(), *public.egress.values()}
    address = next(address for address in reversed(list(_PUBLIC.hosts())) if address not in taken)
    path = (*nic.path, "public_ip_address")
    sentence = f"give {nic.node} a public_ip_address: the Internet has no route to a private one"
    return Change(sentence, (Edit("set", path, str(address)),))


def of_private_subnet(case: Case) -> Iterator[Change]:
    """A private subnet without a way out: a NAT gateway."""
    subnet, taken = case.came_from, case.state.network.scenario.nat_gateways
    if subnet is not None:
        name = next(text for text in (f"nat-{number}" for number in range(1, 1000)) if text not in taken)
        used = Edit("set", ("vnets", subnet.vnet.name, "subnets", subnet.name, "nat_gateway"), name)
        sentence = f"give subnet {subnet.name} of {subnet.vnet.name} a NAT gateway: it is private (E24)"
        yield Change(sentence, (Edit("set", ("nat_gateways", name), {}), used))
