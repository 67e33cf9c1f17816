"""Changes for a stateful appliance that sees half of a flow: both ways over it, neither, or another source. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends import tables
from netlab.azure.mends.case import Case, place_of
from netlab.results.mends import Change, Edit
from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.network import Firewall, Nic, Subnet


def of_invalid_state(case: Case) -> Iterator[Change]:
    """The way that does not pass the appliance is the one from the receiver of the dropped packet to its sender."""
    network, node = case.state.network, case.walk.dropped_at
    by_node = {firewall.node: firewall for firewall in network.firewalls.values()}
    nic = by_node.get(node) or network.primary_nics[node]
    place = place_of(case.state, case.own)
    if place is not None:
        for subnet in _begins(case, nic):
            yield tables.lead(subnet, place.prefix, "VirtualAppliance", nic, "so that both ways pass it (F20, F21)")
    yield from of_wrong_answer(case)
    sender = network.primary_nics.get(case.sender.node)
    if sender is not None and sender.subnet.spec.route_table is not None:
        yield from tables.unused(sender.subnet, sender.subnet.spec.route_table, case.address)
    yield from _of_itself(nic) if isinstance(nic, Nic) else ()


def _of_itself(nic: Nic) -> Iterator[Change]:
    """Another way to forward: under the appliance's own address, or without sessions."""
    path = nic.machine.appliance_path
    sentence = f"let {nic.node} translate the source of all that it forwards (masquerade: always): answers come to it"
    yield Change(f"{sentence} then (F28)", (Edit("set", (*path, "masquerade"), "always"),))
    sentence = f"let {nic.node} forward without sessions (stateful: none), as by a bypass of TCP's state (F27)"
    yield Change(sentence, (Edit("set", (*path, "stateful"), "none"),))


def of_wrong_answer(case: Case) -> Iterator[Change]:
    """The answer leaves by another way than the request came, where it gets another source: both ways over the
    appliance that translates it, neither, or no translation."""
    yield from tables.of_wrong_answer(case)
    known = case.state.network.machines
    for machine in (known[node] for node in dict.fromkeys(case.walk.nodes) if node in known):
        nva = machine.spec.nva
        if nva is not None and nva.masquerade == "always" and case.place is not None:
            yield from _of_translation(case, machine.primary)


def _of_translation(case: Case, nic: Nic) -> Iterator[Change]:
    """An appliance that translates the source of an answer whose request did not pass it."""
    place, sender = place_of(case.state, case.own), case.state.network.primary_nics.get(case.sender.node)
    if place is not None:
        for subnet in _begins(case, nic):
            yield tables.lead(subnet, place.prefix, "VirtualAppliance", nic, "so that both ways pass it (F20, F21)")
    if sender is not None and case.place is not None:
        yield from tables.led_by_appliances(sender.subnet, case.place.prefix)
        if case.place.kind != "VNet":
            yield tables.lead(sender.subnet, case.place.prefix, "VirtualNetworkGateway", None, "past it (F28)")
    path = (*nic.machine.appliance_path, "masquerade")
    sentence = f"let {nic.node} translate only what is for public destinations (masquerade: public; F28)"
    yield Change(sentence, (Edit("set", path, "public"),))


def _begins(case: Case, nic: Nic | Firewall) -> Iterator[Subnet]:
    """The subnets whose tables decide of that way: the machine's own, or the GatewaySubnet where it comes in."""
    receiver = case.state.network.primary_nics.get(case.receiver.node)
    if receiver is not None:
        yield receiver.subnet
        return
    for vnet in (nic.vnet, *nic.vnet.peering_to):
        if GATEWAY_SUBNET in vnet.subnets:
            yield vnet.subnets[GATEWAY_SUBNET]
