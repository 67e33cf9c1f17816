"""The state that a story moves through: a scenario and what actions have made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Network

from netlab.azure.propagation import Learned, learned, offered_selectors, p2s_static_prefixes, profile_prefixes
from netlab.scenario.models import Action, ClientOnly, ClientRoute, Scenario, SitePrefix

Prefixes = frozenset[IPv4Network]


@dataclass(frozen=True)
class ClientState:
    """What a point-to-site client holds: negotiated selectors, the profile's routes, routes added by hand."""

    selectors: Prefixes
    profile: Prefixes
    by_hand: Prefixes = frozenset()


@dataclass(frozen=True)
class World:
    """A scenario at a moment of its story."""

    scenario: Scenario
    announced: Mapping[str, Prefixes]
    clients: Mapping[str, ClientState]

    @cached_property
    def learned(self) -> dict[str, dict[IPv4Network, tuple[Learned, ...]]]:
        """What every gateway and site has learned by BGP."""
        return learned(self.scenario, self.announced)

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
    world = World(scenario, {name: frozenset(site.address_prefixes) for name, site in scenario.sites.items()}, {})
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
    raise AssertionError(f"no such action: {action.verb}")


def _with_client(world: World, client: str, **changes: Prefixes) -> World:
    state = replace(world.clients[client], **changes)
    return replace(world, clients={**world.clients, client: state})
