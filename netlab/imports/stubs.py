"""--stubs: what is referred to and not in the input is made from what the reference says (J9)."""

from __future__ import annotations

from ipaddress import IPv4Network

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries, reference, texts
from netlab.imports.inventory import Inventory
from netlab.imports.mapping.job import CIRCUITS, CONNECTIONS, GATEWAYS, PEERINGS, VNETS

SUBNET = "stub"


def add(made: Inventory) -> None:
    """A VNet for each peering that leads out of the input, a circuit for each connection that does."""
    for leg in made.of_type(PEERINGS):
        remote = ids.parsed(leg.get("remotevirtualnetwork", "id"))
        space = texts(leg.get("remoteaddressspace", "addressprefixes"))
        if remote is not None and remote.key not in made.by_key and space:
            subnet = {"name": SUBNET, "addressprefix": _first(space[0])}
            body = {"addressspace": {"addressprefixes": space}, "subnets": [subnet]}
            made.add(Resource(remote, "", body, leg.source))
            made.notes.invent("VNet", remote.name, f"peering {leg.name} leads to it, and says its address space")
            _leg_back(made, leg, remote)
    for item in made.of_type(CONNECTIONS):
        peer = ids.parsed(item.get("peer", "id"))
        if peer is not None and peer.type.lower() == CIRCUITS and peer.key not in made.by_key:
            body = {
                "peerings": [{"name": "AzurePrivatePeering", "peeringtype": "AzurePrivatePeering", "peerasn": 65000}]
            }
            made.add(Resource(peer, "", body, item.source))
            made.notes.invent("circuit", peer.name, f"connection {item.name} leads to it")


def _first(space: str) -> str:
    """The first /24 of an address space, or all of it where it is smaller."""
    try:
        whole = IPv4Network(space, strict=False)
    except ValueError:
        return space
    return str(IPv4Network((int(whole.network_address), max(24, whole.prefixlen))))


def _leg_back(made: Inventory, leg: Resource, remote: ids.ResourceId) -> None:
    """The other direction, as the first one says it is: connected, and with its gateway if this VNet uses it."""
    vnet = leg.id.parent
    if vnet is None or vnet.key not in made.by_key or made.by_key[vnet.key].type != VNETS:
        return
    body = {
        "remotevirtualnetwork": {"id": vnet.text},
        "allowgatewaytransit": bool(leg.get("useremotegateways")),
        "useremotegateways": bool(leg.get("allowgatewaytransit")) and _has_gateway(made, vnet.key),
        "allowforwardedtraffic": True,
    }
    id_ = remote.child("virtualNetworkPeerings", f"to-{vnet.name}")
    made.add(Resource(id_, "", body, leg.source))
    made.notes.invent("peering", id_.name, f"the other leg of {leg.name}")


def _has_gateway(made: Inventory, vnet: str) -> bool:
    return any(
        reference(body.get("subnet")).startswith(f"{vnet}/")
        for gateway in made.of_type(GATEWAYS)
        for body in entries(gateway.get("ipconfigurations"))
    )
