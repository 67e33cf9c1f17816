"""The state that a story moves through: a network and what actions have made of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import SecretStr

from netlab.azure import faults
from netlab.azure.bgp.fixpoint import Converged, Paths, converge
from netlab.azure.bgp.sessions import Session as BgpSession
from netlab.azure.effective import active, fixed_routes
from netlab.azure.faults import Faults, Impact
from netlab.azure.faults.session import pair
from netlab.azure.ike import Negotiated, negotiate
from netlab.azure.p2s.routes import offered, static_prefixes
from netlab.azure.p2s.sessions import Prefixes, Session, Sessions
from netlab.scenario.addresses import DEFAULT_ROUTE
from netlab.scenario.models import (
    Action,
    ClientOnly,
    CustomRoutes,
    Scenario,
    TunnelType,
)
from netlab.scenario.network import Appliance, ClientTunnel, Network, Router, Topology, Tunnel, VpnGateway
from netlab.scenario.values import once


@dataclass(frozen=True)
class State:
    """A network at a moment of its story: what actions made of it, of what sites announce, and of the clients.

    ``keys`` are the shared keys by connection and end, where they are not the one that was generated for both ends.
    ``history`` are the actions that led here from the initial state, ``written`` is the scenario that this began with.
    """

    network: Network
    announced: Mapping[str, Prefixes]
    sessions: Sessions
    written: Scenario = field(compare=False, repr=False)
    keys: Mapping[tuple[str, str], SecretStr] = field(default_factory=dict)
    faults: Faults = frozenset()
    history: tuple[Action, ...] = field(default=(), compare=False)

    @property
    def scenario(self) -> Scenario:
        """What the file says, with what actions changed in it."""
        return self.network.scenario

    @cached_property
    def topology(self) -> Topology:
        """The routers and tunnels of this moment."""
        absent = self.hit(Impact.LOST, Impact.STOPPED)
        return Topology(self.network, self.hit(Impact.SWITCHED), absent, self.hit(Impact.SEVERED))

    def hit(self, *impacts: Impact) -> frozenset[str]:
        """What faults do one of these things to: nodes, or VNets."""
        return faults.hit(self.faults, *impacts)

    @cached_property
    def up(self) -> frozenset[str]:
        """The tunnels that are up."""
        return frozenset(tunnel.name for tunnel in self.topology.tunnels if not self.why_down(tunnel))

    @cached_property
    def negotiated(self) -> dict[str, Negotiated]:
        """What the ends of each connection agree on."""
        return {name: negotiate(item, self._keys_differ(name)) for name, item in self.network.connections.items()}

    def _keys_differ(self, connection: str) -> bool:
        one, other = (self.keys.get((connection, end)) for end in self.scenario.connections[connection].between)
        return one != other

    @cached_property
    def refused(self) -> frozenset[str]:
        """The tunnels that cannot come up: their ends do not agree, or one does not answer the other."""
        return frozenset(t.name for t in self.topology.tunnels if self.why_never_up(t))

    @cached_property
    def not_at_once(self) -> frozenset[str]:
        """The tunnels that do not come up when they are initiated: they cannot, or they wait for a packet (R50)."""
        waiting = (t.name for t in self.topology.tunnels if self.negotiated[t.connection.name].waits)
        return self.refused | frozenset(waiting)

    def why_never_up(self, tunnel: Tunnel) -> str:
        """Why a tunnel cannot come up, whatever is mended; empty if it can."""
        shut_in = next(filter(None, map(shut_in_by, tunnel.routers)), "")
        return self.negotiated[tunnel.connection.name].reason or shut_in or unknown_instance(tunnel)

    @cached_property
    def silent(self) -> frozenset[str]:
        """The tunnels that cannot carry a BGP session: they cannot come up, their routers expect other addresses than
        the peers have (B37, B43), or they do not select the peers' addresses."""
        return self.refused | {t.name for t in self.topology.tunnels if not self._selects_peers(t)}

    @cached_property
    def talking(self) -> frozenset[str]:
        """The tunnels that carry BGP sessions."""
        return self.up - self.silent

    def _selects_peers(self, tunnel: Tunnel) -> bool:
        near, far = tunnel.bgp
        if tunnel.why_no_session or near.address is None or far.address is None:
            return False
        return self.negotiated[tunnel.connection.name].selects(near.address, far.address)

    def why_down(self, tunnel: Tunnel) -> str:
        """Why a tunnel is not up; empty if it is."""
        places = (tunnel.name, *(router.node for router in tunnel.routers), *tunnel.carriers)
        return self.why_never_up(tunnel) or faults.why_down(self.faults, places)

    @cached_property
    def bgp(self) -> Converged:
        """What BGP has converged to."""
        known = _converged_once(self.network)
        key = self.faults, frozenset(self.announced.items()), frozenset(self.keys.items())
        if key not in known:
            known[key] = converge(
                self.topology, self.talking, self.announced, lambda s: self.stops_session(s.router.node, s.peer.node)
            )
        return known[key]

    def stops_session(self, router: str, peer: str) -> bool:
        """Whether the BGP session of two nodes is shut down, or the daemon of one is stopped."""
        return bool(self._without_sessions & {router, peer, pair(router, peer), pair(peer, router)})

    @cached_property
    def _without_sessions(self) -> frozenset[str]:
        return self.hit(Impact.SHUT_DOWN, Impact.WITHOUT_BGP)

    @property
    def bgp_sessions(self) -> tuple[BgpSession, ...]:
        """The BGP sessions that are established, each at both of its routers."""
        return self.bgp.sessions

    @property
    def exceeded(self) -> frozenset[str]:
        """What the BGP sessions run over whose maximum-prefix is exceeded (B16, A8): tunnels, or their nodes."""
        return frozenset(session.over for session in self.bgp.exceeded)

    @property
    def learned(self) -> Mapping[str, Paths]:
        """What every router has learned by BGP, by its node."""
        return self.bgp.paths

    @property
    def learned_by_name(self) -> dict[str, Paths]:
        """The same by VNet or site, where that has one router on duty, else by node."""
        several = Counter(router.end for router in self.topology.routers.values())
        ends = {node: r.end.name for node, r in self.topology.routers.items() if several[r.end] == 1}
        return {ends.get(node, node): known for node, known in self.learned.items()}

    def offered(self, gateway: VpnGateway, tunnel_type: TunnelType) -> Prefixes:
        """What a gateway offers now to clients with tunnels of a type."""
        router = self.topology.point_to_site(gateway)
        learned = self.learned[router.node] if router is not None else {}
        # What a Route Server, or the gateway beside, advertises enters no tunnel.
        by_bgp = [prefix for prefix, paths in learned.items() if any(path.tunnel for path in paths)]
        static = (*static_prefixes(gateway), *gateway.client_settings.custom_routes)
        return frozenset(offered(tunnel_type, static, by_bgp))

    def sessions_of(self, client: str) -> dict[str, Session]:
        """The tunnels of a client, by the VNet whose gateway they lead to."""
        return {gateway: self.sessions[client, gateway] for gateway in self.scenario.clients[client].gateways}

    def absence(self, client: str) -> str:
        """Why a client has no tunnel at all; empty if it has one."""
        reasons = [session.absent for session in self.sessions_of(client).values()]
        return reasons[0] if all(reasons) else ""

    def tunnel_routes(self, client: str, gateway: str) -> Prefixes:
        """What a client sends into its tunnel to a gateway."""
        key = client, gateway
        return self.sessions[key].routes(self.network.client_tunnels[key])

    def client_routes(self, client: str) -> Prefixes:
        """The VPN routes of a client, into all its tunnels."""
        gateways = self.scenario.clients[client].gateways
        return frozenset().union(*(self.tunnel_routes(client, gateway) for gateway in gateways))


@once
def _converged_once(network: Network) -> dict[object, Converged]:
    """What BGP converges to in a network, by what it depends on: clients change nothing of it."""
    del network
    return {}


def shut_in_by(router: Router) -> str:
    """Why an appliance's IKE does not reach the Internet under its own address: its subnet's 0.0.0.0/0 leads elsewhere.

    By what is configured: rule A20 keeps BGP from giving such a subnet another one.
    """
    if not isinstance(router.end, Appliance):
        return ""
    routes = active(fixed_routes(router.end.nic.subnet))
    default = next(route for route in routes if route.prefix == DEFAULT_ROUTE)
    if default.next_hop_type == "Internet":
        return ""
    return f"0.0.0.0/0 of {router.node}'s subnet leads to {default.next_hop_type}, not to the Internet"


def unknown_instance(tunnel: Tunnel) -> str:
    """Why a device does not answer an instance of an active-active gateway: it knows the other one only (B42)."""
    only = tunnel.connection.spec.gateway_instance
    other = next((r for r in tunnel.routers if only is not None and r.role == "gateway" and r.index != only), None)
    return f"the device has a tunnel with instance {only} only" if other is not None else ""


def given_keys(scenario: Scenario) -> dict[tuple[str, str], SecretStr]:
    """The shared keys that a scenario gives, by connection and end; an end without one has the connection's (R31)."""
    found = {
        (name, end): item.settings(end).shared_key or item.shared_key
        for name, item in scenario.connections.items()
        for end in item.between
    }
    return {place: key for place, key in found.items() if key is not None}


def named(network: Network, subject: ClientOnly) -> tuple[ClientTunnel, ...]:
    """The tunnels that an action on a client is about."""
    tunnels = network.clients[subject.client].tunnels
    return tuple(tunnel for tunnel in tunnels if subject.gateway in (None, tunnel.gateway.name))


def with_custom_routes(network: Network, change: CustomRoutes) -> Scenario:
    """The scenario with other custom routes at a gateway: what is configured changes, what clients hold does not."""
    gateway, scenario = network.vnets[change.vnet].vpn_gateway, network.scenario
    assert gateway is not None
    settings = gateway.client_settings.model_copy(update={"custom_routes": change.prefixes})
    changed = gateway.vnet.spec.model_copy(
        update={"vpn_gateway": gateway.spec.model_copy(update={"point_to_site": settings})}
    )
    return scenario.model_copy(update={"vnets": {**scenario.vnets, change.vnet: changed}})
