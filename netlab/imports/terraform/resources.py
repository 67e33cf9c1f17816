"""A state or a plan as resources of the import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.imports import bodies, ids
from netlab.imports.bodies import Resource
from netlab.imports.ids import ResourceId
from netlab.imports.notes import Notes
from netlab.imports.reading import Document
from netlab.imports.terraform import attributes, balancers, firewalls, hybrid
from netlab.imports.terraform.attributes import ASSOCIATIONS, Reader
from netlab.imports.terraform.configuration import Configuration
from netlab.imports.terraform.instances import Instance, of_plan, of_raw_state, of_state, secret_paths
from netlab.imports.terraform.values import TYPES, Values

BODIES = {**attributes.BODIES, **hybrid.BODIES, **firewalls.BODIES}
_PARTS = {**balancers.PARTS, **firewalls.PARTS}
_MERGED = {*ASSOCIATIONS, *_PARTS}
"""They are parts of others."""
# They describe nothing that the lab has, and nothing that it lacks.
_SILENT = ("azuread_", "random_", "null_", "time_", "tls_", "local_", "terraform_data")


@dataclass
class Translated:
    """The resources of a state or a plan, and the keys of those that something refers to."""

    resources: list[Resource] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    count: int = 0


def translated(document: Document, kind: str, given: Mapping[str, str], notes: Notes) -> Translated:
    """The resources of a document of Terraform."""
    data = document.data
    if data.get("errored") is True:
        notes.fail("E17", document.source, "the plan ended with an error; make it again")
        return Translated()
    if data.get("complete") is False:
        notes.warn(document.source, "the plan is not complete: Terraform will plan the rest after an apply")
    if kind == "raw state":
        notes.warn(document.source, "`terraform show -json` is the documented form of a state")
    found = list({"plan": of_plan, "state": of_state, "raw state": of_raw_state}[kind](data))
    values = Values(found, Configuration(data), given)
    made = Translated(count=len(found))
    seen: dict[str, str] = {}
    for each in found:
        for path in secret_paths(each.values):
            notes.secrets[f"{each.type}: {path}"] += 1
        key = ids.key(values.id(each)) if each.type in BODIES else each.address
        if seen.setdefault(key, each.address) != each.address:
            notes.warn(each.address, f"{seen[key]} has the same name: it counts, and says nothing of its own")
            made.resources.append(_counted(each, document.source, double=True))
            continue
        made.resources += _resources(values, each, document.source)
    made.used = set(_used(values))
    return made


def _used(values: Values) -> Iterator[str]:
    """The keys of public addresses that the configuration mentions anywhere."""
    mentioned = {reference for reference in values.configuration.everything() if "azurerm_public_ip" in reference}
    for each in values.instances:
        if each.type == "azurerm_public_ip" and any(
            text == each.plain or text.startswith(f"{each.plain}.") for text in mentioned
        ):
            yield ids.key(values.id(each))


def _resources(values: Values, each: Instance, source: str) -> Iterable[Resource]:
    """The resource of an instance, and what it adds to others."""
    if each.type.startswith("azapi_"):
        yield from _azapi(values, each, source)
        return
    if each.type not in BODIES:
        yield _counted(each, source)
        if each.type in _MERGED:
            yield from _joints(values, each, source)
        return
    id_ = ids.parsed(values.id(each))
    type_ = TYPES[each.type][0]
    if id_ is None or len(id_.names) != type_.count("/"):
        yield _counted(each, source)
        return
    id_ = ResourceId(id_.subscription, id_.group, type_, id_.names)
    made = bodies.folded(BODIES[each.type](Reader(values, each)))
    location = bodies.text(made.pop("location", ""))
    made.pop("name", None)
    yield Resource(id_, each.type, made, source, location, each.address, each.existing)


def _counted(each: Instance, source: str, double: bool = False) -> Resource:
    """A resource that only counts."""
    silent = double or each.type in _MERGED or each.type.startswith(_SILENT)
    word = "terraform-parts" if silent else "terraform"
    return Resource(ResourceId("", "", f"{word}/{each.type}", (each.address,)), each.type, {}, source, "", each.address)


def _joints(values: Values, each: Instance, source: str) -> Iterator[Resource]:
    of = Reader(values, each)
    parts = _PARTS[each.type](of) if each.type in _PARTS else attributes.joints(of, each.type)
    for target, part in parts:
        id_ = ids.parsed(target)
        if id_ is not None:
            yield Resource(id_, "", bodies.folded(part), source)


def _azapi(values: Values, each: Instance, source: str) -> Iterator[Resource]:
    """A resource whose body is ARM's own, or a part of one."""
    of = Reader(values, each)
    body = of.get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            body = None
    plain: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
    update = each.type == "azapi_update_resource"
    known = ids.parsed(of.get("resource_id") if update else each.values.get("id"))
    type_, name, parent = str(of.get("type") or "").split("@")[0], of.get("name"), of.get("parent_id")
    if known is None and isinstance(parent, str) and isinstance(name, str) and "/" in type_:
        above = ids.parsed(parent)
        if above is not None:
            names = (*above.names, name) if type_.count("/") > 1 else (name,)
            known = ResourceId(above.subscription, above.group, ids.spelled(type_), names)
    if known is None:
        yield _counted(each, source)
        return
    location = bodies.text(of.get("location"))
    yield Resource(known, "" if update else known.type, bodies.folded(plain), source, location, each.address)
    if update:
        yield _counted(each, source)
