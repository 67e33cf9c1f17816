"""What a JSON value is, by its content: a template, a state, a plan, or resource bodies; or why it is none.

The first that fits decides, in the order of the table of the specification (F1 to F11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netlab.imports import ids
from netlab.imports.reading import KNOWN, Document, Refused, _visible_start

Kind = Literal["template", "parameters", "plan", "state", "raw state", "bodies"]
NAMES = {
    "template": "ARM template",
    "parameters": "ARM parameters",
    "plan": "Terraform plan",
    "state": "Terraform state",
    "raw state": "Terraform state, raw",
}
# `az resource list` has these keys, and no `properties`.
_GENERIC = {
    "changedtime", "createdtime", "etag", "extendedlocation", "id", "identity", "kind", "location", "managedby",
    "name", "plan", "properties", "provisioningstate", "resourcegroup", "sku", "subscriptionid", "systemdata", "tags",
    "tenantid", "type", "zones",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file holds: of a template, a state or a plan the document itself, of all else resource bodies."""

    document: Document
    kind: Kind
    format: str
    bodies: tuple[Mapping[str, Any], ...] = ()
    total: int = 0
    """Of an answer of Resource Graph: how many rows there are in all pages."""
    truncated: bool = False


def recognised(document: Document) -> Recognised:
    """What a file holds; Refused where it is no description of a network."""
    data = document.data
    if isinstance(data, dict):
        found = _whole(document, _small(data), data)
        if found is not None:
            return found
    bodies, format_ = _bodies(document.source, data)
    small = _small(data) if isinstance(data, dict) else {}
    total = _rows(small)
    if not bodies:
        return Recognised(document, "bodies", format_, (), total)
    _require_bodies(document.source, bodies)
    return Recognised(
        document, "bodies", format_, bodies, total, str(small.get("resulttruncated", "")).lower() == "true"
    )


def _small(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()}


def _whole(document: Document, small: Mapping[str, Any], data: dict[str, Any]) -> Recognised | None:
    """A template, a parameters file, a state or a plan."""
    schema = str(small.get("$schema", "")).lower()
    if "deploymentparameters.json" in schema:
        return Recognised(document, "parameters", NAMES["parameters"])
    if "deploymenttemplate.json" in schema or ("resources" in small and "contentversion" in small):
        return Recognised(document, "template", NAMES["template"])
    if isinstance(small.get("template"), dict) and "resources" in _small(small["template"]):
        inner = Document(document.source, document.text, small["template"], document.duplicates)
        return Recognised(inner, "template", NAMES["template"])
    if "planned_values" in data and "terraform_version" in data:
        return Recognised(document, "plan", NAMES["plan"])
    if "terraform_version" in data and isinstance(data.get("values", {}), dict) and "format_version" in data:
        return Recognised(document, "state", NAMES["state"])
    if data.get("version") == 4 and "lineage" in data and isinstance(data.get("resources"), list):
        return Recognised(document, "raw state", NAMES["raw state"])
    if isinstance(data.get("version"), int) and "lineage" in data:
        raise Refused("E02", document.source, "a Terraform state of an old version: run `terraform show -json`")
    return None


def _bodies(source: str, data: Any) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """The bodies of a value that may be a list, a page, a wrapper or a body, and the name of its format."""
    if isinstance(data, list):
        return tuple(_elements(source, data)), _format_of(data)
    if not isinstance(data, dict):
        raise Refused(
            "E02", source, f"nothing that import knows; it begins with `{_visible_start(str(data))}`. Known: {KNOWN}"
        )
    small = _small(data)
    predicted, changes = small.get("predictedresources"), _changes(small)
    if isinstance(predicted, list):
        return tuple(_elements(source, predicted)), "Bicep snapshot"
    if changes is not None:
        return tuple(_elements(source, changes)), "what-if"
    if "id" in small or "resourceid" in small or isinstance(small.get("properties"), dict):
        return (data,), _format_of([data])
    if isinstance(small.get("value"), list):
        return tuple(_elements(source, small["value"])), _format_of(small["value"])
    if isinstance(small.get("data"), (list, dict)):
        return tuple(_elements(source, _graph_rows(small["data"]))), "Resource Graph"
    wrapped = [item for value in data.values() for item in (value if isinstance(value, list) else [value])]
    if wrapped and len(data) <= 8 and all(isinstance(i, dict) and ids.parsed(_small(i).get("id")) for i in wrapped):
        return tuple(wrapped), "az"
    return (data,), _format_of([data])


def _elements(source: str, items: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The mappings of a list; lists and pages in it are opened."""
    found: list[Mapping[str, Any]] = []
    for item in items:
        if isinstance(item, (list, dict)) and item:
            found += _bodies(source, item)[0]
        elif item not in (None, [], {}):
            raise Refused("E05", source, "a list without objects: made by --query? Collect it again without --query")
    return found


def _changes(small: Mapping[str, Any]) -> list[Any] | None:
    """The states after a deployment, of a what-if answer."""
    inner = small.get("properties")
    changes = small.get("changes", _small(inner).get("changes") if isinstance(inner, dict) else None)
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        return None
    kept = (_small(change) for change in changes)
    found = [c.get("after") or c.get("before") for c in kept if str(c.get("changetype", "")).lower() != "delete"]
    return [body for body in found if body]


def _graph_rows(data: Any) -> list[Any]:
    """The rows of an answer of Resource Graph, also of its table format."""
    if isinstance(data, list):
        return data
    small = _small(data)
    columns, rows = small.get("columns"), small.get("rows")
    if not (isinstance(columns, list) and isinstance(rows, list)):
        return [data]
    names = [str(_small(column).get("name", "")) if isinstance(column, dict) else str(column) for column in columns]
    return [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]


def _rows(small: Mapping[str, Any]) -> int:
    total = small.get("total_records", small.get("totalrecords", 0))
    return total if isinstance(total, int) and "data" in small else 0


def _format_of(items: Iterable[Any]) -> str:
    """Of bodies: REST's are nested, those of az mostly flattened."""
    nested = any(isinstance(item, dict) and isinstance(_small(item).get("properties"), dict) for item in items)
    return "REST" if nested else "az"


# --- not descriptions -------------------------------------------------------------------------------------------------

_ANSWERS = (
    ("effective routes", {"addressprefix", "nexthoptype", "state"}),
    ("learned or advertised routes", {"aspath"}),
    ("BGP peer status", {"neighbor", "state"}),
    ("an ARP table", {"ipaddress", "macaddress", "interface"}),
    ("effective network security groups", {"effectivesecurityrules"}),
    ("a topology", {"associations"}),
)
_INSTEAD = "What to run instead: `az graph query`, see `netlab import --commands`"


def _require_bodies(source: str, bodies: tuple[Mapping[str, Any], ...]) -> None:
    """Refused where an object is no resource body."""
    small = [_small(body) for body in bodies]
    for body in small:
        _require_description(source, body)
    without = [body for body in small if not _identified(body)]
    if without:
        raise _projected(source, without)
    if all(set(body) <= _GENERIC and not body.get("properties") for body in small):
        raise Refused(
            "E05", source, "`az resource list` has no properties: use az graph query. See `netlab import --commands`"
        )


def _require_description(source: str, body: Mapping[str, Any]) -> None:
    if "interactions" in body and "version" in body:
        raise Refused("E06", source, "that is a recording of requests, not a description of a network")
    topology = isinstance(body.get("resources"), list) and any(
        isinstance(item, dict) and "associations" in _small(item) for item in body["resources"]
    )
    if "id" not in body or topology:
        for what, keys in _ANSWERS:
            if keys <= set(body) or (topology and what == "a topology"):
                raise Refused(
                    "E06", source, f"that is {what}: an answer about a network, not its description. {_INSTEAD}"
                )
    found = ids.parsed(body.get("id"))
    of_type = found.type if found is not None else str(body.get("type", ""))
    if of_type.lower() == "microsoft.resources/deployments":
        inner = body.get("properties")
        small = _small(inner) if isinstance(inner, dict) else body
        if small.keys() & {"outputresources", "dependencies"}:
            name = str(body.get("name", "")) or (found.name if found is not None else "")
            raise Refused(
                "E06",
                source,
                f"that is the result of a deployment, {name}: an answer about a network, not its description. What to "
                "run instead: `az group export -g RG --skip-all-params` or `az graph query`, see "
                "`netlab import --commands`",
            )


def _identified(body: Mapping[str, Any]) -> bool:
    if ids.parsed(body.get("id", body.get("resourceid"))) is not None:
        return True
    return "/" in str(body.get("type", body.get("resourcetype", ""))) and bool(body.get("name"))


def _projected(source: str, bodies: list[dict[str, Any]]) -> Refused:
    typed = all("type" in body or "id" in body for body in bodies)
    what = "id" if typed else "id and type"
    return Refused("E05", source, f"objects without {what}: made by --query? Collect it again without --query")
