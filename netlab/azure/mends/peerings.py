"""Changes of peerings, and of what serves a VNet: its own gateway, or the one of a peer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from netlab.results.mends import Change, Edit
from netlab.scenario.models import Change as ScenarioChange
from netlab.scenario.network import Network, Peering, VNet


def peered(network: Network, vnet: VNet, other: VNet) -> Iterator[Change]:
    """A peering between two VNets, or the half of it that is missing."""
    there, back = network.peering.get((vnet, other)), network.peering.get((other, vnet))
    if there is None and back is None:
        edits = (_object(network, vnet, other), _object(network, other, vnet))
        yield Change(f"peer {vnet.name} and {other.name} directly: peering is not transitive (R102)", edits)
    elif there is None or back is None:
        one, two = (vnet, other) if there is None else (other, vnet)
        sentence = f"make the peering from {one.name} to {two.name} too: one alone stays Initiated (R101)"
        yield Change(sentence, (_object(network, one, two),))


def new(network: Network, vnet: VNet, other: VNet) -> tuple[Edit, ...]:
    """A peering between two VNets over which appliances forward; a half that is there already gets that, too."""
    flag = "allow_forwarded_traffic"
    pairs = ((vnet, other), (other, vnet))
    return tuple(
        _flag(network.peering.get(pair), flag) or _object(network, *pair, allow_forwarded_traffic=True)
        for pair in pairs
    )


def with_subnet(network: Network, vnet: VNet, remote: VNet, address: IPv4Address) -> Iterator[Change]:
    """The subnet of a remote VNet that has an address, in the lists of both halves of a peering of subnets."""
    subnet = next((name for name, item in remote.subnets.items() if address in item.prefix), None)
    there, back = network.peering.get((vnet, remote)), network.peering.get((remote, vnet))
    halves = tuple(item for item in (there, back) if item is not None and not item.spec.peer_complete_vnets)
    if subnet is not None and there is not None and back is not None and len(halves) == 2:
        lists = (
            (there, "remote_subnet_names", there.spec.remote_subnet_names),
            (back, "local_subnet_names", back.spec.local_subnet_names),
        )
        lacking = ((item, key, names) for item, key, names in lists if subnet not in names)
        edits = tuple(Edit("set", ("peerings", item.name, key), [*names, subnet]) for item, key, names in lacking)
        yield Change(
            f"add {subnet} of {remote.name} to the peered subnets of {there.name} and {back.name} (U12)", edits
        )


def _object(network: Network, vnet: VNet, other: VNet, **flags: bool) -> Edit:
    """A new peering object from one VNet to another."""
    name = next(_in_the_story(network, vnet, other), f"{vnet.name}-to-{other.name}")
    while name in network.scenario.peerings:
        name += "-2"
    return Edit("set", ("peerings", name), {"vnet": vnet.name, "remote_vnet": other.name, **flags})


def _in_the_story(network: Network, vnet: VNet, other: VNet) -> Iterator[str]:
    """The names under which the story itself makes this object: its change is then about the same one."""
    ends = {"vnet": vnet.name, "remote_vnet": other.name}
    for action in (action for step in network.scenario.story for action in step.do):
        made = action.subject.peerings if isinstance(action.subject, ScenarioChange) else {}
        yield from (name for name, spec in made.items() if isinstance(spec, Mapping) and ends.items() <= spec.items())


def forwarded(peering: Peering) -> Change:
    """AllowForwardedTraffic on a peering."""
    ends = f"from {peering.vnet.name} to {peering.remote.name}"
    sentence = f"set allow_forwarded_traffic on {peering.name}, the peering {ends} (R107)"
    return Change(sentence, (Edit("set", ("peerings", peering.name, "allow_forwarded_traffic"), True),))


def served(network: Network, vnet: VNet, goal: str) -> Iterator[Change]:
    """A gateway for a VNet without one: that of a peer, or of a VNet that becomes a peer."""
    hubs = [hub for hub in network.vnets.values() if hub.serving is hub and hub is not vnet]
    hubs.sort(key=lambda hub: (hub.name != goal, (vnet, hub) not in network.peering))
    for hub in hubs:
        yield transit(network, hub, vnet)


def transit(network: Network, hub: VNet, spoke: VNet) -> Change:
    """Gateway transit: the spoke uses the gateway of its hub."""
    lends, uses = network.peering.get((hub, spoke)), network.peering.get((spoke, hub))
    edits = (
        _flag(lends, "allow_gateway_transit") or _object(network, hub, spoke, allow_gateway_transit=True),
        _flag(uses, "use_remote_gateways") or _object(network, spoke, hub, use_remote_gateways=True),
    )
    first = "" if lends is not None or uses is not None else f"peer {spoke.name} with {hub.name}, and "
    what = f"set use_remote_gateways on its peering to {hub.name} and allow_gateway_transit on the one back"
    return Change(f"{first}{what}: {spoke.name} uses no gateway now (R103)", edits)


def _flag(peering: Peering | None, key: str) -> Edit | None:
    return Edit("set", ("peerings", peering.name, key), True) if peering is not None else None
