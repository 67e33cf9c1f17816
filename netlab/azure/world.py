"""The state that a story moves through: a scenario and what actions have made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Network

from pydantic import SecretStr

from netlab.azure import sessions
from netlab.azure.ike import Negotiated, negotiate
from netlab.azure.propagation import Learned, learned
from netlab.azure.sessions import Prefixes, Session, Sessions, Tunnel
from netlab.scenario.addresses import bgp_address
from netlab.scenario.models import Action, ClientOnly, ClientRoute, CustomRoutes, NewKey, Scenario, SitePrefix


@dataclass(frozen=True)
class World:
    """A scenario at a moment of its story: what actions made of it, of what sites announce, and of the clients.

    ``keys`` are the shared keys by connection and end, where they are not the one that was generated for both ends.
    """

    scenario: Scenario
    announced: Mapping[str, Prefixes]
    sessions: Sessions
    keys: Mapping[tuple[str, str], SecretStr] = field(default_factory=dict)

    @cached_property
    def learned(self) -> dict[str, dict[IPv4Network, tuple[Learned, ...]]]:
        """What every gateway and site has learned by BGP."""
        return learned(self.scenario, self.announced, self.silent)

    @cached_property
    def negotiated(self) -> dict[str, Negotiated]:
        """What the ends of each connection agree on."""
        return {name: negotiate(self.scenario, name, self._keys_differ(name)) for name in self.scenario.connections}

    @cached_property
    def silent(self) -> frozenset[str]:
        """The connections that carry no BGP session: they do not come up, or do not select the peers' addresses."""
        return frozenset(name for name in self.scenario.connections if not self._carries_bgp(name))

    def _keys_differ(self, connection: str) -> bool:
        one, other = (self.keys.get((connection, end)) for end in self.scenario.connections[connection].between)
        return one != other

    def _carries_bgp(self, connection: str) -> bool:
        item, found = self.scenario.connections[connection], self.negotiated[connection]
        near, far = item.between
        addresses = [bgp_address(self.scenario, end) for end in (near, far)] if item.enable_bgp else []
        return item.enable_bgp and found.up and not found.refusal(near, *addresses)

    def offered(self, vnet: str) -> Prefixes:
        """The selectors that a gateway offers its clients now."""
        return sessions.offered(self.scenario, vnet, self.learned[vnet])

    def sessions_of(self, client: str) -> dict[str, Session]:
        """The tunnels of a client, by the VNet whose gateway they lead to."""
        return {gateway: self.sessions[client, gateway] for gateway in self.scenario.clients[client].gateways}

    def absence(self, client: str) -> str:
        """Why a client has no tunnel at all; empty if it has one."""
        reasons = [session.absent for session in self.sessions_of(client).values()]
        return reasons[0] if all(reasons) else ""

    def tunnel_routes(self, client: str, gateway: str) -> Prefixes:
        """What a client sends into its tunnel to a gateway."""
        return self.sessions[client, gateway].routes(self.scenario.clients[client].os == "windows")

    def client_routes(self, client: str) -> Prefixes:
        """The VPN routes of a client, into all its tunnels."""
        gateways = self.scenario.clients[client].gateways
        return frozenset().union(*(self.tunnel_routes(client, gateway) for gateway in gateways))


def initial(scenario: Scenario) -> World:
    """The world as ``up`` leaves it: everything converged, then the clients connected in their order."""
    announced = {name: frozenset(site.address_prefixes) for name, site in scenario.sites.items()}
    world = World(scenario, announced, {}, given_keys(scenario))
    offers = {gateway: world.offered(gateway) for _, gateway in sessions.tunnels_of(scenario)}
    found: Sessions = {}
    for tunnel in sessions.tunnels_of(scenario):
        fresh = Session(profile=sessions.downloaded(scenario, tunnel[1]), absent=sessions.DISCONNECTED)
        found = sessions.connect(scenario, {**found, tunnel: fresh}, tunnel, offers[tunnel[1]])
    return replace(world, sessions=found)


def after(world: World, action: Action) -> World:
    """The world after an action."""
    match action.verb, action.subject:
        case "add_route", ClientRoute(client=client, prefix=prefix):
            tunnel = (client, world.scenario.clients[client].gateway)
            return _with_session(world, tunnel, by_hand=world.sessions[tunnel].by_hand | {prefix})
        case "remove_route", ClientRoute(client=client, prefix=prefix):
            tunnel = (client, world.scenario.clients[client].gateway)
            return _with_session(world, tunnel, by_hand=world.sessions[tunnel].by_hand - {prefix})
        case "download_profile" | "connect" | "reconnect" | "disconnect" as verb, ClientOnly() as subject:
            for tunnel in named(world.scenario, subject):
                world = _after(world, verb, tunnel)
            return world
        case "announce", SitePrefix(site=site, prefix=prefix):
            return replace(world, announced={**world.announced, site: world.announced[site] | {prefix}})
        case "withdraw", SitePrefix(site=site, prefix=prefix):
            return replace(world, announced={**world.announced, site: world.announced[site] - {prefix}})
        case "set_key", NewKey(connection=connection, shared_key=key, end=end):
            ends = (end,) if end is not None else world.scenario.connections[connection].between
            return replace(world, keys={**world.keys, **{(connection, each): key for each in ends}})
        case "set_custom_routes", CustomRoutes() as change:
            return replace(world, scenario=with_custom_routes(world.scenario, change))
    raise AssertionError(f"no such action: {action.verb}")


def given_keys(scenario: Scenario) -> dict[tuple[str, str], SecretStr]:
    """The shared keys that a scenario gives, by connection and end; an end without one has the connection's (R31)."""
    found = {
        (name, end): item.settings(end).shared_key or item.shared_key
        for name, item in scenario.connections.items()
        for end in item.between
    }
    return {place: key for place, key in found.items() if key is not None}


def named(scenario: Scenario, subject: ClientOnly) -> tuple[Tunnel, ...]:
    """The tunnels that an action on a client is about."""
    gateways = scenario.clients[subject.client].gateways
    return tuple((subject.client, gateway) for gateway in gateways if subject.gateway in (None, gateway))


def with_custom_routes(scenario: Scenario, change: CustomRoutes) -> Scenario:
    """The scenario with other custom routes at a gateway: what is configured changes, what clients hold does not."""
    vnet = scenario.vnets[change.vnet]
    assert vnet.vpn_gateway is not None
    settings = sessions.point_to_site(scenario, change.vnet).model_copy(update={"custom_routes": change.prefixes})
    gateway = vnet.vpn_gateway.model_copy(update={"point_to_site": settings})
    changed = vnet.model_copy(update={"vpn_gateway": gateway})
    return scenario.model_copy(update={"vnets": {**scenario.vnets, change.vnet: changed}})


def _after(world: World, verb: str, tunnel: Tunnel) -> World:
    match verb:
        case "download_profile":
            return _with_session(world, tunnel, profile=sessions.downloaded(world.scenario, tunnel[1]))
        case "disconnect":
            return replace(world, sessions=sessions.disconnect(world.sessions, tunnel))
    return _connected(world, tunnel)


def _connected(world: World, tunnel: Tunnel) -> World:
    selectors = world.offered(tunnel[1])
    return replace(world, sessions=sessions.connect(world.scenario, world.sessions, tunnel, selectors))


def _with_session(
    world: World, tunnel: Tunnel, *, profile: Prefixes | None = None, by_hand: Prefixes | None = None
) -> World:
    """The world with a tunnel changed; where there is none, no route can lead into it."""
    session = world.sessions[tunnel]
    if profile is not None:
        session = replace(session, profile=profile)
    if by_hand is not None and not session.absent:
        session = replace(session, by_hand=by_hand)
    return replace(world, sessions={**world.sessions, tunnel: session})
