"""The instances of resources in a state or a plan, with their values; what is sensitive is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlab.imports.bodies import text
from netlab.imports.secrets import is_secret

_INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a resource: where it stands, what is set, and what is known only after apply."""

    address: str
    type: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any] = field(default_factory=dict)
    existing: bool = False
    """A data source, or a resource that only the state before the plan has."""

    @property
    def plain(self) -> str:
        """The address without the keys of count and for_each: as the configuration has it."""
        return _INDEX.sub("", self.address)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of count and for_each, of modules first."""
        return tuple(_INDEX.findall(self.address))


def module_of(address: str) -> str:
    """The module of an address of the configuration."""
    parts = address.split(".")
    depth = 0
    while depth + 1 < len(parts) and parts[depth] == "module":
        depth += 2
    return ".".join(parts[:depth])


def secret_paths(value: Any, path: str = "") -> Iterator[str]:
    """The paths of the secrets that have a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if is_secret(str(key)):
                if item not in (None, "", [], {}):
                    yield f"{path}.{key}".lstrip(".")
            else:
                yield from secret_paths(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from secret_paths(item, path)


# --- states -----------------------------------------------------------------------------------------------------------


def of_state(data: Mapping[str, Any]) -> Iterator[Instance]:
    """The instances of `terraform show -json` of a state."""
    values = data.get("values")
    root = values.get("root_module") if isinstance(values, Mapping) else None
    yield from _of_module(root, False)


def _of_module(module: Any, existing: bool) -> Iterator[Instance]:
    if not isinstance(module, Mapping):
        return
    for item in _mappings(module.get("resources")):
        values = item.get("values")
        if isinstance(values, Mapping):
            shown = _visible(values, item.get("sensitive_values")) or {}
            data_source = item.get("mode") == "data"
            yield Instance(text(item.get("address")), text(item.get("type")), shown, {}, existing or data_source)
    for child in _mappings(module.get("child_modules")):
        yield from _of_module(child, existing)


def of_raw_state(data: Mapping[str, Any]) -> Iterator[Instance]:
    """The instances of a state file of version 4."""
    for item in _mappings(data.get("resources")):
        type_ = text(item.get("type"))
        data_source = item.get("mode") == "data"
        prefix = f"{text(item.get('module'))}." if item.get("module") else ""
        base = f"{prefix}{'data.' if data_source else ''}{type_}.{text(item.get('name'))}"
        for each in _mappings(item.get("instances")):
            values = each.get("attributes")
            if "deposed" in each or not isinstance(values, Mapping):
                continue
            mask = dict.fromkeys(_sensitive(each.get("sensitive_attributes")), True)
            shown = _visible(values, mask) or {}
            yield Instance(f"{base}{_key(each.get('index_key'))}", type_, shown, {}, data_source)


def _sensitive(paths: Any) -> Iterator[str]:
    for path in paths if isinstance(paths, list) else ():
        first = path[0] if isinstance(path, list) and path else None
        if isinstance(first, Mapping) and isinstance(first.get("value"), str):
            yield first["value"]


def _key(index: Any) -> str:
    if index is None:
        return ""
    return f"[{index}]" if isinstance(index, int) else f'["{index}"]'


# --- plans ------------------------------------------------------------------------------------------------------------


def of_plan(data: Mapping[str, Any]) -> Iterator[Instance]:
    """The instances that are there after a plan, and those that are there already and that it does not touch."""
    seen = set()
    for item in _mappings(data.get("resource_changes")):
        change = item.get("change")
        address = text(item.get("address"))
        if not isinstance(change, Mapping) or "deposed" in item:
            continue
        seen.add(address)
        after = change.get("after")
        if change.get("actions") == ["delete"] or not isinstance(after, Mapping):
            continue
        unknown = change.get("after_unknown")
        yield Instance(
            address,
            text(item.get("type")),
            _visible(after, change.get("after_sensitive")) or {},
            unknown if isinstance(unknown, Mapping) else {},
            item.get("mode") == "data",
        )
    planned = data.get("planned_values")
    root = planned.get("root_module") if isinstance(planned, Mapping) else None
    for each in _of_module(root, False):
        if each.address not in seen:
            seen.add(each.address)
            yield each
    before = data.get("prior_state")
    values = before.get("values") if isinstance(before, Mapping) else None
    for each in _of_module(values.get("root_module") if isinstance(values, Mapping) else None, True):
        if each.address not in seen:
            yield each


def _visible(values: Any, mask: Any) -> Any:
    """Values without those that the mask marks as sensitive."""
    if mask is True:
        return None
    if isinstance(values, Mapping) and isinstance(mask, Mapping):
        return {key: _visible(item, mask.get(key)) for key, item in values.items()}
    if isinstance(values, list) and isinstance(mask, list):
        return [_visible(item, mask[i] if i < len(mask) else None) for i, item in enumerate(values)]
    return values


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
