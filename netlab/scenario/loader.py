"""Loads a scenario from a file or a text: a checked Scenario, or all its mistakes, each with its line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from netlab import files
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.scenario import rules, salvage
from netlab.scenario.document import Document, Place, read, refusal
from netlab.scenario.models import NAME, Model, Scenario
from netlab.scenario.names import nearest, short, suggest
from netlab.scenario.unmodelled import unmodelled

MAX_BYTES = 1024 * 1024
# A key and its value without a space between: to YAML one text.
TIGHT = re.compile(r"[\w-]+:\S")
SUFFIXES = (".yaml", ".yml")
SECRET = "shared_key"
NAMES = {
    NAME: "a name has letters, digits and dashes, and begins with a letter",
    r"^[a-z][a-z0-9-]*$": "a lab's name has small letters, digits and dashes, and begins with a letter",
    r"^[^\x00-\x1f]+$": "a step's name is one line without control characters",
}


@dataclass(frozen=True)
class Loaded:
    """A scenario without errors, its text, the name of its file, its warnings, and the line of each of its keys."""

    scenario: Scenario
    text: str
    where: str
    warnings: tuple[Finding, ...]
    document: Document


def load(reference: str) -> Loaded:
    """The scenario of a file, or of the catalogue where the reference is a bare name."""
    known = {} if "/" in reference or reference.endswith(SUFFIXES) else catalogue()
    path = known.get(reference, Path(reference))
    return parse(_text(path, reference, known), str(path))


def parse(text: str, where: str) -> Loaded:
    """The scenario that a text describes; ``where`` is the file's name for messages."""
    document = read(text, where)
    if not isinstance(document.data, dict):
        content = "the file is empty" if document.data is None else f"the file holds {short(document.data)}"
        raise refusal(where, 1, f"{content}; a scenario is a mapping that begins with `name`")
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        shape = error.errors(include_url=False)
        broken = tuple(_of_model(item, document, where) for item in shape)
        others = salvage.breaches(document.data, (item["loc"] for item in shape))
        found = (*broken, *(_of_rule(breach, document, where) for breach in others))
        raise invalid(where, found, "`netlab schema` prints all keys of a scenario file") from None
    found = _in_order(_of_rule(breach, document, where) for breach in rules.check(scenario))
    if any(finding.severity == "error" for finding in found):
        raise invalid(where, found)
    return Loaded(scenario, text, where, found, document)


def located(loaded: Loaded, breaches: Iterable[rules.Breach]) -> Iterator[Finding]:
    """Further breaches of a scenario, each with its line."""
    return (_of_rule(breach, loaded.document, loaded.where) for breach in breaches)


def catalogue() -> dict[str, Path]:
    """The scenario files that come with netlab, by name: a wheel's, or the checkout's."""
    package = Path(__file__).resolve().parents[1]
    folders = (package / "scenarios", package.parent / "scenarios")
    folder = next(filter(Path.is_dir, folders), package)
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()}


def _text(path: Path, reference: str, known: Mapping[str, Path]) -> str:
    try:
        # The catalogue is netlab's own: the user need not be able to read it.
        data = path.read_bytes() if reference in known else files.read(path, MAX_BYTES)
    except FileNotFoundError:
        raise _unknown(reference, known) from None
    except IsADirectoryError:
        raise UsageError(f"{short(reference)} is a directory", "name one scenario file in it") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {short(reference)}: {why}", "name a readable scenario file") from None
    return decoded(data, str(path))


def decoded(data: bytes, where: str) -> str:
    """The text of a scenario, which is not larger than ``MAX_BYTES``; ``where`` is the file's name for messages."""
    if len(data) > MAX_BYTES:
        raise refusal(where, 1, f"larger than {MAX_BYTES} bytes; a scenario has a few thousand")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(where, line, f"byte 0x{data[error.start]:02x} is not UTF-8 text") from None


def _unknown(reference: str, known: Mapping[str, Path]) -> UsageError:
    if not known:
        return UsageError(f"there is no file {short(reference)}", "`netlab list` shows the scenarios that have a name")
    beside = next((reference + suffix for suffix in SUFFIXES if os.path.isfile(reference + suffix)), None)
    if beside is not None:
        return UsageError(f"there is no scenario {short(reference)}", f"did you mean the file {short(beside)}?")
    return UsageError(
        f"there is no scenario and no file {short(reference)}; {suggest(reference, known)}",
        "`netlab list` shows all of them",
    )


def invalid(where: str, findings: tuple[Finding, ...], hint: str = "") -> ScenarioError:
    """What refuses a file with these findings, in the order of their lines."""
    errors = sum(finding.severity == "error" for finding in findings)
    return ScenarioError(f"{where}: {errors} error{'s' if errors > 1 else ''}", _in_order(findings), hint)


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as a reader meets them, line by line."""
    return tuple(sorted(findings, key=lambda finding: finding.line))


def _of_rule(breach: rules.Breach, document: Document, where: str) -> Finding:
    message = f"{_shown(breach.path, breach.path, document)}: {breach.message}" if breach.path else breach.message
    return Finding(message, breach.rule, where, document.line(breach.path), breach.severity)


def _of_model(error: ErrorDetails, document: Document, where: str) -> Finding:
    """A finding in the words of the file for one of pydantic's in the words of Python."""
    place: Place = error["loc"][:-1] if error["loc"][-1:] == ("[key]",) else error["loc"]
    written = document.known(place)
    message = f"{_shown(written, place, document)}: {_complaint(error, place)}" if written else _complaint(error, place)
    return Finding(message, where=where, line=document.line(place))


def _shown(written: Place, place: Place, document: Document) -> str:
    """A place, with the name of Azure's resource where the scenario has another one for it."""
    azure = document.azure_name(place)
    return f"{_dotted(written)} (Azure: {azure})" if azure else _dotted(written)


def _complaint(error: ErrorDetails, place: Place) -> str:
    context = error.get("ctx", {})
    value = "the key" if SECRET in place else short(error["input"])
    match error["type"]:
        case "missing":
            return f"`{place[-1]}` is missing"
        case "extra_forbidden":
            return _unknown_key(str(place[-1]), _model_at(place[:-1]))
        case "literal_error":
            azures = unmodelled(error["input"]) if isinstance(error["input"], str) else None
            return azures.sentence if azures is not None else f"{value} is not one of {context['expected']}"
        case "string_pattern_mismatch":
            return f"{value} does not fit: {NAMES[context['pattern']]}"
        case "string_too_long":
            return f"{value} is longer than {context['max_length']} characters"
        case "string_type":
            return f"{value} is not text; text that looks like something else needs quotes"
        case "tuple_type" if str(error["input"]).startswith("-"):
            return "a space is missing after `-`"
        case "tuple_type":
            return f"{value} is not a list; write [one, another]"
        case "dict_type" | "model_type" if TIGHT.match(str(error["input"])):
            return "a space is missing after `:`"
        case "model_type":
            return f"{value} is not a mapping; write `{_example(error['input'], place)}`"
        case "dict_type":
            return f"{value} is not a mapping; write `key: value`"
        case "too_short":
            return f"needs at least {context['min_length']} items and has {context['actual_length']}"
        case "too_long":
            return f"has room for {context['max_length']} items, and more are written"
        case "value_error" if isinstance(error["input"], dict):
            return str(context["error"])
        case "value_error":
            return f"{value}: {context['error']}"
        case _:
            return f"{value}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _example(value: object, place: Place) -> str:
    """A mapping with the keys that a place needs, of an action the one that was written."""
    fields = _model_at(place).model_fields
    needed = [name for name, field in fields.items() if field.is_required()] or [
        name for name in fields if name == value
    ]
    mapping = f"{{{', '.join(f'{name}: …' for name in needed or ['key'])}}}"
    return mapping if isinstance(place[-1], int) else f"{place[-1]}: {mapping}"


def _unknown_key(key: str, model: type[Model]) -> str:
    azures = unmodelled(key)
    if azures is not None:
        return azures.sentence
    if TIGHT.match(key) and key.partition(":")[0] in model.model_fields:
        return "a space is missing after `:`"
    near = nearest(key, model.model_fields)
    guess = f"did you mean `{near}`? " if near else ""
    return f"unknown key; {guess}allowed here: {', '.join(model.model_fields)}"


def _model_at(place: Place) -> type[Model]:
    """The model that a place in a file is an instance of."""
    kind: Any = Scenario
    for part in place:
        inside = get_args(kind)
        step = kind.model_fields[part].annotation if not inside else inside[1 if get_origin(kind) is dict else 0]
        kind = _bare(step)
    model: type[Model] = kind
    return model


def _bare(kind: Any) -> Any:
    """A type without ``Annotated`` and ``| None``."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = get_args(kind)[0]
    return kind


def _dotted(place: Place) -> str:
    """A place as `vnets.VNet1.address_space[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{short(part).strip('`')}" for part in place)
    return "".join(parts).lstrip(".")
