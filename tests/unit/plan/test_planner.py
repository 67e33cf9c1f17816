"""What a plan must be for Linux to take it, whatever the scenario is called."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.lab.measure.trace import tunnel_ends
from netlab.plan import steering
from netlab.plan.model import (
    CHARON_TABLE,
    DEFAULT_TABLE,
    MAIN_TABLE,
    DataPlane,
    Interface,
    Node,
    Plan,
    Route,
    SstpServer,
)
from netlab.plan.names import RUN_ROOT
from netlab.plan.planner import plan
from netlab.render import nftables
from netlab.scenario import rules
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.models import Scenario
from netlab.scenario.network import Topology, resolve
from netlab.scenario.nodes import instance_node

PLANES: tuple[DataPlane, ...] = ("userspace", "kernel")
CATALOGUE = tuple(catalogue())
# linux/if.h: IFNAMSIZ and ALTIFNAMSIZ, each less the zero at the end.
LONGEST, LONGEST_ALTNAME = 15, 127
# The TUN that charon makes where it runs, before it is moved or for good.
TUN = "ipsec0"
SECRET = "SecretOfTheFile"


@cache
def catalogued(name: str) -> Scenario:
    return load(name).scenario


# --- any scenario ---------------------------------------------------------------------------------------------------

_LONGEST_LAB = "l" * 40
_HEAD = "a-Very-long-name-indeed-whose-beginning-many-others-have-as-well"


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Hub VNets with every kind of neighbour, under names as short or as long as may be, that begin alike."""
    count = itertools.count(1)

    def name(longest: int) -> str:
        tail = f"x{next(count)}"
        return (_HEAD[: longest - len(tail)] if draw(st.booleans()) else "n") + tail

    gateways = [name(32) for _ in range(draw(st.integers(1, 3)))]
    spokes = [name(32) for _ in range(draw(st.integers(0, 1)))]
    sites = [name(32) for _ in range(draw(st.integers(0, 2)))]
    clients = [name(32) for _ in range(draw(st.integers(0, 2)))]
    devices: dict[str, dict[str, Any]] = {
        site: {name(32): {} for _ in range(draw(st.integers(0, 2)))} for site in sites
    }
    hub = gateways[0]
    pairs = [(a, b) for i, a in enumerate(gateways) for b in (*gateways[i + 1 :], *sites)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    # A machine may be called as anything else is.
    vms = st.lists(st.sampled_from([name(32), name(32), *spokes, *gateways, *sites]), unique=True, max_size=3)
    vnets: dict[str, Any] = {
        vnet: {
            "address_space": [f"10.{n}.0.0/16"],
            "subnets": {"default": f"10.{n}.0.0/24", "GatewaySubnet": f"10.{n}.255.0/27"},
            "vms": {vm: {"subnet": "default"} for vm in draw(vms)},
            "vpn_gateway": {"sku": "VpnGw1AZ", "bgp": {"asn": 64600 + n}, "active_active": draw(st.booleans())},
        }
        for n, vnet in enumerate(gateways, 1)
    }
    vnets[hub]["vpn_gateway"]["point_to_site"] = {"address_pool": "192.168.0.0/24"}
    for n, spoke in enumerate(spokes, 50):
        vnets[spoke] = {"address_space": [f"10.{n}.0.0/16"], "subnets": {}}
    peered = [(hub, spoke, "allow_gateway_transit") for spoke in spokes]
    peered += [(spoke, hub, "use_remote_gateways") for spoke in spokes]
    return Scenario.model_validate(
        {
            "name": "any",
            "vnets": vnets,
            "peerings": {f"p{n}": {"vnet": a, "remote_vnet": b, flag: True} for n, (a, b, flag) in enumerate(peered)},
            "sites": {
                site: {
                    "address_prefixes": [f"10.{n}.0.0/16"],
                    "bgp": {"asn": 64700 + n},
                    "hosts": {name(32): f"10.{n}.0.10"},
                    "devices": devices[site],
                }
                for n, site in enumerate(sites, 100)
            },
            "connections": {
                name(64): {
                    "type": "Vnet2Vnet" if b in gateways else "IPsec",
                    "between": [a, b],
                    "enable_bgp": draw(st.booleans()),
                    "shared_key": SECRET + str(n),
                    "device": draw(st.sampled_from([*devices.get(b, ())] or [None])),
                }
                for n, (a, b) in enumerate(chosen)
            },
            "clients": {c: {"os": draw(st.sampled_from(["windows", "linux"])), "gateway": hub} for c in clients},
        }
    )


LABS = st.sampled_from(["l", _LONGEST_LAB])


def _interfaces(found: Plan) -> dict[str, list[Interface]]:
    """Every interface that a node has at some time: link ends, bridges, tunnels, charon's TUNs."""
    held = {node.name: [Interface(node.name, "lo", "lo", node.loopback)] for node in found.nodes}
    for node in found.nodes:
        held[node.name] += [Interface(node.name, name, name, (address,)) for name, address in node.bridges]
    for link in found.links:
        held[link.a.node].append(link.a)
        held[link.b.node].append(link.b)
    for tunnel in found.tunnels:
        held[tunnel.node].append(Interface(tunnel.node, tunnel.interface, tunnel.altname))
    for charon in (charon for charon in found.charons if found.node(charon.node).kind != "client"):
        held[charon.node].append(Interface(charon.node, TUN, TUN))
    for client in found.clients:
        held[client.node].append(Interface(client.node, client.interface, client.interface))
    return held


def _routes(found: Plan) -> Iterator[tuple[str, Route]]:
    for node in found.nodes:
        yield from ((node.name, route) for route in node.routes)
    for node in dict.fromkeys(tunnel.node for tunnel in found.tunnels):
        yield from ((node, route) for route in steering.routes(found, node, steering.everything_up(found)))


def _twice(items: Iterator[Any]) -> list[Any]:
    return [item for item, count in Counter(items).items() if count > 1]


def check(scenario: Scenario, found: Plan) -> None:
    """Everything that the kernel, the daemons and the engine take for granted."""
    names = {node.name for node in found.nodes}
    interfaces = _interfaces(found)

    # Names: unique where they must be, and short enough.
    assert _twice(node.name for node in found.nodes) == []
    assert _twice(node.netns for node in found.nodes) == []
    assert all(node.netns == f"nl.{found.lab}.{node.name}" for node in found.nodes)
    assert set(interfaces) == names
    for node, held in interfaces.items():
        assert _twice(name for i in held for name in {i.name, i.altname}) == [], node
        assert all(re.fullmatch(rf"[a-z0-9-]{{1,{LONGEST}}}", i.name) for i in held), node
        assert all(len(i.altname) <= LONGEST_ALTNAME for i in held), node

    # Hardware addresses: of hosts, not of groups, chosen by ourselves, and of two links not the same.
    assert _twice(link.hardware for link in found.links) == []
    assert all(re.fullmatch(r"02(:[0-9a-f]{2}){5}", link.hardware) for link in found.links)

    # Addresses: none twice on a node, but on peering and plumbing links whose addresses need not differ.
    for node, held in interfaces.items():
        addresses = [a for i in held for a in i.addresses]
        assert _twice(IPv4Interface(a) for a in addresses if not a.startswith(("169.254.", "10."))) == [], node

    # Routes: over devices of their own node, and no two for the same place of the same table.
    for node, route in _routes(found):
        devices = [route.device, *(device for device, _ in route.hops)]
        assert {device for device in devices if device} <= {i.name for i in interfaces[node]}, (node, route)
        assert len(route.hops) != 1, (node, route)
        assert (route.device == "" and not route.hops) == (route.type != "unicast"), (node, route)
        assert not (route.hops and (route.device or route.via)), (node, route)
        IPv4Network(route.prefix)
    assert _twice((node, r.table, r.prefix, r.metric) for node, r in _routes(found)) == []
    # A route's preferred source is an address of its node.
    for node, route in _routes(found):
        own = {str(IPv4Interface(a).ip) for i in interfaces[node] for a in i.addresses}
        assert route.source in {"", *own}, (node, route)
        assert route.via not in own, f"{node}: {route}: the kernel refuses a next hop that is its own address"

    # An instance on standby has its rules already, and gets the tunnels' interfaces when it takes over.
    tunnels = {tunnel.interface for tunnel in found.tunnels}
    for node in found.nodes:
        _check_rules(node, {i.name for i in interfaces[node.name]} | (tunnels if node.kind == "gateway" else set()))
    for fabric in found.fabrics:
        here = {i.name for i in interfaces[fabric.node]}
        for table in fabric.tables:
            # A VNet with a Route Server only is served by itself, and has no gateway to lead to.
            assert table.gateway or not table.gateway_ways
            assert table.gateway_ways or table.gateway not in {view.vnet for view in found.gateways}
            for way in table.gateway_ways:
                assert way.device in here
                assert way.via
                assert way.node in {view.node for view in found.gateways if view.vnet == table.gateway}
            assert bool(table.route_server) <= bool(table.appliances)

    # Daemons: in nodes that exist, one directory each, with sockets that can be bound.
    directories = [(c.node, c.directory) for c in found.charons] + [(s.node, s.directory) for s in found.speakers]
    directories += [(s.edge, s.directory) for s in found.servers if s.program]
    assert _twice(directory for _, directory in directories) == []
    for node, directory in directories:
        assert node in names
        assert directory.startswith(f"{RUN_ROOT}/{found.lab}/")
        assert all(len(f"{directory}/{name}") <= 107 for name in ("charon.vici", "zebra.vty", "zserv.api"))
    for tunnel in found.tunnels:
        assert {tunnel.node, tunnel.edge} <= names
    by_charon = [tunnel for tunnel in found.tunnels if not tunnel.ready_made]
    assert {tunnel.edge for tunnel in by_charon} <= {charon.node for charon in found.charons}
    servers = {(server.edge, server.interface) for server in found.servers if server.program}
    assert servers <= {(tunnel.edge, tunnel.interface) for tunnel in found.tunnels if tunnel.ready_made}
    numbers = [(tunnel.edge, tunnel.if_id) for tunnel in by_charon]
    assert numbers == [
        (charon.node, connection.if_id)
        for tunnel in by_charon
        for charon in found.charons
        for connection in charon.connections
        if (charon.node, connection.name) == (tunnel.edge, tunnel.connection)
    ]
    assert found.data_plane == "userspace" or _twice(iter(numbers)) == []
    _check_daemons(scenario, found)
    _check_tunnels(scenario, found)

    # Secrets: each is used by two ends, and only named here.
    used = {secret.name for charon in found.charons for secret in charon.secrets}
    used |= {name for server in found.servers if isinstance(server, SstpServer) for _, name in server.users}
    used |= {client.password for client in found.clients if client.password}
    used |= {proxy.password for proxy in found.proxies if proxy.password}
    for server in found.radius_servers:
        used |= {name for _, name in server.users} | {peer.secret for peer in server.peers}
    used |= {server.secret for charon in found.charons for server in charon.radius}
    assert used == set(found.secrets)
    assert len(found.secrets) == len(set(found.secrets))
    assert SECRET not in repr(asdict(found))


def _check_rules(node: Node, interfaces: set[str]) -> None:
    # A client's charon fills its table when it is connected.
    tables = {route.table for route in node.routes} | ({CHARON_TABLE} if node.kind == "client" else set())
    for rule in node.rules:
        assert rule.table in tables, f"{node.name}: {rule} leads to an empty table"
        assert rule.iif in {"", *interfaces}, f"{node.name}: {rule}"
    assert _twice((r.iif, r.source, r.destination) for r in node.rules) == []


def _check_daemons(scenario: Scenario, found: Plan) -> None:
    """Two ends of a tunnel fit together, and exactly one of them begins; so do the peers of each BGP session."""
    ends: dict[str, list[Any]] = {}
    for charon in found.charons:
        assert _twice(secret.name for secret in charon.secrets) == [], "charon keeps the last secret of a name only"
        for connection in charon.connections:
            if connection.secret.startswith("ipsec:"):
                ends.setdefault(connection.name, []).append(connection)
                (owners,) = (secret.identities for secret in charon.secrets if secret.name == connection.secret)
                assert {connection.local_id, connection.remote_id} <= set(owners)
    for one, other in ends.values():
        assert one.secret != other.secret
        assert one.secret.rpartition(":")[0] == other.secret.rpartition(":")[0]
        assert one.initiator != other.initiator
        assert (one.public_address, one.local_id) == (other.remote_address, other.remote_id)
        assert (other.public_address, other.local_id) == (one.remote_address, one.remote_id)
    sessions: dict[tuple[str, frozenset[str]], list[Any]] = {}
    ports = {(t.node, t.connection): t.interface for t in found.tunnels}
    interfaces, kinds = _interfaces(found), {node.name: node.kind for node in found.nodes}
    for speaker in found.speakers:
        assert _twice(neighbor.address for neighbor in speaker.neighbors) == [], "FRR tells peers apart by address"
        for neighbor in speaker.neighbors:
            port = ports.get((speaker.node, neighbor.connection), "")
            assert neighbor.internal == (neighbor.asn == speaker.asn), "iBGP is internal"
            assert neighbor.interface in {i.name for i in interfaces[speaker.node]}
            assert port in ("", neighbor.interface)
            # Without a tunnel only inside, and with Route Servers, appliances and circuits.
            assert (
                port
                or neighbor.internal
                or {kinds[speaker.node], kinds[neighbor.node]} & {"route server", "vm", "edge router", "provider edge"}
            )
            ends_at = frozenset((speaker.node, neighbor.node))
            sessions.setdefault((neighbor.connection if port else "", ends_at), []).append((speaker, neighbor))
    # B37, B43: in some tunnels the routers do not expect each other.
    tunnels = {tunnel.name: tunnel for tunnel in Topology(resolve(scenario)).tunnels}
    alone = {name for name, tunnel in tunnels.items() if tunnel.why_no_session}
    for name, (one, other) in ((tunnel, ends) for (tunnel, _), ends in sessions.items() if tunnel not in alone):
        for (_, neighbor), (far, back) in ((one, other), (other, one)):
            address = back.local or far.address
            # T21: a peer has the address after NAT.
            seen = tunnels[name].side(far.node).seen(IPv4Address(address)) if name else address
            assert (neighbor.address, neighbor.asn) == (str(seen), far.asn)
        assert one[1].passive != other[1].passive


def _check_tunnels(scenario: Scenario, found: Plan) -> None:
    """A tunnel leads to what its connection is told by hand (of several the first one) and to the BGP peer."""
    ends = {node.name: node.owner for node in found.nodes} | {
        a.router.node: a.name for a in resolve(scenario).vpn_servers
    }
    up = steering.everything_up(found)
    peers = {
        (speaker.node, neighbor.connection): f"{neighbor.address}/32"
        for speaker in found.speakers
        for neighbor in speaker.neighbors
    }
    for tunnel in found.tunnels:
        if tunnel.peer:
            sides = resolve(scenario).connections[tunnel.of].sides
            (told,) = ({str(p) for p in s.static_prefixes} for s in sides if s.end.name == ends[tunnel.node])
            order = [other.of for other in found.tunnels_of(tunnel.node)]
            before = found.tunnels_of(tunnel.node)[: order.index(tunnel.of)]
            told -= {prefix for other in before for prefix in other.statics}
            peer = peers.get((tunnel.node, tunnel.connection))
            leading = {
                route.prefix
                for route in steering.routes(found, tunnel.node, up)
                if tunnel.interface in (route.device, *(device for device, _ in route.hops))
                # What stands for a branch behind a pool (T7).
                and not IPv4Network(route.prefix).subnet_of(IPv4Network("240.0.0.0/4"))
            }
            assert leading == told | ({peer} if peer else set())


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_plan_of_a_scenario_of_the_catalogue_is_sound(name: str, plane: DataPlane) -> None:
    scenario = catalogued(name)
    check(scenario, plan(scenario, name, plane))


@settings(max_examples=50, deadline=None)
@given(scenarios(), LABS, st.sampled_from(PLANES))
def test_any_plan_is_sound(scenario: Scenario, lab: str, plane: DataPlane) -> None:
    assert [breach for breach in rules.check(scenario) if breach.severity == "error"] == []
    check(scenario, plan(scenario, lab, plane))


@settings(max_examples=20, deadline=None)
@given(scenarios(), st.sampled_from(PLANES), st.data())
def test_a_plan_stays_sound_and_has_the_same_namespaces_and_links_whichever_instance_is_on_duty(
    scenario: Scenario, plane: DataPlane, data: st.DataObject
) -> None:
    gateways = {name: vnet.vpn_gateway for name, vnet in scenario.vnets.items() if vnet.vpn_gateway is not None}
    standby = [name for name, gateway in gateways.items() if not gateway.active_active]
    active = [instance_node(name, data.draw(st.sampled_from((0, 1)))) for name in sorted(set(gateways) - set(standby))]
    switched = frozenset(data.draw(st.lists(st.sampled_from(standby), unique=True)) if standby else ())
    lost = frozenset(data.draw(st.lists(st.sampled_from(active), unique=True)) if active else ())
    before, after = plan(scenario, "lab", plane), plan(scenario, "lab", plane, switched=switched, lost=lost)
    assert [node.netns for node in after.nodes] == [node.netns for node in before.nodes]
    assert after.links == before.links
    assert {tunnel.node for tunnel in after.tunnels}.isdisjoint(lost)
    assert {view.node for view in after.gateways}.isdisjoint(lost)
    check(scenario, plan(scenario, "lab", plane, switched=switched))


@settings(max_examples=20, deadline=None)
@given(scenarios(), st.sampled_from(PLANES))
def test_a_plan_is_the_same_every_time(scenario: Scenario, plane: DataPlane) -> None:
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert plan(scenario, "lab", plane) == plan(again, "lab", plane)


def test_two_labs_of_a_scenario_share_nothing_on_the_host() -> None:
    one, other = (plan(catalogued("p2s-branch-bgp"), lab) for lab in ("one", "other"))
    for found in ({n.netns for n in p.nodes} | {c.directory for c in p.charons} for p in (one, other)):
        assert found
    assert {n.netns for n in one.nodes} & {n.netns for n in other.nodes} == set()
    assert {c.directory for c in one.charons} & {c.directory for c in other.charons} == set()


# --- what is planned ------------------------------------------------------------------------------------------------


def test_on_the_userspace_plane_each_connection_has_a_charon_and_an_edge() -> None:
    found = plan(catalogued("p2s-branch-bgp"), "lab", "userspace")
    assert [(c.node, [item.name for item in c.connections]) for c in found.charons] == [
        ("vnet1-gw-0-edge-vnet1-site1", ["VNet1-Site1"]),
        ("vnet1-gw-0-p2s-edge", ["p2s"]),
        ("site1-edge-vnet1-site1", ["VNet1-Site1"]),
        ("win", ["p2s"]),
        ("lin", ["p2s"]),
    ]
    assert {t.if_id for t in found.tunnels} | {c.if_id for c in found.clients} == {0}


def test_on_the_kernel_plane_a_device_has_one_charon_and_a_number_per_tunnel() -> None:
    found = plan(catalogued("p2s-branch-bgp"), "lab", "kernel")
    assert [(c.node, [item.name for item in c.connections]) for c in found.charons] == [
        ("vnet1-gw-0-edge", ["VNet1-Site1", "p2s"]),
        ("site1-edge", ["VNet1-Site1"]),
        ("win", ["p2s"]),
        ("lin", ["p2s"]),
    ]
    numbers = {(c.node, item.name): item.if_id for c in found.charons for item in c.connections}
    assert all(numbers.values())
    assert len({numbers["vnet1-gw-0-edge", name] for name in ("VNet1-Site1", "p2s")}) == 2
    assert {t.if_id for t in found.tunnels} == {numbers[t.edge, t.connection] for t in found.tunnels}


def test_both_planes_leave_the_same_in_the_routing_namespaces() -> None:
    """platform-facts.md, section 1: that is the seam between them."""
    scenario = catalogued("p2s-multi-vnet-branch-bgp")
    userspace, kernel = (plan(scenario, "lab", plane) for plane in PLANES)
    assert userspace.speakers == kernel.speakers
    assert userspace.fabrics == kernel.fabrics

    def seen(found: Plan) -> list[Any]:
        return [(t.node, t.interface, t.connection, t.mtu, t.statics, t.host_routes, t.peer) for t in found.tunnels]

    assert seen(userspace) == seen(kernel)
    assert [n for n in userspace.nodes if n.kind == "gateway"] == [n for n in kernel.nodes if n.kind == "gateway"]


@pytest.mark.parametrize("name", catalogue())
def test_both_planes_lead_tunnels_from_the_same_public_addresses(name: str) -> None:
    """Between them ESP is looked for on the underlay; an active-active gateway has one more for point-to-site."""
    userspace, kernel = (tunnel_ends(plan(catalogued(name), "lab", plane)) for plane in PLANES)
    assert userspace == kernel


def test_a_gateway_has_no_way_to_the_internet() -> None:
    """R64; only its edge has."""
    found = plan(catalogued("p2s-multi-vnet-branch-bgp"), "lab")
    for node in found.nodes:
        tables = (MAIN_TABLE, DEFAULT_TABLE)
        defaults = [route for route in node.routes if route.prefix == "0.0.0.0/0" and route.table in tables]
        assert len(defaults) == (0 if node.kind in ("gateway", "vnet", "internet") else 1), node.name


PUBLIC_VMS = """\
name: public
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms:
      vm1: {subnet: default, public_ip_address: 203.0.113.1}
      vm2: {subnet: default}
    vpn_gateway: {}
sites: {Site1: {address_prefixes: [10.101.0.0/16]}}
connections: {VNet1-Site1: {type: IPsec, between: [VNet1, Site1]}}
"""


def test_a_public_address_leads_to_the_fabric_of_its_nic_and_is_translated_there_without_state() -> None:
    """Azure translates it: the machine does not have it, and no gateway is given the same one."""
    found = plan(parse(PUBLIC_VMS, "public.yaml").scenario, "lab")
    backbone, fabric, vm1 = (found.node(name) for name in ("backbone", "vnet1", "vnet1-vm1"))
    leads = [r.device for r in backbone.routes if r.prefix == "203.0.113.1/32" and r.type == "unicast"]
    (wan,) = (link for link in found.links if link.a.node == "vnet1" and link.b.node == "backbone")
    assert leads == [wan.b.name]
    held = [address for link in found.links for end in (link.a, link.b) for address in end.addresses]
    assert "203.0.113.1/32" not in (*held, *(address for node in found.nodes for address in node.loopback))
    text = nftables.text(fabric.nftables)
    assert 'iifname "wan" ip daddr set ip daddr map { 203.0.113.1 : 10.1.0.4 }' in text
    assert 'oifname "wan" ip saddr set ip saddr map { 10.1.0.4 : 203.0.113.1 }' in text
    assert 'oifname "wan" ip saddr != { 10.1.0.4 } masquerade' in text
    assert not vm1.nftables


def test_without_public_addresses_a_fabric_hides_all_its_machines_behind_one() -> None:
    text = PUBLIC_VMS.replace(", public_ip_address: 203.0.113.1", "")
    rulesets = nftables.text(plan(parse(text, "public.yaml").scenario, "lab").node("vnet1").nftables)
    assert 'oifname "wan" masquerade' in rulesets
    assert "addr map" not in rulesets


def test_what_a_peer_sends_is_not_passed_on_to_a_third_vnet() -> None:
    """R102: the ingress table of a peering knows the VNet's own ranges, and the gateway only for a spoke."""
    fabric = next(f for f in plan(catalogued("p2s-peered-vnets"), "lab").fabrics if f.node == "vnet2")
    (from_hub, from_leaf) = (t for t in fabric.tables if t.subnet in ("from VNet1", "from VNet3"))
    for table in (from_hub, from_leaf):
        assert [s.next_hop_type for s in table.fixed] == ["VnetLocal"]
        assert table.gateway == ""
    hub = next(f for f in plan(catalogued("p2s-peered-vnets"), "lab").fabrics if f.node == "vnet1")
    assert {t.subnet: t.gateway for t in hub.tables} == {
        "default": "VNet1",
        "GatewaySubnet": "",
        "from VNet2": "VNet1",
        "from VNet4": "VNet1",
        "from the Internet": "",
    }


def test_a_spoke_uses_the_hubs_gateway_and_a_leaf_none() -> None:
    tables = {
        (fabric.node, table.subnet): table
        for fabric in plan(catalogued("p2s-peered-vnets"), "lab").fabrics
        for table in fabric.tables
    }
    spoke, leaf = tables["vnet2", "default"], tables["vnet3", "default"]
    assert (spoke.gateway, [(way.node, way.device) for way in spoke.gateway_ways]) == (
        "VNet1",
        [("vnet1-gw-0", "p-vnet1")],
    )
    assert (leaf.gateway, leaf.gateway_ways) == ("", ())


def test_a_client_of_windows_takes_no_routes_from_its_selectors() -> None:
    charons = {c.node: c for c in plan(catalogued("p2s-isolated-vnet"), "lab").charons}
    assert not charons["win"].installs_routes
    assert charons["lin"].installs_routes


def test_a_client_reaches_its_gateways_over_the_internet_whatever_its_custom_routes_say() -> None:
    """R64: 0.0.0.0/1 and 128.0.0.0/1 lead into the tunnel, and the tunnel's own packets do not."""
    found = plan(catalogued("p2s-two-vnets"), "lab")
    servers = {c.remote_address for charon in found.charons if charon.node == "both" for c in charon.connections}
    node = found.node("both")
    first = [rule.destination for rule in sorted(node.rules, key=lambda rule: rule.priority)][: len(servers)]
    assert set(first) == {f"{server}/32" for server in servers}
    leading = {r.prefix: r.device for r in node.routes if r.table == MAIN_TABLE}
    assert leading == {f"{server}/32": "eth0" for server in servers}


def test_each_of_a_clients_tunnels_has_a_charon_of_its_own_where_libipsec_does_esp() -> None:
    """platform-facts.md, section 1: one charon with two of them would mix them up; XFRM interfaces keep them apart."""
    plans = [plan(catalogued("p2s-two-vnets"), "lab", plane) for plane in ("userspace", "kernel")]
    userspace, kernel = ([charon for charon in p.charons if charon.node == "both"] for p in plans)
    assert [(len(c.connections), c.own_ports) for c in userspace] == [(1, False), (1, True)]
    assert [(len(c.connections), c.own_ports) for c in kernel] == [(2, False)]
    assert len({connection.if_id for connection in kernel[0].connections}) == 2


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
def test_passwords_are_passwords_at_both_ends(plane: DataPlane) -> None:
    """A password that is loaded as a PSK is none: then nobody's is right."""
    found = plan(catalogued("s2s-p2s-coexist"), "lab", plane)
    secrets = [secret for charon in found.charons for secret in charon.secrets]
    kinds = {(secret.name.partition(":")[0], secret.kind) for secret in secrets}
    assert kinds == {("ipsec", "IKE"), ("p2s", "EAP")}
    wrong = {secret.name for charon in found.charons if charon.node == "guest" for secret in charon.secrets}
    assert wrong == {"p2s:VNet1:guest:wrong"}


def test_a_pool_has_as_many_addresses_as_the_gateway_serves_clients() -> None:
    """R52: the client too many gets none."""
    scenario = catalogued("p2s-branch-bgp")
    pools = [
        {c.pool for charon in plan(each, "lab").charons for c in charon.connections if c.pool}
        for each in (scenario, scenario.model_copy(update={"profile": "seed"}))
    ]
    assert pools == [{"192.168.0.1-192.168.0.250"}, {"192.168.0.1-192.168.0.128"}]


@pytest.mark.parametrize(
    ("prefix", "hosts", "router"),
    [
        ("10.101.0.0/16", ["10.101.0.10"], "10.101.0.1"),
        ("10.101.0.0/16", ["10.101.0.1", "10.101.0.2"], "10.101.0.3"),
        ("10.101.0.0/31", ["10.101.0.0"], "10.101.0.1"),
        ("0.0.0.0/1", ["10.101.0.10"], "0.0.0.1"),
    ],
)
def test_the_router_of_a_site_has_the_first_address_that_no_host_has(
    prefix: str, hosts: list[str], router: str
) -> None:
    site = {"address_prefixes": [prefix], "hosts": {f"h{n}": address for n, address in enumerate(hosts)}}
    found = plan(Scenario.model_validate({"name": "s", "sites": {"S": site}}), "lab")
    ends = {link.a.node: link.b.addresses for link in found.links}
    assert [ends[f"s-h{n}"] for n in range(len(hosts))] == [(f"{router}/32",)] * len(hosts)
    assert {r.via for n in range(len(hosts)) for r in found.node(f"s-h{n}").routes} == {router}


def test_bgp_gets_no_second_tunnel_to_a_peer() -> None:
    """platform-facts.md, section 3: a peer's address inside a learned prefix must not lead BGP elsewhere."""
    found = plan(catalogued("p2s-branch-bgp"), "lab")
    for speaker in found.speakers:
        dead_ends = {r.prefix for r in found.node(speaker.node).routes if r.type == "unreachable"}
        assert {prefix for prefix in dead_ends if prefix.endswith("/32")} == {
            f"{neighbor.address}/32" for neighbor in speaker.neighbors
        }


def test_the_speaker_of_a_gateway_refuses_its_spokes_and_knows_what_covers_them() -> None:
    """B22, B21: every strict superset of what it refuses."""
    scenario = catalogued("p2s-branch-bgp")
    speakers = {s.node: s for s in plan(scenario, "lab").speakers}
    gateway, site = speakers["vnet1-gw-0"], speakers["site1"]
    assert gateway.own_prefixes == ("10.1.0.0/16",)
    assert {IPv4Network(p) for p in gateway.covering} == set(_supersets("10.1.0.0/16"))
    assert (site.own_prefixes, site.covering) == ((), ())
    # B63: and the host route of its peer.
    assert gateway.networks == ("10.1.0.0/16", "192.168.0.0/24", "10.101.255.254/32")


def _supersets(prefix: str) -> Iterator[IPv4Network]:
    network = IPv4Network(prefix)
    return (network.supernet(n) for n in range(1, network.prefixlen + 1))
