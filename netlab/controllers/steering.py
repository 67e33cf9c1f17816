"""The agent of VPN devices: routes of a router lead into the tunnels that are up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from netlab.plan import steering
from netlab.plan.model import BgpSpeaker, Charon, Plan, Route


class Routers(Protocol):
    """The routes of routers into their tunnels."""

    def own_routes(self, netns: str) -> tuple[Route, ...]: ...

    def steer(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None: ...


class Sas(Protocol):
    """Security associations."""

    def installed(self, directory: str) -> frozenset[str]: ...


class Sessions(Protocol):
    """BGP sessions."""

    def reset_session(self, speaker: BgpSpeaker, address: str) -> None: ...


def tunnels_up(plan: Plan, sas: Sas) -> steering.Up:
    """The tunnels that have an INSTALLED CHILD SA, by router and IKE connection."""
    installed = {charon.node: sas.installed(charon.directory) for charon in of_tunnels(plan)}
    return frozenset(
        (tunnel.node, tunnel.connection)
        for tunnel in plan.tunnels
        if not tunnel.to_clients and tunnel.connection in installed[tunnel.edge]
    )


def of_tunnels(plan: Plan) -> Iterator[Charon]:
    """The charons at the ends of tunnels; those of clients make none that routes of a router lead into."""
    edges = {tunnel.edge for tunnel in plan.tunnels}
    return (charon for charon in plan.charons if charon.node in edges)


def steered(plan: Plan, routers: Routers, up: steering.Up) -> bool:
    """Whether every router's routes lead into the tunnels that are up."""
    return not any(_steering(plan, routers, up))


def _steering(
    plan: Plan, routers: Routers, up: steering.Up
) -> Iterator[tuple[str, frozenset[Route], frozenset[Route]]]:
    """The routers that must change something: namespace, the routes that they lack, those that they have too many."""
    for node in steering.steered_nodes(plan):
        netns = plan.netns(node)
        wanted, present = steering.routes(plan, node, up), frozenset(routers.own_routes(netns))
        if wanted != present:
            yield netns, wanted - present, present - wanted


def steer(plan: Plan, routers: Routers, up: steering.Up) -> None:
    """Have every router's routes lead into the tunnels that are up."""
    for netns, add, delete in _steering(plan, routers, up):
        routers.steer(netns, add, delete)


def reset_sessions(plan: Plan, sessions: Sessions, changed: steering.Up) -> None:
    """Have BGP know at once of a tunnel that went or came: its session ends, or is tried anew."""
    for speaker in plan.speakers:
        for neighbor in speaker.neighbors:
            if (speaker.node, neighbor.connection) in changed:
                sessions.reset_session(speaker, neighbor.address)
