"""All files of an import -> resources: bodies as they stand, templates evaluated, states and plans translated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netlab.imports import bodies, reading, templates
from netlab.imports.bodies import Resource
from netlab.imports.notes import Notes
from netlab.imports.options import Options
from netlab.imports.reading import Refused
from netlab.imports.recognition import Recognised, recognised
from netlab.imports.terraform.resources import translated


@dataclass
class Gathered:
    """What the files hold."""

    resources: list[Resource] = field(default_factory=list)
    inputs: list[tuple[str, str, int]] = field(default_factory=list)
    off: tuple[str, ...] = ()
    """Resources that a condition turns off."""
    used: set[str] = field(default_factory=set)
    """Keys of resources that something refers to in a way that the bodies do not show."""
    deciding: tuple[str, ...] = ()
    """The parameters of templates that turn resources off."""
    lying_beside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters files that lie beside a template and were not given, by the template."""


def gathered(
    paths: list[tuple[str, Path]], options: Options, notes: Notes, given: Sequence[str], stdin: bytes
) -> Gathered:
    """The resources of all files; what cannot be read is noted as an error."""
    found = Gathered()
    known: list[Recognised] = []
    for source, path in sorted(paths):
        try:
            document = reading.parsed(source, stdin) if source in reading.IN_MEMORY else reading.document(source, path)
            known.append(recognised(document))
            for key in document.duplicates:
                notes.warn(source, f"the key {key[:40]} is there twice: the last one counts")
        except Refused as refused:
            notes.errors.setdefault(refused.finding)
    if notes.errors:
        return found
    _require_all_rows(known, notes)
    for item in known:
        if item.kind == "bodies":
            _bodies(item, found)
    _templates(known, options, notes, found, given)
    for item in known:
        if item.kind in ("plan", "state", "raw state"):
            made = translated(item.document, item.kind, options.values, notes)
            found.resources += made.resources
            found.used |= made.used
            found.inputs.append((item.document.source, item.format, made.count))
    return found


def _templates(known: list[Recognised], options: Options, notes: Notes, found: Gathered, given: Sequence[str]) -> None:
    others = [body for item in known for body in item.bodies]
    resources, made = templates.evaluated(known, others, options, notes, given)
    found.resources += resources
    found.off = tuple(f"{type_} {name}" for type_, name in made.off)
    found.deciding = made.deciding
    counts = templates.counts(made)
    files = split_files(options)
    for item in known:
        source = item.document.source
        if item.kind == "template":
            found.inputs.append((source, item.format, counts.get(source, 0)))
            found.lying_beside[source] = tuple(n for n in templates.beside(source) if not _given(n, known, files))
        elif item.kind == "parameters":
            found.inputs.append((source, item.format, 0))
    found.inputs += [(path, "ARM template, linked", counts.get(path, 0)) for path in made.linked if path in counts]


def split_files(options: Options) -> list[str]:
    """The parameters files of the options."""
    return templates.split(options.parameters)[1]


def _given(name: str, known: list[Recognised], files: list[str]) -> bool:
    return any(Path(path).name == name for path in (*files, *(item.document.source for item in known)))


def _bodies(item: Recognised, found: Gathered) -> None:
    source = item.document.source
    made = [bodies.resource(body, source) for body in item.bodies]
    kept = [each for each in made if each is not None]
    found.resources += kept
    found.inputs.append((source, item.format, len({each.key for each in kept})))


def _require_all_rows(known: list[Recognised], notes: Notes) -> None:
    """E07: the pages of an answer of Resource Graph hold all of its rows."""
    pages = [item for item in known if item.format == "Resource Graph"]
    total, rows = max((item.total for item in pages), default=0), sum(len(item.bodies) for item in pages)
    if rows < total or (not total and any(item.truncated for item in pages)):
        first = pages[0].document.source
        notes.fail(
            "E07", first,
            f"{first} holds {rows} of {total or 'more'} rows: fetch the rest with `az graph query … --skip-token "
            "\"$(jq -r .skip_token FILE)\"` and give all files",
        )  # fmt: skip
