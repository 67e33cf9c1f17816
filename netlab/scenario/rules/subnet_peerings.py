"""Peerings of subnets, and summaries of what gateways advertise."""

from __future__ import annotations

from netlab.scenario.addresses import GATEWAY_SUBNET
from netlab.scenario.days import API_2025_07, after_day
from netlab.scenario.models import Peering, Scenario
from netlab.scenario.rules.breach import Breach, Breaches, unknown
from netlab.scenario.rules.joined import peering_objects

# U13: of both sides together.
MOST_SUBNETS = 200


def u12_peerings_of_subnets_name_them(scenario: Scenario) -> Breaches:
    """U12: a peering of subnets names subnets of both sides, and a peering of VNets names none."""
    for name, peering in peering_objects(scenario):
        theirs = scenario.peering(peering.remote_vnet, peering.vnet)
        whole = peering.peer_complete_vnets and (theirs is None or theirs.peer_complete_vnets)
        for key, vnet, names in _lists(peering):
            path = ("peerings", name, key)
            for subnet in names:
                yield from unknown(path, subnet, scenario.vnets[vnet].subnets, f"subnet of `{vnet}`")
            if names and whole:
                yield Breach(path, "a peering of whole VNets names no subnets; write peer_complete_vnets: false")
            elif not names and not peering.peer_complete_vnets:
                yield Breach(("peerings", name), f"a peering of subnets names some in {key}; add them")


def u13_peerings_of_subnets_agree(scenario: Scenario) -> Breaches:
    """U13: both sides of a peering are of one kind and name the same subnets, 200 at most."""
    for name, mine in peering_objects(scenario):
        theirs = scenario.peering(mine.remote_vnet, mine.vnet)
        subnets = len(mine.local_subnet_names) + len(mine.remote_subnet_names)
        if subnets > MOST_SUBNETS:
            what = f"a peering has at most {MOST_SUBNETS} subnets, and here are {subnets}"
            yield Breach(("peerings", name), f"{what}; peer whole VNets")
        if theirs is None:
            continue
        if mine.peer_complete_vnets != theirs.peer_complete_vnets:
            if not mine.peer_complete_vnets:
                what = f"the peering from `{mine.remote_vnet}` to `{mine.vnet}` is one of whole VNets, and this is not"
                yield Breach(("peerings", name, "peer_complete_vnets"), f"{what}; give both the same kind")
        elif all(lists := (mine.remote_subnet_names, theirs.local_subnet_names)) and set(lists[0]) != set(lists[1]):
            what = f"the peering from `{mine.remote_vnet}` to `{mine.vnet}` names other local_subnet_names"
            yield Breach(("peerings", name, "remote_subnet_names"), f"{what}; name the same subnets")


def u15_gateway_transit_needs_its_subnet(scenario: Scenario) -> Breaches:
    """U15: a VNet uses a remote gateway over a peering of subnets that has the gateway's GatewaySubnet."""
    for name, peering in peering_objects(scenario):
        lacks = not peering.peer_complete_vnets and GATEWAY_SUBNET not in peering.remote_subnet_names
        if peering.use_remote_gateways and lacks:
            what = f"remote_subnet_names has no {GATEWAY_SUBNET}, where the gateway of `{peering.remote_vnet}` is"
            yield Breach(("peerings", name, "use_remote_gateways"), f"{what}; add it")


def u17_summaries_cover_the_vnet(scenario: Scenario) -> Breaches:
    """U17: a summary that leaves out a part of the VNet hides it from on-premises; it came with API 2025-07-01."""
    for name, vnet in scenario.vnets.items():
        if vnet.summarized_gateway_prefixes is None:
            continue
        path = ("vnets", name, "summarized_gateway_prefixes")
        if when := after_day(scenario, API_2025_07):
            yield Breach(path, f"summarized_gateway_prefixes came with API version {when}; leave it out")
        summary = vnet.summarized_gateway_prefixes.address_prefixes
        for space in vnet.address_space:
            if not any(map(space.subnet_of, summary)):
                what = f"no summary covers {space}, which the gateways of `{name}` no longer advertise"
                yield Breach((*path, "address_prefixes"), f"{what}; add a prefix around it", "warning")


def _lists(peering: Peering) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The lists of subnets: key, VNet and names."""
    return (
        ("local_subnet_names", peering.vnet, peering.local_subnet_names),
        ("remote_subnet_names", peering.remote_vnet, peering.remote_subnet_names),
    )
