"""The state that a story moves through: a scenario and what actions have made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Network

from pydantic import SecretStr

from netlab.azure.ike import Negotiated, negotiate
from netlab.azure.propagation import Learned, learned, offered_selectors, p2s_static_prefixes, profile_prefixes
from netlab.scenario.addresses import bgp_address
from netlab.scenario.models import Action, ClientOnly, ClientRoute, NewKey, Scenario, SitePrefix

Prefixes = frozenset[IPv4Network]


@dataclass(frozen=True)
class ClientState:
    """What a point-to-site client holds: negotiated selectors, the profile's routes, routes added by hand."""

    selectors: Prefixes
    profile: Prefixes
    by_hand: Prefixes = frozenset()


@dataclass(frozen=True)
class World:
    """A scenario at a moment of its story.

    ``keys`` are the shared keys by connection and end, where they are not the one that was generated for both ends.
    """

    scenario: Scenario
    announced: Mapping[str, Prefixes]
    clients: Mapping[str, ClientState]
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
        return frozenset(offered_selectors(p2s_static_prefixes(self.scenario, vnet), self.learned[vnet]))

    def client_routes(self, client: str) -> Prefixes:
        """The VPN routes of a client: Windows has its profile's, others those of the selectors; both, those by hand."""
        state = self.clients[client]
        windows = self.scenario.clients[client].os == "windows"
        return (state.profile if windows else state.selectors) | state.by_hand


def initial(scenario: Scenario) -> World:
    """The world as ``up`` leaves it: everything converged, then the clients connected and downloaded."""
    announced = {name: frozenset(site.address_prefixes) for name, site in scenario.sites.items()}
    world = World(scenario, announced, {}, given_keys(scenario))
    states = {
        name: ClientState(world.offered(client.gateway), frozenset(profile_prefixes(scenario, client.gateway)))
        for name, client in scenario.clients.items()
    }
    return replace(world, clients=states)


def after(world: World, action: Action) -> World:
    """The world after an action."""
    match action.verb, action.subject:
        case "add_route", ClientRoute(client=client, prefix=prefix):
            return _with_client(world, client, by_hand=world.clients[client].by_hand | {prefix})
        case "remove_route", ClientRoute(client=client, prefix=prefix):
            return _with_client(world, client, by_hand=world.clients[client].by_hand - {prefix})
        case "download_profile", ClientOnly(client=client):
            fresh = frozenset(profile_prefixes(world.scenario, world.scenario.clients[client].gateway))
            return _with_client(world, client, profile=fresh)
        case "reconnect", ClientOnly(client=client):
            return _with_client(world, client, selectors=world.offered(world.scenario.clients[client].gateway))
        case "announce", SitePrefix(site=site, prefix=prefix):
            return replace(world, announced={**world.announced, site: world.announced[site] | {prefix}})
        case "withdraw", SitePrefix(site=site, prefix=prefix):
            return replace(world, announced={**world.announced, site: world.announced[site] - {prefix}})
        case "set_key", NewKey(connection=connection, shared_key=key, end=end):
            ends = (end,) if end is not None else world.scenario.connections[connection].between
            return replace(world, keys={**world.keys, **{(connection, each): key for each in ends}})
    raise AssertionError(f"no such action: {action.verb}")


def given_keys(scenario: Scenario) -> dict[tuple[str, str], SecretStr]:
    """The shared keys that a scenario gives, by connection and end; an end without one has the connection's (R31)."""
    found = {
        (name, end): item.settings(end).shared_key or item.shared_key
        for name, item in scenario.connections.items()
        for end in item.between
    }
    return {place: key for place, key in found.items() if key is not None}


def _with_client(world: World, client: str, **changes: Prefixes) -> World:
    state = replace(world.clients[client], **changes)
    return replace(world, clients={**world.clients, client: state})
