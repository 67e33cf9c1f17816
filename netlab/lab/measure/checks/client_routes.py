"""Check the VPN routes of every client.

Success: the client's kernel has the routes that the scenario documents, if it does, and that the model predicts.
Failure: scenario, model and lab are not of one opinion; the message says which of them stands alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from netlab.azure.disagreement import in_words
from netlab.azure.state import State
from netlab.lab.measure.judgement import three_way
from netlab.machine.ports import Clients
from netlab.plan.model import Plan
from netlab.results.verification import Check
from netlab.scenario.models import node_name


def check(plan: Plan, state: State, clients: Clients, documented: Mapping[str, Collection[object]]) -> Iterator[Check]:
    """The VPN routes of every client, as documented, predicted and observed."""
    said = {key.lower(): set(map(str, prefixes)) for key, prefixes in documented.items()}
    for name in state.scenario.clients:
        own = (client for client in plan.clients if client.node == node_name(name))
        observed = {prefix for client in own for prefix in clients.routes(plan, client)}
        predicted = set(map(str, state.client_routes(name)))
        problem = three_way(said.get(name.lower()), predicted, observed, in_words)
        yield Check(f"routes {name}", "failed" if problem else "passed", problem or in_words(observed))
