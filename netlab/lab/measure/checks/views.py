"""Check that the operations on all that speaks BGP show what the model predicts.

Success: every row of learned routes, advertised routes, BGP peers and circuit routes is as predicted, none is missing.
Failure: a row stands in one of the two lists only; the message names the view, who has the row, and the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netlab.azure.faults import Impact
from netlab.azure.learning import learners
from netlab.azure.state import State
from netlab.azure.views.bgp import Speaker, Witness, circuit_routes
from netlab.azure.views.predicted import Model
from netlab.lab.measure.judgement import some
from netlab.lab.measure.shown.bgp import Daemons
from netlab.machine.ports import Bgp
from netlab.plan.model import Plan
from netlab.results.shown import CircuitRoute, GatewayRoute, PeerStatus
from netlab.results.verification import Check
from netlab.scenario.network import Network

# A view of an end, and a row of it in words.
Row = tuple[str, str]


def check(plan: Plan, state: State, bgp: Bgp) -> Check:
    """Whether the lab's rows are those of the model, for everything of which Azure shows any."""
    stopped, daemons = state.hit(Impact.WITHOUT_BGP), Daemons(plan, state, bgp)
    dead = [s.node for s in plan.speakers if s.node not in stopped and daemons.sessions(s) is None]
    if dead:
        return Check("views", "failed", f"the BGP daemon of {', '.join(dead)} does not answer")
    shown, predicted = Counter(_rows(state, daemons)), Counter(_rows(state, Model(state)))
    wrong = [
        *(f"{view}: only the lab shows {row}" for view, row in shown - predicted),
        *(f"{view}: only the model predicts {row}" for view, row in predicted - shown),
    ]
    good = f"{shown.total()} rows of {len({view for view, _ in shown})} views are as predicted"
    return Check("views", "failed" if wrong else "passed", some(wrong) if wrong else good)


def _rows(state: State, witness: Witness) -> Iterator[Row]:
    foreign = _foreign(state.network)
    for end in learners(state.network):
        speaker = Speaker(state, witness, end)
        yield from ((f"learned-routes {end}", _route(row)) for row in speaker.learned_routes().rows)
        yield from ((f"bgp-peers {end}", _peer(row)) for row in speaker.bgp_peers().rows)
        for peer in speaker.peers() if end not in foreign else ():
            advertised = speaker.advertised_routes(peer).rows
            yield from ((f"advertised-routes {end} to {peer}", _route(row)) for row in advertised)
    for circuit in state.network.circuits.values():
        for router in circuit.every_edge:
            rows = circuit_routes(state, witness, router).rows
            yield from ((f"circuit-routes {router.node}", _circuit_route(row)) for row in rows)


def _foreign(network: Network) -> set[str]:
    """The sites and appliances: Azure shows nothing of what they advertise, and bgpd only before it overrides ASNs."""
    return {*network.sites, *(appliance.router.node for appliance in network.bgp_appliances)}


def _route(row: GatewayRoute) -> str:
    places = f"next hop {row.nextHop}, from {row.sourcePeer}, at {row.localAddress}"
    return f"{row.network} {row.origin} {row.asPath} weight {row.weight}, {places}"


def _circuit_route(row: CircuitRoute) -> str:
    return f"{row.network} {row.nextHop} {row.path}"


def _peer(row: PeerStatus) -> str:
    # Which of two routers gave a session up (Idle) the model leaves open; the other one goes on trying.
    state = "Connecting" if row.state == "Idle" else row.state
    return f"{row.neighbor} {row.asn} {state} {row.routesReceived} routes at {row.localAddress}"
