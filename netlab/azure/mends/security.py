"""Changes of network security groups: a rule that allows, one that denies no more, and what is in the tag. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from netlab.azure.mends.case import Case, place_of
from netlab.results.mends import Change, Edit
from netlab.results.protocols import Protocol
from netlab.scenario.models import NetworkSecurityGroup
from netlab.scenario.names import INTERNET, Endpoint, asked_by_address
from netlab.scenario.network import PrivateEndpoint, VNet

# N4: the priorities of a group's own rules; Azure's default ones come after them.
PRIORITIES = range(100, 4097)


def of_security_rule(case: Case) -> Iterator[Change]:
    """What lets a packet pass the rule that denies it at a NIC."""
    network, priority = case.state.network, int(case.cause["priority"])
    nic = network.nics.get(case.cause["nic"]) or network.private_endpoints[case.cause["nic"]]
    if priority not in PRIORITIES:
        yield from _in_the_tag(case, nic.vnet)
    yield from _allowed(case, priority)
    if priority in PRIORITIES:
        group, rule = case.cause["group"], case.cause["rule"]
        sentence = f"remove rule {priority} {rule} of {group}, or narrow it: it denies the packet"
        yield Change(sentence, (Edit("remove", ("network_security_groups", group, "security_rules", rule)),))
    if isinstance(nic, PrivateEndpoint):
        yield _without_policies(nic)


def _in_the_tag(case: Case, vnet: VNet) -> Iterator[Change]:
    """Access over the peering of the two VNets: each is in the tag VirtualNetwork of the other then (N11, R109)."""
    vnets = case.state.network.vnets
    for place in (case.place, place_of(case.state, case.own)):
        remote = vnets.get(place.name) if place is not None and place.kind == "VNet" else None
        ends = ((vnet, remote), (remote, vnet)) if remote is not None else ()
        halves = [item for one, other in ends for item in one.peerings if item.remote is other]
        closed = [item.name for item in halves if not item.spec.allow_virtual_network_access]
        if closed:
            edits = (Edit("set", ("peerings", name, "allow_virtual_network_access"), True) for name in closed)
            names = " and ".join(closed)
            yield Change(f"set allow_virtual_network_access on {names}: the default rules allow it (N11)", tuple(edits))


def _allowed(case: Case, priority: int) -> Iterator[Change]:
    """A rule before the one that denies: for the packet's source, for that of an appliance that translated it."""
    group, direction = case.cause["group"], case.cause["direction"].capitalize()
    spec = case.state.scenario.network_security_groups[group]
    taken = {rule.priority for rule in spec.security_rules.values() if rule.direction == direction}
    free = max((each for each in PRIORITIES if each < priority and each not in taken), default=None)
    if free is None:
        return
    name, target, protocol = free_name(spec, direction, free), range_of(case, case.receiver), _protocol(case.protocols)
    for source in dict.fromkeys((range_of(case, case.sender), *translated_sources(case))):
        rule = {"priority": free, "direction": direction, "access": "Allow", "protocol": protocol}
        sides = {"source_address_prefix": source, "destination_address_prefix": target}
        why = f"rule {priority} {case.cause['rule']} denies it (N4)"
        sentence = f"let {group} allow {protocol} from {source} to {target}, {direction.lower()}, with priority {free}"
        edit = Edit("set", ("network_security_groups", group, "security_rules", name), rule | sides)
        yield Change(f"{sentence}: {why}", (edit,))


def free_name(spec: NetworkSecurityGroup, direction: str, priority: int) -> str:
    """A name for a new rule that no other one of the group has."""
    name, taken = f"Allow{direction}{priority}", {name.lower() for name in spec.security_rules}
    while name.lower() in taken:
        name += "-2"
    return name


def _protocol(protocols: tuple[Protocol, ...]) -> str:
    """One protocol as a rule writes it; no rule has two of them."""
    return protocols[0].capitalize() if len(protocols) == 1 else "*"


def range_of(case: Case, end: Endpoint) -> str:
    """What a rule writes for an end: its subnet, its site's or its pool's prefix, or the tag Internet."""
    network = case.state.network
    asked = asked_by_address(network.scenario).get((end.node, case.receiver.node))
    if asked is not None and IPv4Address(asked) in network.public.of_azure:
        return "Internet"
    nic = network.primary_nics.get(end.node) or network.private_endpoints.get(end.node)
    if nic is not None:
        return str(nic.subnet.prefix)
    place = place_of(case.state, case.own if end is case.sender else case.address)
    return str(place.prefix) if place is not None and end.node != INTERNET else "Internet"


def translated_sources(case: Case) -> Iterator[str]:
    """The sources that a packet may have after the appliances that it passed."""
    machines = (case.state.network.machines.get(node) for node in case.walk.nodes)
    passed = (machine for machine in machines if machine is not None and machine.forwards)
    yield from (str(nic.address) for machine in passed for nic in machine.nics)


def _without_policies(endpoint: PrivateEndpoint) -> Change:
    """A subnet whose network security group is not for its private endpoints (E4, E5)."""
    subnet = endpoint.subnet
    now = "RouteTableEnabled" if endpoint.obeys_shorter_routes else "Disabled"
    path = ("vnets", endpoint.vnet.name, "subnets", subnet.name, "private_endpoint_network_policies")
    sentence = f"set private_endpoint_network_policies of subnet {subnet.name} of {endpoint.vnet.name} to {now}: its"
    return Change(f"{sentence} network security group is for no private endpoint then (E4)", (Edit("set", path, now),))
