"""What the model makes of a scenario, without a lab."""

from __future__ import annotations

import os

from netlab.api.scenarios import find_two
from netlab.azure import outcome
from netlab.azure.outcome import prediction
from netlab.azure.prediction import Forecast, PredictedStep, endpoint_addresses, predict
from netlab.azure.state import State
from netlab.errors import UsageError
from netlab.lab.build import records
from netlab.machine.host import require
from netlab.results.prediction import Explanation
from netlab.results.protocols import Protocol
from netlab.scenario.document import UNREAD
from netlab.scenario.loader import Loaded, catalogue, load
from netlab.scenario.models import Scenario, is_lab_name
from netlab.scenario.names import Endpoint, by_node, step_among, suggest
from netlab.scenario.outline import machines, topology

__all__ = ["machines", "prediction", "topology"]


def is_lab(reference: str) -> bool:
    """Whether a reference is to a lab that exists. Without root, a scenario of the catalogue goes before a lab."""
    exists = is_lab_name(reference) and records.exists(reference)
    return exists and (os.geteuid() == 0 or reference not in catalogue())


def load_or_read(reference: str) -> Loaded:
    """The scenario of a lab that exists, if we may read it; else that of a file or of the catalogue."""
    if not is_lab(reference):
        return load(reference)
    require()
    return Loaded(records.read(reference).scenario, "", reference, (), UNREAD)


def explanation(scenario: Scenario, step: str, source: str, target: str, protocol: Protocol) -> Explanation:
    """Why a pair can talk or not, after a step of the story (the first one where none is named)."""
    forecast, nodes = _chosen(scenario, step).forecast, find_two(scenario, source, target)
    ends = by_node(scenario)
    return _explained(forecast, ends[nodes[0]], ends[nodes[1]], protocol)


def explained(now: State, source: Endpoint, target: Endpoint, protocol: Protocol) -> Explanation:
    """Why a pair can talk or not at a moment."""
    return _explained(Forecast(now, endpoint_addresses(now)), source, target, protocol)


def _explained(forecast: Forecast, source: Endpoint, target: Endpoint, protocol: Protocol) -> Explanation:
    found = forecast.pair(source, target, protocol)
    return outcome.explanation(forecast.state, found, forecast.addresses)


def state(scenario: Scenario, step: str) -> State:
    """The state after a step of the story (the first one where none is named)."""
    return _chosen(scenario, step).state


def _chosen(scenario: Scenario, step: str) -> PredictedStep:
    steps = list(predict(scenario))
    chosen = step_among(steps, step)
    if chosen is None:
        raise UsageError(f"{scenario.name} has no step {step[:60]!r}", suggest(step, [item.name for item in steps]))
    return chosen
