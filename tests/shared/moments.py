"""Moments of a story: a scenario of the catalogue after some actions."""

from __future__ import annotations

from typing import Any

from netlab.azure.moments import after, initial
from netlab.azure.state import State
from netlab.scenario.loader import load
from netlab.scenario.models import Action


def action(verb: str, **subject: Any) -> Action:
    """An action of a story."""
    return Action.model_validate({verb: subject})


def moment(scenario: str, *actions: Action) -> State:
    """The state of a scenario after actions."""
    state = initial(load(scenario).scenario)
    for each in actions:
        state = after(state, each)
    return state


def down(state: State) -> dict[str, str]:
    """The tunnels that are down, and why."""
    found = {tunnel.name: state.why_down(tunnel) for tunnel in state.topology.tunnels}
    return {name: why for name, why in found.items() if why}
