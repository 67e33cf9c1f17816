"""What the model foresees, with names in place of objects: predictions, explanations, routes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network

from netlab.azure import asymmetry
from netlab.azure.classes import sample
from netlab.azure.dataplane.offers import tables
from netlab.azure.dataplane.walk import Walk
from netlab.azure.disagreement import Documented, about_cell, disagreements
from netlab.azure.explanation import explain
from netlab.azure.mends import mends_of_many
from netlab.azure.misfits import unexpected
from netlab.azure.p2s.tunnels import TUNNELS
from netlab.azure.prediction import Predicted, PredictedStep, predict, story_of
from netlab.azure.state import State
from netlab.results import prediction as results
from netlab.results.protocols import Protocol
from netlab.results.routes import (
    ClientRoute,
    ClientTable,
    EffectiveRoute,
    EffectiveTable,
    Foreseen,
    LearnedRoute,
    LearnedTable,
    Routes,
    UsedRoute,
    Way,
)
from netlab.scenario.addresses import PRIVATE_PREFIXES
from netlab.scenario.models import Action, Reach, Scenario, Step
from netlab.scenario.names import Endpoint
from netlab.scenario.outline import machines
from netlab.scenario.silence import unstated


def prediction(scenario: Scenario, *, all_pairs: bool = False) -> results.Prediction:
    """The whole story, step by step; of a big network a cell for each pair of classes, unless ``all_pairs``."""
    foreseen, rows = tuple(predict(scenario)), machines(scenario)
    few = None if all_pairs else sample(scenario, (step.state for step in foreseen))
    if few is None:
        steps = tuple(_steps(scenario, foreseen, None))
        return results.Prediction(scenario.name, rows, steps, unstated(scenario))
    return results.Prediction(
        scenario.name,
        tuple(machine for machine in rows if machine.node in few.nodes),
        tuple(_steps(scenario, foreseen, few.asked)),
        unstated(scenario),
        few.classes,
    )


def explanation(state: State, item: Predicted, addresses: Mapping[str, IPv4Address]) -> results.Explanation:
    """Why a pair can talk or not."""
    found = explain(state, item, addresses)
    return results.Explanation(
        source=item.source,
        target=item.target,
        outcome=item.outcome,
        dropped_at=item.drop,
        verdict=found.verdict,
        forward=_ways(item.forward),
        reverse=_ways(item.reverse),
        mend=found.mend,
        redesign=found.redesign,
        forward_decisions=found.forward,
        reverse_decisions=found.reverse,
    )


def foreseen(state: State, item: Predicted, addresses: Mapping[str, IPv4Address], *, wanted: bool) -> Foreseen:
    """The ways of a pair and, where it is wanted, what would let it talk."""
    sentences = tuple(each.sentence for each in mends_of_many(state, item, addresses)) if wanted else ()
    return Foreseen(item.source, item.target, _ways(item.forward), _ways(item.reverse), sentences, item.protocols)


def actions(step: Step) -> tuple[str, ...]:
    """The actions of a step as text, and how big its probes are where it says so."""
    probing = (f"probe: {step.size} bytes with DF",) if step.size else ()
    return (*map(action, step.do), *probing)


def action(one: Action) -> str:
    """An action as text: its verb, and what it acts on."""
    return ": ".join(filter(None, (one.verb, ", ".join(_subject(one)))))


def _subject(action: Action) -> Iterator[str]:
    """What an action acts on; what it leaves open is left out, a flag is its name."""
    for name, value in action.subject.model_dump(mode="json", exclude_unset=True).items():
        if value is True:
            yield name
        elif isinstance(value, dict):
            yield f"{name} {' '.join(value)}"
        elif value is not None and value is not False:
            yield " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ways(walks: tuple[Walk, ...]) -> tuple[Way, ...]:
    return tuple(
        Way(walk.nodes, tuple(UsedRoute(used.node, used.prefix, used.source, used.leads_to) for used in walk.used))
        for walk in walks
    )


# --- steps ----------------------------------------------------------------------------------------------------------


def _steps(
    scenario: Scenario, foreseen: Sequence[PredictedStep], asked: Collection[Endpoint] | None
) -> Iterator[results.PredictedStep]:
    documented = Documented()
    for predicted, step in zip(foreseen, story_of(scenario), strict=True):
        documented = documented.at(scenario, step)
        cells = predicted.cells if asked is None else tuple(predicted.forecast.matrix(asked))
        yield _step(predicted, cells, step, documented)


def _step(
    predicted: PredictedStep, cells: Sequence[Predicted], step: Step, documented: Documented
) -> results.PredictedStep:
    state = predicted.state
    return results.PredictedStep(
        name=predicted.name,
        actions=actions(step),
        cells=tuple(cell for item in cells for cell in judged(state.scenario, item, documented)),
        checks=tuple(disagreements(state, documented)),
        warnings=(*unexpected(state, documented), *asymmetry.remarks(state, cells)),
        client_routes={
            client: tuple(sorted(map(str, state.client_routes(client)))) for client in state.scenario.clients
        },
        learned_routes={table.name: table.routes for table in _learned(state)},
        effective_routes={table.name: table.routes for table in _effective(state)},
    )


def judged(scenario: Scenario, item: Predicted, documented: Documented) -> Iterator[results.PredictedCell]:
    """The cells of a pair: one for the protocols of which the same is documented."""
    reach = documented.reach.get((item.source, item.target))
    alike: dict[int, tuple[Reach | None, list[Protocol]]] = {}
    for protocol in item.protocols:
        said = reach.of(protocol) if reach is not None else None
        alike.setdefault(id(said), (said, []))[1].append(protocol)
    for said, protocols in alike.values():
        yield _cell(scenario, item, said, tuple(protocols), documented.by((item.source, item.target)))


def _cell(
    scenario: Scenario, item: Predicted, reach: Reach | None, protocols: tuple[Protocol, ...], by: str
) -> results.PredictedCell:
    problem = about_cell(scenario, reach, item, by)
    return results.PredictedCell(
        source=item.source,
        target=item.target,
        expected=reach.expected if reach is not None else item.outcome,
        predicted=item.outcome,
        status="failed" if problem else "passed",
        forward=tuple(walk.nodes for walk in item.forward),
        reverse=tuple(walk.nodes for walk in item.reverse),
        dropped_at=item.drop,
        documented=reach.reason if reach is not None else "",
        message=problem,
        protocols=protocols,
    )


# --- routes ---------------------------------------------------------------------------------------------------------


def routes(state: State) -> Routes:
    """All routes at a moment; of the routers only those that speak BGP."""
    speaking = {end.name for end in state.network.bgp_ends}
    learned = (table for table in _learned(state) if table.name in speaking or table.routes)
    return Routes(tuple(_effective(state)), tuple(learned), tuple(_clients(state)))


def _effective(state: State) -> Iterator[EffectiveTable]:
    """The effective routes; of the built-in ones of type None those for private destinations only."""
    for vnet in state.network.vnets.values():
        found = tables(state, vnet)
        places = {nic.label: f"{vnet.name}/{nic.subnet.name}" for nic in vnet.nics}
        for name, known in found.items():
            mine = (node for node, place in places.items() if name == (place if place in found else vnet.name))
            listed = (route for route in known if not route.is_built_in_drop or route.prefix in PRIVATE_PREFIXES)
            shown = (EffectiveRoute(r.source, str(r.prefix), r.next_hop_type, ", ".join(r.next_hops)) for r in listed)
            yield EffectiveTable(name, tuple(mine), tuple(shown))


def _learned(state: State) -> Iterator[LearnedTable]:
    for name, known in state.learned_by_name.items():
        shown = (
            LearnedRoute(str(path.prefix), path.tunnel, path.as_path, path.neighbor)
            for _, paths in sorted(known.items())
            for path in paths
        )
        yield LearnedTable(name, tuple(shown))


def _clients(state: State) -> Iterator[ClientTable]:
    for name, client in state.network.clients.items():
        origins: dict[IPv4Network, str] = {}
        for tunnel in reversed(client.tunnels):
            by_hand = state.sessions[tunnel.key].by_hand
            origin = TUNNELS[tunnel.tunnel_type].origin(client.spec.family)
            routes = state.tunnel_routes(*tunnel.key)
            origins |= {prefix: "added by hand" if prefix in by_hand else origin for prefix in routes}
        shown = (ClientRoute(str(prefix), origin) for prefix, origin in sorted(origins.items()))
        yield ClientTable(name, client.spec.os, tuple(shown))
