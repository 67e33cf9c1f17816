"""Predictions and explanations, for a person and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netlab.azure import learning
from netlab.azure.explanation import Explanation
from netlab.azure.forwarding import tables
from netlab.azure.prediction import Predicted, PredictedStep, Walk
from netlab.results.drops import Drop
from netlab.results.verification import Cell, Check


def cells(step: PredictedStep, documented: Mapping[tuple[str, str], str]) -> tuple[Cell, ...]:
    """A predicted matrix in the shape of a measured one; a cell fails where the scenario expects otherwise."""
    return tuple(_cell(item, documented.get((item.source, item.target), item.outcome)) for item in step.cells)


def _cell(item: Predicted, expected: str) -> Cell:
    death = item.death
    drop = Drop(death[1].dropped_at, death[0], death[1].reason) if death is not None else None
    problem = "" if expected == item.outcome else f"the scenario expects {expected}, the model predicts {item.outcome}"
    return Cell(
        source=item.source,
        target=item.target,
        protocol="any",
        expected="reachable" if expected == "reachable" else "unreachable",
        predicted=item.outcome,
        observed=item.outcome,
        status="failed" if problem else "passed",
        forward=item.forward[0].nodes,
        reverse=item.reverse[0].nodes if item.reverse else (),
        dropped_at=drop,
        predicted_drop=drop,
        message=problem,
    )


def checks(step: PredictedStep, learned: learning.Expected) -> tuple[Check, ...]:
    """What the scenario expects to be learned, and the model predicts otherwise."""
    found = learning.disagreements(step.world, learned)
    return tuple(Check(f"learned {end}", "failed", message) for end, message in found)


def structure(
    scenario: str, steps: Iterable[tuple[PredictedStep, tuple[Cell, ...], tuple[Check, ...]]]
) -> dict[str, Any]:
    """A whole prediction: per step the matrix with ways and drop points, and who knows which routes."""
    return {"scenario": scenario, "steps": [_step(*step) for step in steps]}


def _step(step: PredictedStep, found: tuple[Cell, ...], wrong: tuple[Check, ...]) -> dict[str, Any]:
    world = step.world
    return {
        "name": step.name,
        "cells": [
            {
                "source": item.source,
                "target": item.target,
                "expected": cell.expected,
                "predicted": item.outcome,
                "status": cell.status,
                "forward": [list(walk.nodes) for walk in item.forward],
                "reverse": [list(walk.nodes) for walk in item.reverse],
                "dropped_at": _drop(item),
            }
            for item, cell in zip(step.cells, found, strict=True)
        ],
        "checks": [{"name": c.name, "status": c.status, "message": c.message} for c in wrong],
        "client_routes": {c: sorted(map(str, world.client_routes(c))) for c in world.scenario.clients},
        "learned_routes": {
            end: [
                {"prefix": str(path.prefix), "connection": path.tunnel, "as_path": list(path.as_path)}
                for paths in known.values()
                for path in paths
            ]
            for end, known in world.learned_by_name.items()
        },
        "effective_routes": {
            name: [
                {"source": r.source, "prefix": str(r.prefix), "next_hop_type": r.next_hop_type, "next_hop": r.next_hop}
                for r in routes
            ]
            for vnet in world.scenario.vnets
            for name, routes in tables(world, vnet).items()
        },
    }


def _drop(item: Predicted) -> dict[str, str] | None:
    if item.death is None:
        return None
    leg, walk = item.death
    return {"node": walk.dropped_at, "direction": leg, "reason": walk.reason}


def explained(found: Explanation) -> str:
    """An explanation as text."""
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> Iterator[str]:
    yield found.verdict
    for title, lines in (("forward", found.forward), ("back", found.reverse)):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)
    if found.mend:
        yield "what would mend it:"
        yield from (f"  {line}" for line in found.mend)


def explanation_structure(found: Explanation, item: Predicted) -> dict[str, Any]:
    """An explanation as plain values."""

    def ways(walks: tuple[Walk, ...]) -> list[dict[str, Any]]:
        return [
            {
                "nodes": list(walk.nodes),
                "routes": [
                    {"node": u.node, "prefix": u.prefix, "source": u.source, "leads_to": u.leads_to} for u in walk.used
                ],
            }
            for walk in walks
        ]

    return {
        "source": item.source,
        "target": item.target,
        "outcome": item.outcome,
        "dropped_at": _drop(item),
        "verdict": found.verdict,
        "forward": ways(item.forward),
        "reverse": ways(item.reverse),
        "mend": list(found.mend),
    }
