"""The configuration in a plan: which resources an attribute refers to that is known only after apply (11.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.imports.terraform.instances import module_of

_DEEPEST = 30


class Configuration:
    """The resources and the modules of a plan's configuration, by their address without keys."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._resources: dict[str, Mapping[str, Any]] = {}
        self._calls: dict[str, Mapping[str, Any]] = {}
        root = data.get("configuration")
        self._read(root.get("root_module") if isinstance(root, Mapping) else None, "")

    def _read(self, module: Any, path: str) -> None:
        if not isinstance(module, Mapping):
            return
        for item in module.get("resources") or []:
            if isinstance(item, Mapping) and isinstance(item.get("address"), str):
                self._resources[f"{path}.{item['address']}".lstrip(".")] = item
        for name, call in (module.get("module_calls") or {}).items():
            if isinstance(call, Mapping):
                inner = f"{path}.module.{name}".lstrip(".")
                self._calls[inner] = call
                self._read(call.get("module"), inner)

    def referred(self, resource: str, path: tuple[str | int, ...]) -> list[str]:
        """The references of resources that an attribute has, with their attributes; the longest first."""
        item = self._resources.get(resource)
        if item is None:
            return []
        found = _inside(item.get("expressions"), path)
        return list(dict.fromkeys(self._followed(_references(found), module_of(resource), item, 0)))

    def sets(self, resource: str, path: tuple[str | int, ...]) -> bool:
        """Whether the configuration says anything of an attribute."""
        item = self._resources.get(resource)
        return item is not None and bool(_inside(item.get("expressions"), path))

    def everything(self) -> Iterator[str]:
        """Every reference of a resource that anything has."""
        for address, item in self._resources.items():
            yield from self._followed(_references(item.get("expressions")), module_of(address), item, 0)
        for path, call in self._calls.items():
            yield from self._followed(
                _references(call.get("expressions")), module_of(path.rpartition(".module.")[0]), {}, 0
            )

    def _followed(self, references: list[str], module: str, item: Mapping[str, Any], depth: int) -> Iterator[str]:
        """References of resources; through variables, outputs and loops to what they stand for."""
        if depth > _DEEPEST:
            return
        for reference in sorted(dict.fromkeys(references), key=len, reverse=True):
            parts = _split(reference)
            if parts[0] == "var" and len(parts) > 1:
                call = self._calls.get(module)
                inner = _inside(call.get("expressions"), (parts[1],)) if call is not None else None
                yield from self._followed(_references(inner), _above(module), {}, depth + 1)
            elif parts[0] == "module" and len(parts) > 2:
                inner_path = f"{module}.module.{parts[1]}".lstrip(".")
                yield from self._output(inner_path, parts[2], depth)
            elif parts[0] in ("each", "count"):
                loop = item.get("for_each_expression", item.get("count_expression"))
                yield from self._followed(_references(loop), module, {}, depth + 1)
            elif parts[0] not in ("local", "path", "terraform", "self", "module", "var"):
                yield f"{module}.{reference}".lstrip(".")

    def _output(self, module: str, name: str, depth: int) -> Iterator[str]:
        call = self._calls.get(module)
        inner = call.get("module") if call is not None else None
        outputs = inner.get("outputs") if isinstance(inner, Mapping) else None
        output = outputs.get(name) if isinstance(outputs, Mapping) else None
        if isinstance(output, Mapping):
            yield from self._followed(_references(output.get("expression")), module, {}, depth + 1)


def _above(module: str) -> str:
    return module.rpartition("module.")[0].rstrip(".")


def _split(reference: str) -> list[str]:
    return reference.replace("[", ".").replace("]", "").split(".")


def _inside(value: Any, path: tuple[str | int, ...]) -> Any:
    """The expression of an attribute; of a block that is there once for several the one that is there.

    A list of blocks that an expression makes has one expression for all that is in it.
    """
    for part in path:
        if isinstance(value, Mapping) and isinstance(value.get("references"), list):
            return value
        if isinstance(part, int):
            value = (value[part] if part < len(value) else value[-1]) if isinstance(value, list) and value else value
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _references(value: Any) -> list[str]:
    """All references of an expression, also of those inside of blocks."""
    if isinstance(value, Mapping):
        own = value.get("references")
        if isinstance(own, list):
            return [item for item in own if isinstance(item, str)]
        return [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []
