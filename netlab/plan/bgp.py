"""BGP speakers: their neighbors, with the interface that leads to each and the policy towards it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlab.azure.bgp import values
from netlab.azure.bgp.policy import policy
from netlab.azure.bgp.sessions import Announcements, originated
from netlab.plan import nat_rules
from netlab.plan.model import BgpNeighbor, BgpSpeaker, Timers
from netlab.plan.names import node_directory
from netlab.plan.ports import INSIDE, NIC, PAIR, circuit_port, device_port, sd_wan_ports, tunnel_port
from netlab.plan.timers import bgp_timers
from netlab.scenario.addresses import supernets
from netlab.scenario.network import Network, Router, Site, Topology, Tunnel
from netlab.scenario.places import places

# RFC 1997: the second half of a community.
_COMMUNITIES = 2**16 - 1


def speaker(
    lab: str, topology: Topology, router: Router, timers: Timers, announced: Announcements | None = None
) -> BgpSpeaker | None:
    """The BGP speaker of a router; of a gateway or a site only if it runs BGP."""
    if router.node in topology.routers and router.end not in topology.network.bgp_ends:
        return None
    neighbors = tuple(_neighbors(topology, router, timers))
    # FRR's lists of these are the router's, because they are the same towards every peer.
    own = dict.fromkeys(prefix for n in neighbors for prefix in n.policy.imports.prefix_filter)
    no_export = dict.fromkeys(prefix for n in neighbors for prefix in n.policy.imports.no_export)
    return BgpSpeaker(
        node=router.node,
        directory=node_directory(lab, router.node),
        asn=router.asn,
        address=str(router.bgp_address),
        networks=tuple(map(str, originated(router, announced))),
        neighbors=neighbors,
        keepalive=timers.bgp_keepalive,
        hold=timers.bgp_hold,
        bfd_interval=timers.bfd_interval,
        own_prefixes=tuple(map(str, own)),
        covering=tuple(str(wide) for wide in dict.fromkeys(s for prefix in no_export for s in supernets(prefix))),
        translators=nat_rules.translators(router, topology.tunnels_of(router.node)),
        next_hops=tuple(
            (str(vnet.fast_path_address), circuit_port(vnet.node))
            for vnet in topology.network.vnets.values()
            if router in vnet.fast_paths
        ),
        program=router.end.spec.software.bgp if isinstance(router.end, Site) else "frr",
    )


def _neighbors(topology: Topology, router: Router, timers: Timers) -> Iterator[BgpNeighbor]:
    for tunnel in topology.tunnels_of(router.node):
        if tunnel.connection.speaks_bgp and tunnel.bgp_of(router.node).peer is not None:
            yield _over_tunnel(router, tunnel, timers)
    for other in topology.lan_of(router.node) if router.node in topology.routers else ():
        port = PAIR if router.role == "gateway" else device_port(other.node) if router.before_devices else INSIDE
        yield _neighbor(router, other, timers, "", port, passive=router.index > other.index, internal=True)
    for pair in topology.peers_of.get(router.node, ()):
        other, passive = pair.other(router.node), router is pair.routers[1]
        name, internal = f"{router.node}-{other.node}", router.asn == other.asn
        found = _neighbor(router, other, timers, name, _port(router, other), passive=passive, internal=internal)
        own, address = pair.address(router.node), str(pair.address(other.node))
        yield replace(found, address=address, local="" if own == router.bgp_address else str(own))


def _over_tunnel(router: Router, tunnel: Tunnel, timers: Timers) -> BgpNeighbor:
    side, end = tunnel.side(router.node), tunnel.bgp_of(router.node)
    # B13: the gateway opens the session; between two of a kind the first one named does. B39: with APIPA the device.
    # Differs from Azure: a gateway leaves it to the device to open a session with APIPA; on Azure it tries in vain too,
    # from its address in GatewaySubnet.
    passive = side.is_device != end.apipa or (not side.is_device and not side.other.is_device and side.index == 1)
    port = tunnel_port(tunnel.name)
    found = _neighbor(router, tunnel.other(router.node), timers, tunnel.name, port, passive=passive)
    local = "" if end.address == router.bgp_address else str(end.address)
    return replace(found, address=str(end.peer), local=local, asn=end.peer_asn)


def _neighbor(
    router: Router, peer: Router, timers: Timers, connection: str, port: str, *, passive: bool, internal: bool = False
) -> BgpNeighbor:
    found = policy(router, peer)
    hold = found.session.hold_time
    numbers = _communities(router.end.network)
    return BgpNeighbor(
        connection=connection,
        node=peer.node,
        address=str(peer.bgp_address),
        interface=port,
        asn=peer.asn,
        passive=passive,
        internal=internal,
        policy=found,
        communities=tuple(sorted(numbers[site] for site in found.imports.site_of_origin)),
        timers=bgp_timers(hold, timers) if hold is not None else None,
    )


def _communities(network: Network) -> dict[str, int]:
    """The number of the community that stands for each site of origin: in the whole lab another one for each, because
    routers send communities on to all peers."""
    appliances = (f"appliance {name}" for name in network.appliances)
    behind = (values.origin_of(site) for provider in network.provider_networks.values() for site in provider.sites)
    known = (*network.circuits, *appliances, *dict.fromkeys(behind))
    return {name: 1 + place for name, place in places(known, _COMMUNITIES).items()}


def _port(router: Router, peer: Router) -> str:
    """The interface that leads to a peer without a tunnel: over a circuit, to a provider or between an edge router and
    the backbone, of an SD-WAN, or into the VNet."""
    roles = {router.role, peer.role}
    if {"edge router", "provider edge", "public edge"} & roles:
        return circuit_port(peer.node)
    if roles == {"appliance", "device"}:
        nva, device = (router, peer) if router.role == "appliance" else (peer, router)
        return sd_wan_ports(nva.node, device.end.name)[int(router is device)]
    return NIC
