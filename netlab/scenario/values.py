"""The plain values of a scenario file: names, prefixes, addresses, quantities; and the base of all its objects."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from ipaddress import IPv4Address, IPv4Network, IPv6Interface
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from netlab.scenario import descriptions
from netlab.scenario.unmodelled import IPV6

# Differs from Azure: Azure's resource names may have '_', '.' and up to 64 or 80 characters. Here a name becomes a part
# of the names of namespaces, of interfaces and of UNIX sockets (107 bytes).
NAME = r"^[A-Za-z][A-Za-z0-9-]*$"
LAB_NAME = r"^[a-z][a-z0-9-]*$"
LONGEST_LAB_NAME = 40
Name = Annotated[str, Field(pattern=NAME, max_length=32)]
ConnectionName = Annotated[str, Field(pattern=NAME, max_length=64)]
LabName = Annotated[str, Field(pattern=LAB_NAME, max_length=LONGEST_LAB_NAME)]


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("not an IPv4 prefix; write it as 10.1.0.0/16")
    try:
        return IPv4Network(value)
    except ValueError:
        pass
    try:
        masked = IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError(_of_ipv6(value) or "not an IPv4 prefix; write it as 10.1.0.0/16") from None
    raise ValueError(f"has host bits set; did you mean {masked}?")


def _address(value: object) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        if isinstance(value, str):
            return IPv4Address(value)
    except ValueError:
        pass
    raise ValueError(_of_ipv6(value) or "not an IPv4 address; write it as 10.1.0.4")


def _of_ipv6(value: object) -> str:
    """What a person reads who wrote an address or a prefix of IPv6; empty for everything else."""
    try:
        return IPV6.sentence if isinstance(value, str) and IPv6Interface(value) else ""
    except ValueError:
        return ""


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == len("2026-03-31"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("not a day; write it as 2026-03-31")


_DOTTED = r"(\d{1,3}\.){3}\d{1,3}"
Prefix = Annotated[
    IPv4Network,
    BeforeValidator(_network),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DOTTED}/\d{{1,2}}$", "examples": ["10.1.0.0/16"]}),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DOTTED}$", "examples": ["10.1.0.4"]}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Prefixes = Annotated[tuple[Prefix, ...], Field(min_length=1)]
Asn = Annotated[int, Field(ge=1, le=4294967295)]


class Model(BaseModel):
    """Base of all objects in a scenario file: an object cannot be changed, and an unknown key is an error.

    The text below a field is its description in the JSON Schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        written = handler(schema)
        found = handler.resolve_ref_schema(written)
        found["description"] = inspect.cleandoc(cls.__doc__ or "").replace("``", "`")
        for name, text in descriptions.of_fields(cls).items():
            found["properties"][name]["description"] = text
        return written

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; what was computed from the fields is computed anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


Of = TypeVar("Of")
Key = TypeVar("Key")
Result = TypeVar("Result")


def once(compute: Callable[[Of], Result]) -> Callable[[Of], Result]:
    """Compute a function's result once for each object, as a cached property would; objects do not change."""
    key = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def read(item: Of) -> Result:
        kept = item.__dict__
        if key not in kept:
            kept[key] = compute(item)
        result: Result = kept[key]
        return result

    return read


def once_each(compute: Callable[[Of, Key], Result]) -> Callable[[Of, Key], Result]:
    """The same for each object and each second argument, which is hashable."""

    place = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def read(item: Of, key: Key) -> Result:
        known: dict[Key, Result] = item.__dict__.setdefault(place, {})
        if key not in known:
            known[key] = compute(item, key)
        return known[key]

    return read


def shorthand(key: str, written: object) -> BeforeValidator:
    """Let ``name: value`` stand for ``name: {key: value}``; ``written`` is the type of both, for the JSON Schema."""
    return BeforeValidator(
        lambda value: value if isinstance(value, dict | Model) else {key: value}, json_schema_input_type=written
    )


def quantity(units: dict[str, float], example: str) -> BeforeValidator:
    """Read a number with a unit, as tc writes it; the result is in the unit whose factor is 1."""
    pattern = re.compile(rf"([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?)({'|'.join(map(re.escape, units))})")

    def read(value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"write a number with a unit, as {example}")
        return float(found[1]) * units[found[2]]

    return BeforeValidator(read)


def node_name(*parts: str) -> str:
    """The name of a node, made of Azure's names: lower case, joined by dashes."""
    return "-".join(parts).lower()


def is_lab_name(text: str) -> bool:
    """Whether the text can name a lab."""
    return len(text) <= LONGEST_LAB_NAME and re.fullmatch(LAB_NAME, text) is not None
