"""ARM templates of an import: with their parameters files, evaluated, as resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from netlab.errors import Finding, UsageError
from netlab.imports import bodies, ids, reading
from netlab.imports.arm.deployments import DEPLOYMENTS
from netlab.imports.arm.evaluate import Body, Context, Evaluation, Source, evaluate
from netlab.imports.arm.linked import finder
from netlab.imports.bodies import Resource
from netlab.imports.ids import ResourceId
from netlab.imports.notes import Notes
from netlab.imports.options import Options
from netlab.imports.reading import Refused
from netlab.imports.recognition import Recognised, recognised
from netlab.imports.runtime import Unknown

# Whether one of these is there decides about the network.
_NEEDED = tuple(
    f"microsoft.network/{kind}"
    for kind in (
        "virtualnetworks",
        "virtualnetworkgateways",
        "localnetworkgateways",
        "connections",
        "expressroutecircuits",
        "routefilters",
        "routetables",
        "networkinterfaces",
        "networksecuritygroups",
        "azurefirewalls",
        "virtualhubs",
        "firewallpolicies",
        "loadbalancers",
        "natgateways",
        "privateendpoints",
    )
)


def evaluated(
    known: Iterable[Recognised],
    others: Iterable[Mapping[str, Any]],
    options: Options,
    notes: Notes,
    given: Iterable[str],
) -> tuple[list[Resource], Evaluation]:
    """The resources that all templates deploy together; ``others`` are the bodies of other descriptions."""
    found = [item for item in known if item.kind in ("template", "parameters")]
    sources = _sources(found, options)
    if not sources:
        return [], Evaluation()
    directories = (*options.linked, *(path for path in given if Path(path).is_dir()))
    values, _ = split(options.parameters)
    context = Context(
        options.location,
        options.resource_group,
        parameters=values,
        linked=finder(directories, _linked),
        answers=options.values,
        known={ids.key(body.get("id")): body for body in others if ids.key(body.get("id"))},
    )
    made = evaluate(sources, context)
    for error in made.errors:
        notes.errors.setdefault(_with_line(error))
    for path in made.secrets:
        notes.secrets[path] += 1
    for left in made.open:
        if any(type_.startswith(_NEEDED) for type_ in left.types) or left.types == {DEPLOYMENTS}:
            _note(notes, sources[0].path, left.value, f"{left.type}: {left.what}")
        else:
            notes.warn(left.type, f"its {left.what} is not known ({left.value.expression[:80]}): none is imported")
    return [_resource(body, notes, number) for number, body in enumerate(made.bodies)], made


def split(given: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The values and the files of --parameters; of a value the last one counts."""
    values, files = {}, []
    for text in given:
        name, equals, value = text.partition("=")
        if equals and not Path(text).exists():
            values[name] = value
        else:
            files.append(text.removeprefix("@"))
    return values, files


def beside(path: str) -> tuple[str, ...]:
    """The parameters files that lie beside a template, by their names."""
    place = Path(path)
    names = (f"{place.stem}.parameters.json", f"{place.stem}.params.json")
    return tuple(name for name in names if place.with_name(name).is_file())


def _with_line(error: Finding) -> Finding:
    """An error of a template says its line in words, too."""
    return replace(error, message=f"{error.message} (line {error.line})") if error.line else error


# --- sources ----------------------------------------------------------------------------------------------------------


def _sources(found: list[Recognised], options: Options) -> list[Source]:
    """Each template with the parameters of its file, and with those of --parameters, which count before them (F2)."""
    templates = [item for item in found if item.kind == "template"]
    own: dict[str, dict[str, Any]] = {item.document.source: {} for item in templates}
    for item in found:
        if item.kind == "parameters":
            stem = Path(item.document.source).stem.removesuffix(".parameters").removesuffix(".params")
            same = [t for t in templates if Path(t.document.source).stem == stem]
            for template in same or (templates if len(templates) == 1 else []):
                own[template.document.source] |= _parameters(item)
    for path in split(options.parameters)[1]:
        more = _parameters(_file(path))
        own = {source: values | more for source, values in own.items()}
    return [
        Source(item.document.source, item.document.data, own[item.document.source], item.document.text)
        for item in templates
    ]


def _file(path: str) -> Recognised:
    if not Path(path).is_file():
        raise UsageError(f"--parameters: there is no file {path[:200]!r}", "write --parameters NAME=VALUE, or a file")
    try:
        found = recognised(reading.document(path, Path(path)))
    except Refused as refused:
        raise UsageError(str(refused.finding), "name a parameters file") from None
    if found.kind != "parameters":
        raise UsageError(
            f"--parameters: {path[:200]} is no parameters file", "its $schema is deploymentParameters.json"
        )
    return found


def _parameters(item: Recognised) -> dict[str, Any]:
    values = item.document.data.get("parameters")
    return dict(values) if isinstance(values, dict) else {}


def _linked(path: str) -> Source | None:
    """The template of a file that another one links; None where there is none."""
    if not Path(path).is_file():
        return None
    try:
        found = recognised(reading.document(path, Path(path)))
    except Refused:
        return None
    return Source(path, found.document.data, {}, found.document.text) if found.kind == "template" else None


# --- bodies -----------------------------------------------------------------------------------------------------------


def _resource(item: Body, notes: Notes, number: int) -> Resource:
    """A body as a resource; one whose name is not known gets one, so that all that is missing is found at once."""
    found = bodies.resource(item.body, item.path) if isinstance(item.body.get("id"), str) else None
    if found is not None:
        return found
    type_ = ids.spelled(str(item.body.get("type", "")))
    needed = type_.lower().startswith(_NEEDED)
    for key in ("name", "id"):
        value = item.body.get(key)
        if needed and isinstance(value, Unknown):
            _note(notes, item.path, value, f"{type_}: name")
            break
    sign = str(number) if needed else sha256(repr(item.body.get("id")).encode()).hexdigest()[:8]
    names = tuple(f"unknown-{sign}" for _ in range(max(1, type_.count("/"))))
    made = bodies.folded({key: value for key, value in item.body.items() if key not in ("id", "name", "type")})
    location = bodies.text(made.pop("location", ""))
    return Resource(ResourceId("", "", type_, names), type_, made, item.path, location)


def _note(notes: Notes, source: str, value: Unknown, use: str) -> None:
    """A value that decides about the network and is not known."""
    if value.parameters:
        for name in value.parameters:
            notes.parameters.setdefault(source, {}).setdefault(name, use)
    elif value.wrong:
        notes.fail("E11", source, f"{use} has no value: {value.expression[:120]}")
    else:
        said = value.expression[:120]
        notes.fail("E15", source, f"{use} is known only at run time ({said}): give --set NAME.PATH=VALUE")


def counts(made: Evaluation) -> Counter[str]:
    """How many resources each file deploys."""
    return Counter(body.path for body in made.bodies)
