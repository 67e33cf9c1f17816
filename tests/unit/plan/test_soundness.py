"""Every plan is sound: of the catalogue, of random scenarios, on both data planes, whichever instance is on duty."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import catalogued

from netlab.plan import steering
from netlab.plan.model import (
    CHARON_TABLE,
    DataPlane,
    Interface,
    Node,
    Plan,
    Route,
    SstpServer,
)
from netlab.plan.names import RUN_ROOT
from netlab.plan.planner import plan
from netlab.scenario import rules
from netlab.scenario.loader import catalogue
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
    connections = resolve(scenario).connections.items()
    mistaken = {name for name, item in connections if any(side.mistaken_address for side in item.sides)}
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
        assert (one.local_id, other.local_id) == (other.remote_id, one.remote_id)
        told = (one.public_address, other.public_address) == (other.remote_address, one.remote_address)
        assert told is (one.secret.split(":")[1] not in mistaken)
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
