"""Putting back what a story has changed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from netlab.azure.faults import mending
from netlab.azure.p2s.sessions import Key
from netlab.azure.state import named
from netlab.lab.build import clients, keys, records
from netlab.lab.story import actions, changing, faults
from netlab.lab.story.stage import Stage
from netlab.scenario.models import Action, ClientOnly, CustomRoutes, NewKey, SitePrefix

_OTHER_WAY_ROUND = {"add_route": "remove_route", "remove_route": "add_route"}


def rewind(stage: Stage) -> None:
    """Put back what this story, or one that was interrupted, has changed: all that can be, whatever fails."""
    stage.resume()
    taken, opening = stage.taken, records.opening(stage.lab)
    touched = _touched(stage)
    with ExitStack() as way_back:
        if touched:
            way_back.callback(_restore_clients, stage, touched)
        if taken:
            way_back.callback(stage.settle)
        for repair in faults.repairs(taken):
            way_back.callback(repair, stage)
        way_back.callback(changing.change_back, stage, taken)
        way_back.callback(stage.reopen)
        for who in dict.fromkeys(a.subject.speaker for a in taken if isinstance(a.subject, SitePrefix)):
            way_back.callback(actions.announce, stage, who, stage.state.announced[who], opening.announced[who])
        for connection in {a.subject.connection for a in taken if isinstance(a.subject, NewKey)}:
            way_back.callback(_restore_keys, stage, connection)
        for action in taken:
            if isinstance(action.subject, CustomRoutes):
                way_back.callback(_restore_custom_routes, stage, action.subject.vnet)
            inverse = _inverse(action)
            if inverse is not None:
                way_back.callback(actions.take, stage, inverse)
    stage.reopen()
    stage.remember(())
    records.write_played(stage.lab, 0)


def _inverse(action: Action) -> Action | None:
    """What undoes an action; the others leave nothing behind, or are themselves the undoing of one."""
    other = _OTHER_WAY_ROUND.get(action.verb)
    return Action.model_validate({other: action.subject}) if other is not None else mending(action)


def _touched(stage: Stage) -> frozenset[Key]:
    """The tunnels of clients on which actions were taken, or whose sessions are not as the story found them."""
    opening = records.opening(stage.lab)
    subjects = (a.subject for a in stage.taken if isinstance(a.subject, ClientOnly))
    acted = {tunnel.key for subject in subjects for tunnel in named(opening.network, subject)}
    changed = {key for key, session in stage.state.sessions.items() if session != opening.sessions[key]}
    return frozenset(acted | changed)


def _restore_clients(stage: Stage, touched: Iterable[Key]) -> None:
    clients.restore(stage.lab.plan, stage.lab.scenario, touched, stage.machine.clients)


def _restore_keys(stage: Stage, connection: str) -> None:
    stage.reopen()
    stage.machine.ike.load_keys(stage.lab.plan, keys.read(stage.lab.facts.lab))
    actions.reset(stage, connection)


def _restore_custom_routes(stage: Stage, vnet: str) -> None:
    gateway = records.opening(stage.lab).network.vnets[vnet].vpn_gateway
    assert gateway is not None
    actions.set_custom_routes(stage, CustomRoutes(vnet=vnet, prefixes=gateway.client_settings.custom_routes))
