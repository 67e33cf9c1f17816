"""VNet peerings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from netlab.scenario.models import Peering, Scenario
from netlab.scenario.overlaps import crossing
from netlab.scenario.rules.breach import Breach, Breaches, by_profile, listed, unknown
from netlab.scenario.rules.joined import peering_objects

# A VNet and one of its address spaces.
Space = tuple[str, IPv4Network]


def peerings_name_two_vnets(scenario: Scenario) -> Breaches:
    """A peering leads from one VNet to another one."""
    for name, peering in scenario.peerings.items():
        yield from unknown(("peerings", name, "vnet"), peering.vnet, scenario.vnets, "VNet")
        yield from unknown(("peerings", name, "remote_vnet"), peering.remote_vnet, scenario.vnets, "VNet")
        if peering.vnet == peering.remote_vnet:
            yield Breach(("peerings", name, "remote_vnet"), "a VNet is not peered with itself; name another one")


def r100_peered_vnets_do_not_overlap(scenario: Scenario) -> Breaches:
    """R100: the address spaces of peered VNets do not overlap."""
    found: set[frozenset[str]] = set()
    for name, peering in peering_objects(scenario):
        pair = frozenset((peering.vnet, peering.remote_vnet))
        mine, theirs = _ranges(scenario, peering)
        overlaps = crossing(mine, theirs) if pair not in found else []
        if overlaps:
            found.add(pair)
            one, other = overlaps[0]
            message = f"{mine[one]} of `{peering.vnet}` overlaps {theirs[other]} of `{peering.remote_vnet}`"
            yield Breach(("peerings", name), f"{message}; peered VNets must not overlap")


def _ranges(scenario: Scenario, peering: Peering) -> tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]]:
    """The address ranges that a peering joins: of a peering of subnets those that these lie in (U13)."""
    found = []
    sides = ((peering.vnet, peering.local_subnet_names), (peering.remote_vnet, peering.remote_subnet_names))
    for name, names in sides:
        vnet = scenario.vnets[name]
        own = [vnet.subnets[subnet].address_prefix for subnet in names if subnet in vnet.subnets]
        whole = peering.peer_complete_vnets
        found.append(tuple(r for r in vnet.address_space if whole or any(prefix.subnet_of(r) for prefix in own)))
    return found[0], found[1]


def r100_peers_of_a_vnet_do_not_overlap(scenario: Scenario) -> Breaches:
    """R100: a VNet is not peered with two VNets that overlap (VnetAddressSpaceOverlapsWithAlreadyPeeredVnet)."""
    peers: dict[str, dict[str, str]] = {}
    for name, peering in peering_objects(scenario):
        peers.setdefault(peering.vnet, {}).setdefault(peering.remote_vnet, name)
    for vnet, names in peers.items():
        order = {remote: place for place, remote in enumerate(names)}
        for pair in _overlapping(scenario, names):
            (first, one), (second, other) = sorted(pair, key=lambda item: order[item[0]])
            message = f"{other} of `{second}` overlaps {one} of `{first}`, and `{vnet}` is peered with both"
            yield Breach(("peerings", names[second]), f"{message}; give one of them another address space")


def _overlapping(scenario: Scenario, vnets: Iterable[str]) -> Iterator[tuple[Space, Space]]:
    """The first two address spaces of different VNets that overlap, for each two such VNets next to each other."""
    spaces = ((vnet, prefix) for vnet in vnets for prefix in scenario.vnets[vnet].address_space)
    widest: Space | None = None
    told: set[frozenset[str]] = set()
    for vnet, prefix in sorted(spaces, key=lambda space: space[1]):
        if widest is None or not prefix.overlaps(widest[1]):
            widest = vnet, prefix
        elif vnet != widest[0] and frozenset((vnet, widest[0])) not in told:
            told.add(frozenset((vnet, widest[0])))
            yield widest, (vnet, prefix)


def r101_peerings_come_in_pairs(scenario: Scenario) -> Breaches:
    """R101: a peering is two objects, one per direction; with one of them it stays Initiated."""
    first: dict[tuple[str, str], str] = {}
    for name, peering in peering_objects(scenario):
        there, back = (peering.vnet, peering.remote_vnet), (peering.remote_vnet, peering.vnet)
        other = first.setdefault(there, name)
        if other != name:
            yield Breach(("peerings", name), f"`{other}` leads from `{there[0]}` to `{there[1]}` already; drop one")
        elif scenario.peering(*back) is None:
            message = f"stays Initiated and carries no packets: there is no peering from `{back[0]}` to `{back[1]}`"
            yield Breach(("peerings", name), message, "warning")


def r103_remote_gateways_can_be_used(scenario: Scenario) -> Breaches:
    """R103: a VNet without a gateway may use the one of a single peer, if that side allows gateway transit."""
    first: dict[str, str] = {}
    for name, peering in peering_objects(scenario):
        if not peering.use_remote_gateways:
            continue
        vnet, remote, path = peering.vnet, peering.remote_vnet, ("peerings", name, "use_remote_gateways")
        back = scenario.peering(remote, vnet)
        other = first.setdefault(vnet, name)
        if other != name:
            yield Breach(path, f"`{vnet}` uses the remote gateway of `{other}` already; one peering per VNet may")
        if scenario.gateway_for(vnet) == vnet:
            yield Breach(path, f"`{vnet}` has a gateway or a Route Server of its own; drop one or the other")
        if scenario.gateway_for(remote) != remote:
            yield Breach(path, f"`{remote}` has no gateway and no Route Server that could be used")
        if back is not None and not back.allow_gateway_transit:
            yield Breach(path, f"the peering from `{remote}` to `{vnet}` needs allow_gateway_transit: true")


def r104_gateway_transit_stays_in_its_region(scenario: Scenario) -> Breaches:
    """R104: in the profile seed, gateway transit is for VNets of one region."""
    for name, peering in peering_objects(scenario):
        here, there = (scenario.vnets[vnet].region.lower() for vnet in (peering.vnet, peering.remote_vnet))
        if scenario.profile == "seed" and peering.use_remote_gateways and here and there and here != there:
            message = f"`{peering.vnet}` and `{peering.remote_vnet}` are in two regions, and gateway transit needs one"
            yield Breach(("peerings", name, "use_remote_gateways"), f"{message} {by_profile(scenario)}")


def r109_access_is_a_matter_of_tags(scenario: Scenario) -> Breaches:
    """R109: allow_virtual_network_access changes the tag VirtualNetwork of the VNet's NSGs only."""
    for name, peering in peering_objects(scenario):
        vnet = scenario.vnets[peering.vnet]
        of_subnets = (subnet.network_security_group for subnet in vnet.subnets.values())
        of_nics = (nic.network_security_group for vm in vnet.vms.values() for nic in vm.interfaces.values())
        filtered = any(of_subnets) or any(of_nics)
        if not peering.allow_virtual_network_access and not filtered:
            remote = peering.remote_vnet
            message = f"takes `{remote}` out of the tag VirtualNetwork, which only NSGs read: no effect without one"
            place = ("peerings", name, "allow_virtual_network_access")
            yield Breach(place, f"{message}; on Azure the default rules of an NSG drop such packets", "warning")


def r111_peerings_are_in_sync(scenario: Scenario) -> Breaches:
    """R111: a VNet uses the changed address space of a peer only after a sync of its peering."""
    for name, peering in peering_objects(scenario):
        held, now = peering.remote_address_space, scenario.vnets[peering.remote_vnet].address_space
        if held is not None and set(held) != set(now):
            message = f"not in sync: `{peering.remote_vnet}` has {listed(now)}, and `{peering.vnet}` uses"
            place = ("peerings", name, "remote_address_space")
            yield Breach(place, f"{message} {listed(held)}; drop the key once the peering is in sync", "warning")
