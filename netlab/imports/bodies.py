"""Resource bodies in one form: small keys, without `properties`, without empty values; and their ids.

A body may be nested or flattened, in any case of letters (N1, N2, N4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from netlab.imports import ids, secrets
from netlab.imports.ids import ResourceId
from netlab.imports.runtime import Unknown
from netlab.imports.secrets import SECRET

Body = dict[str, Any]
_SYNONYMS = {
    "resourceid": "id",
    "resourcetype": "type",
    "remotevirtualnetworkaddressspace": "remoteaddressspace",
}
# Nothing that the mapping reads stands there, and keys of tags are no keys of bodies.
_SKIPPED = {"tags", "systemdata", "identity"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the input; ``kind`` is its type as the report counts it: ARM's, or Terraform's."""

    id: ResourceId
    kind: str
    properties: Body
    source: str
    location: str = ""
    address: str = ""
    """Of Terraform: where it stands in the state or plan."""
    existing: bool = False
    """Whether it is only referred to: a data source."""

    @property
    def key(self) -> str:
        return self.id.key

    @property
    def type(self) -> str:
        return self.id.type.lower()

    @property
    def name(self) -> str:
        return self.id.name

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"{self.kind} {self.address or '/'.join(self.id.names)}"

    def get(self, *path: str) -> Any:
        """A property by the path of its keys, in small letters; None where it is not there."""
        return dig(self.properties, *path)

    def with_properties(self, properties: Body) -> Resource:
        return replace(self, properties=properties)


def dig(value: Any, *path: str) -> Any:
    """A value inside of mappings, by its keys."""
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def entries(value: Any) -> list[Body]:
    """The mappings of a list; a mapping alone is a list of one."""
    if isinstance(value, Mapping):
        return [dict(value)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, (list, tuple)) else []


def text(value: Any) -> str:
    """A value where it is a text; empty for all else."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []


def reference(value: Any) -> str:
    """The key of the id that a value or its `id` is; empty where there is none."""
    return ids.key(value.get("id") if isinstance(value, Mapping) else value)


def resource(body: Mapping[str, Any], source: str, *, address: str = "", kind: str = "") -> Resource | None:
    """The resource that a body describes; None where it says neither id nor type and name."""
    made = folded(body)
    found = ids.parsed(made.pop("id", None))
    type_, name = made.pop("type", ""), made.pop("name", "")
    if found is None:
        if not (isinstance(type_, str) and isinstance(name, str) and "/" in type_ and name):
            return None
        found = ResourceId(
            str(made.get("subscriptionid", "")), str(made.get("resourcegroup", "")), ids.spelled(type_),
            tuple(name.split("/")),
        )  # fmt: skip
        if len(found.names) != found.type.count("/"):
            return None
    if isinstance(type_, str) and type_ and "/" not in type_:
        made["type"] = type_  # a property: a NAT rule is Static or Dynamic
    location = text(made.pop("location", ""))
    return Resource(found, kind or found.type, made, source, location, address)


def folded(value: Mapping[str, Any]) -> Body:
    """A mapping in small keys, `properties` lifted at every level, nothing empty."""
    found: Body = {}
    inner: Mapping[str, Any] = {}
    for key, item in value.items():
        low = str(key).lower()
        if low == "properties" and isinstance(item, Mapping):
            inner = item
        elif low in secrets.KEYS and isinstance(item, Unknown):
            continue
        elif low not in _SKIPPED:
            low = _SYNONYMS.get(low, low)
            made = SECRET if low in secrets.KEYS and not _empty(item) else _folded(item)
            if not _empty(made) and low not in found:
                found[low] = made
    if inner:
        found |= folded(inner)
    return found


def _folded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return folded(value)
    if isinstance(value, (list, tuple)):
        return [made for made in map(_folded, value) if not _empty(made)]
    return value


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping and no list, with the path of its keys."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value
