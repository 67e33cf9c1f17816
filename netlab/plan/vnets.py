"""VNets: the fabric with its tables and filters, and the virtual machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.azure.dataplane.filters import link_to_appliance, of_vnet
from netlab.plan import appliances, firewalls, gateways, load_balancers, security, ttl
from netlab.plan.devices import Parts
from netlab.plan.fabrics import PeerAddresses
from netlab.plan.model import (
    Barrier,
    Fabric,
    FabricRules,
    Interface,
    Link,
    Node,
    Route,
    Rule,
    Ruleset,
    SourceNat,
    Timers,
)
from netlab.plan.names import interface, lab_netns
from netlab.plan.ports import (
    NIC,
    WAN,
    for_appliance,
    nic_port,
    port,
    to_expressroute,
    to_gateway,
    to_machine,
    to_peer,
    to_route_server,
)
from netlab.plan.tables import Tables, opening
from netlab.plan.underlay import NEAR, to_backbone
from netlab.scenario.addresses import subnet_gateway
from netlab.scenario.names import INTERNET
from netlab.scenario.network import Machine, Nic, PrivateEndpoint, Topology, VNet, shared_addresses

_DELIVERY_TABLE = 999
# Every ingress has one rule; what its table calls local is delivered.
_INGRESS_PRIORITY = 1000
_FRONTENDS_PRIORITY = 29_000
_DELIVERY_PRIORITY = 30_000
# Of an appliance's default route: one by BGP wins. zebra takes the highest byte for the administrative distance.
LAST_CHOICE = 254 << 24

# What machines need at which connections end, by node: routes and rulesets.
Serving = Mapping[str, tuple[tuple[Route, ...], tuple[Ruleset, ...]]]


def parts(
    lab: str, topology: Topology, vnet: VNet, addresses: PeerAddresses, serving: Serving, clock: Timers
) -> tuple[Parts, Fabric]:
    """A VNet: its fabric, its machines, and the NICs of its gateway's instances."""
    egress = str(vnet.network.public.egress[vnet.name])
    every = Tables(vnet, topology, addresses)
    ports, balanced = tuple(every.ingresses()), every.frontends()
    tables = (*{table.table: table for _, table in ports}.values(), *balanced)
    barriers, secured = tuple(_barriers(vnet)), security.of_fabric(vnet, clock)
    further = (secured, load_balancers.of_fabric(vnet, clock))
    pools = tuple(load_balancers.pools(lab, vnet, clock))
    known = tuple((str(public), str(private)) for private, public in vnet.public_pairs)
    filters = FabricRules(WAN, egress, known, tuple(_shared(vnet)), barriers)
    fabric = Node(
        vnet.node,
        "vnet",
        lab_netns(lab, vnet.node),
        vnet.name,
        loopback=(load_balancers.PROBING,) if pools else (),
        routes=(*_deliveries(topology, vnet), *(route for table in tables for route in opening(table))),
        rules=(
            *(Rule(_INGRESS_PRIORITY, table.table, iif=name) for name, table in ports),
            *(Rule(_FRONTENDS_PRIORITY, r.table, destination=r.prefix) for table in balanced for r in opening(table)),
            Rule(_DELIVERY_PRIORITY, _DELIVERY_TABLE),
        ),
        answers_ping=False,
        nftables=(filters, ttl.of_fabric(vnet), *(rules for rules in further if rules is not None)),
    )
    machines = tuple(_machine(lab, machine, serving) for machine in vnet.machines)
    others = tuple(_private_endpoint(lab, endpoint) for endpoint in vnet.private_endpoints)
    others += tuple(firewalls.part(lab, firewall) for firewall in vnet.firewalls)
    wan = to_backbone(vnet, vnet.node, (f"{egress}/32", f"{NEAR}/32"), WAN)
    of_gateway = gateways.nics(vnet.vpn_gateway) if vnet.vpn_gateway is not None else ()
    links = (wan, *(link for _, ports in machines for link in ports), *(link for _, link in others), *of_gateway)
    spec = Fabric(vnet.node, fabric.netns, tables, _DELIVERY_TABLE, barriers, secured, pools)
    return Parts((fabric, *(node for node, _ in (*machines, *others))), links), spec


def _shared(vnet: VNet) -> Iterator[SourceNat]:
    """What leaves for the Internet under the address of a NAT gateway or of a public load balancer."""
    for item in shared_addresses(vnet):
        yield SourceNat(str(item.prefix), str(item.address), tuple(sorted(item.protocols)))


def _machine(lab: str, machine: Machine, serving: Serving) -> tuple[Node, tuple[Link, ...]]:
    appliance, primary = machine.appliance, machine.primary
    speaks = appliance is not None and appliance.bgp is not None
    routes = [_out_of(primary, "0.0.0.0/0", metric=LAST_CHOICE if speaks else 0)]
    routes += (_out_of(nic, str(prefix)) for prefix, nic in machine.routes)
    rulesets = list(appliances.rulesets(appliance)) if appliance is not None else []
    if machine.node in serving:
        to_edges, of_server = serving[machine.node]
        routes += to_edges
        rulesets += of_server
    if appliance is not None and speaks:
        routes += appliances.bgp_routes(appliance)
    return Node(
        machine.node,
        "vm",
        lab_netns(lab, machine.node),
        machine.vnet.name,
        routes=tuple(routes),
        forwarding=machine.forwards,
        nftables=tuple(rulesets),
    ), tuple(map(_nic, machine.nics))


def _nic(nic: Nic) -> Link:
    """A NIC of a machine, and the fabric's end of it, which is the default router of the NIC's subnet."""
    name, length = nic_port(nic), nic.subnet.prefix.prefixlen
    return Link(
        Interface(nic.node, name, name, tuple(f"{address}/{length}" for address in nic.addresses)),
        port(nic.vnet.node, to_machine(nic), f"{subnet_gateway(nic.subnet.prefix)}/32"),
    )


def _out_of(nic: Nic, prefix: str, metric: int = 0) -> Route:
    """A route of a machine by one of its NICs."""
    router = str(subnet_gateway(nic.subnet.prefix))
    return Route(prefix, nic_port(nic), via=router, source=str(nic.address), metric=metric)


def _private_endpoint(lab: str, endpoint: PrivateEndpoint) -> tuple[Node, Link]:
    """The node that answers for the service of a private endpoint."""
    address, prefix = str(endpoint.address), endpoint.subnet.prefix
    router = str(subnet_gateway(prefix))
    link = Link(
        Interface(endpoint.node, NIC, NIC, (f"{address}/{prefix.prefixlen}",)),
        port(endpoint.vnet.node, to_machine(endpoint), f"{router}/32"),
    )
    default = Route("0.0.0.0/0", NIC, via=router, source=address)
    netns = lab_netns(lab, endpoint.node)
    return Node(endpoint.node, "private endpoint", netns, endpoint.vnet.name, routes=(default,), forwarding=False), link


def _deliveries(topology: Topology, vnet: VNet) -> Iterator[Route]:
    """The NICs of a VNet, each a host route: there is no link layer to find them by (R112)."""
    for nic in vnet.interfaces:
        for address in nic.addresses:
            yield Route(f"{address}/32", interface(to_machine(nic)), table=_DELIVERY_TABLE)
    for firewall in vnet.firewalls:
        yield Route(f"{firewall.instance}/32", interface(to_machine(firewall)), table=_DELIVERY_TABLE)
    vpn, private, server = vnet.vpn_gateway, vnet.expressroute_gateway, vnet.route_server
    if vpn is not None:
        for router in topology.with_tunnels(vpn):
            for address in vpn.instance_addresses(router):
                yield Route(f"{address}/32", to_gateway(router.index), table=_DELIVERY_TABLE)
    for router in private.instances if private is not None else ():
        yield Route(f"{router.bgp_address}/32", to_expressroute(router.index), table=_DELIVERY_TABLE)
    for router in server.instances if server is not None else ():
        yield Route(f"{router.bgp_address}/32", to_route_server(router.index), table=_DELIVERY_TABLE)
    # Addresses of the VNet that no NIC has: the packet disappears without a word.
    yield Route("0.0.0.0/0", type="blackhole", table=_DELIVERY_TABLE)


def _barriers(vnet: VNet) -> Iterator[Barrier]:
    """The filters of a fabric, between its interfaces."""
    ports = {INTERNET: WAN} | {nic.link: interface(to_machine(nic)) for nic in vnet.interfaces}
    for peer in (peering.remote for peering in vnet.peerings):
        ports[peer.node] = interface(to_peer(peer))
        ports |= {link_to_appliance(peer, nic): for_appliance(peer, nic) for nic in (*peer.next_hops, *vnet.next_hops)}

    def named(links: frozenset[str]) -> tuple[str, ...]:
        return tuple(name for link, name in ports.items() if link in links)

    for item in of_vnet(vnet):
        sources, destinations = (
            tuple(str(p).removesuffix("/32") for p in each) for each in (item.sources, item.destinations)
        )
        protocols = tuple(sorted(item.protocols))
        yield Barrier(item.cause, named(item.ingress), named(item.egress), protocols, sources, destinations)
