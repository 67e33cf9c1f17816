"""ARM templates -> the bodies of the resources that they deploy, and what the report says of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from netlab.errors import Finding
from netlab.imports.arm.budget import MOST_PARTS, Exhausted
from netlab.imports.arm.declared import parameters_of, undeclared, unknown_parameters
from netlab.imports.arm.deployments import DEPLOYMENTS, Deployment, Resource, Source
from netlab.imports.arm.interpreter import opened
from netlab.imports.arm.values import EvaluationError, Value, shallow
from netlab.imports.arm.world import Context, Open, World
from netlab.imports.runtime import Unknown

__all__ = ["Body", "Context", "Evaluation", "Open", "Source", "evaluate"]
_OF_DEPLOYMENT = {
    "apiversion", "comments", "condition", "copy", "dependson", "existing", "id", "name", "resourcegroup", "resources",
    "scope", "subscriptionid", "type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """A resource as ARM has it, with the file of its template. Its values may be Tokens and Unknowns, its id too."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What templates deploy.

    ``off`` are types and names of resources that their condition turns off, ``deciding`` the parameters of these
    conditions, ``linked`` the files of linked templates.
    """

    bodies: tuple[Body, ...] = ()
    off: tuple[tuple[str, str], ...] = ()
    deciding: tuple[str, ...] = ()
    open: tuple[Open, ...] = ()
    linked: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()


def evaluate(sources: Sequence[Source], context: Context) -> Evaluation:
    """The resources of templates; with errors there may be fewer.

    A template refers to the resources of the others by their ids. One that another one links is no template of its own.
    """
    found, linked = _evaluated(sources, context)
    roots = [source for source in sources if _file(source.path) not in linked]
    return found if len(roots) in (0, len(sources)) else _evaluated(roots, context)[0]


def _evaluated(sources: Sequence[Source], context: Context) -> tuple[Evaluation, set[str]]:
    world = World(tuple(sources), context)
    bodies: list[Body] = []
    off: list[tuple[str, str]] = []
    deciding: set[str] = set()
    errors: list[Finding] = []
    try:
        for deployment in world.deployments():
            _collect(deployment, bodies, off)
            deciding |= _deciding(deployment)
        errors += _circles(world)
    except Exhausted:
        paths = ", ".join(source.path for source in sources)
        errors.append(Finding(f"the expressions ask for more than {MOST_PARTS} values", "E04", paths))
    linked = world.linked.values()
    declared = [one for source in (*sources, *linked) for one in undeclared(source)]
    all_errors = dict.fromkeys((*unknown_parameters(sources, context.parameters), *declared, *world.errors, *errors))
    found = Evaluation(
        tuple(bodies),
        tuple(off),
        tuple(sorted(deciding)),
        tuple(world.open),
        tuple(source.path for source in linked),
        tuple(sorted(world.secrets)),
        tuple(all_errors),
    )
    return found, {_file(source.path) for source in linked}


def _file(path: str) -> str:
    return posixpath.normpath(path)


def _collect(deployment: Deployment, bodies: list[Body], off: list[tuple[str, str]]) -> None:
    for resource in deployment.resources:
        condition = resource.condition
        if resource.existing:
            continue
        if condition is False:
            off.append((resource.type, resource.name if isinstance(resource.name, str) else "?"))
        elif isinstance(condition, Unknown):
            deployment.world.leave_open({**resource.raw, "type": resource.type}, "condition", condition)
        else:
            place = resource.scope() if resource.type.lower() == DEPLOYMENTS else None
            if isinstance(place, Unknown):
                deployment.world.leave_open(resource.raw, "scope", place)
            bodies.append(Body(deployment.source.path, _body(resource)))


def _deciding(deployment: Deployment) -> set[str]:
    """The parameters that turn resources of a deployment off."""
    off = [one.raw["condition"] for one in deployment.resources if one.condition is False and "condition" in one.raw]
    return {name for raw in off for name in parameters_of(raw, deployment.template)}


def _body(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {"type": resource.type, "name": resource.name, "id": resource.id}
    if resource.type.lower() == DEPLOYMENTS:
        _read_parameters(resource)
        return found
    for key, value in shallow(resource.body).items():
        if key.lower() not in _OF_DEPLOYMENT:
            inner = shallow(value) if key.lower() == "properties" else None
            parts = {part: _forced(item, resource) for part, item in inner.items()} if isinstance(inner, dict) else None
            found[key] = _forced(value, resource) if parts is None else parts
    return found


def _forced(value: Value, resource: Resource) -> Value:
    try:
        return resource.deployment.budget.forced(value)
    except EvaluationError as error:
        return error.value


def _read_parameters(resource: Resource) -> None:
    """Evaluate what a nested deployment takes from others: it must not be a circle, whoever reads it."""
    nested = resource.nested
    if nested is not None:
        declared = nested.template.get("parameters")
        for name in declared if isinstance(declared, Mapping) else ():
            shallow(nested.parameter(name))


def _circles(world: World) -> Iterator[Finding]:
    """Deployments that refer to each other's outputs, or wait for each other, in a circle (E14)."""
    uses = {key: [*others] for key, others in world.uses.items()}
    names: dict[str, tuple[str, str]] = {}
    for deployment in world.deployments():
        for resource in deployment.resources:
            if resource.type.lower() == DEPLOYMENTS and resource.condition is True and resource.key:
                names[resource.key] = (resource.shown, deployment.source.path)
                uses.setdefault(resource.key, []).extend(_awaited(resource))
    try:
        TopologicalSorter({key: sorted(uses[key]) for key in sorted(uses)}).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        shown = " -> ".join(names.get(key, (key.rpartition("/")[2], ""))[0] for key in circle)
        path = names.get(circle[0], ("", ""))[1]
        yield Finding(f"deployments refer to each other in a circle: {shown}", "E14", path)


def _awaited(resource: Resource) -> Iterator[str]:
    values: Value = resource.raw.get("dependsOn")
    siblings = [one for one in resource.deployment.resources if one.type.lower() == DEPLOYMENTS]
    for raw in values if isinstance(values, list) else []:
        value = shallow(opened(raw, resource.environment))
        low = value.lower() if isinstance(value, str) else ""
        yield from (one.key for one in siblings if low in (one.key, one.symbol.lower(), str(one.name).lower()) and low)
