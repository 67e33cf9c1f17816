"""Between fabrics: the links of peerings, and those to appliances that are next hops of a peered VNet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.plan.model import Interface, Link
from netlab.plan.ports import for_appliance, port, to_peer
from netlab.scenario.addresses import LAB_PEERS
from netlab.scenario.network import Firewall, Network, Nic, VNet
from netlab.scenario.places import places

# The address that each fabric has on all its peering links.
PeerAddresses = Mapping[VNet, str]


def peer_addresses(network: Network) -> PeerAddresses:
    """The address that each fabric has on all its peering links."""
    found = places(network.vnets, LAB_PEERS.num_addresses)
    return {network.vnets[name]: str(LAB_PEERS[place]) for name, place in found.items()}


def peering_links(network: Network, addresses: PeerAddresses) -> Iterator[Link]:
    """One link per connected pair of peered VNets (R101)."""
    pairs = {frozenset((vnet.name, p.remote.name)) for vnet in network.vnets.values() for p in vnet.peerings}
    for names in sorted(tuple(sorted(pair)) for pair in pairs):
        a, b = (network.vnets[name] for name in names)
        yield Link(
            port(a.node, to_peer(b), f"{addresses[a]}/32"),
            port(b.node, to_peer(a), f"{addresses[b]}/32"),
        )


def appliance_links(network: Network, addresses: PeerAddresses) -> Iterator[Link]:
    """From each VNet to each appliance of its peers a link of its own: over the peering it would not be known which
    packets are for the appliance, and which for the machines behind it."""
    for vnet in network.vnets.values():
        for peer, nic in appliances_of_peers(vnet):
            near, far = for_appliance(peer, nic), for_appliance(vnet, nic)
            yield Link(
                Interface(vnet.node, near, f"n-{nic.label}", (f"{addresses[vnet]}/32",)),
                Interface(peer.node, far, f"n-{vnet.node}-{nic.label}", (f"{addresses[peer]}/32",)),
            )


def appliances_of_peers(vnet: VNet) -> Iterator[tuple[VNet, Nic | Firewall]]:
    """The peers of a VNet with each NIC there that may be a next hop."""
    return ((p.remote, nic) for p in vnet.peerings for nic in p.remote.next_hops)
