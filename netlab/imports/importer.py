"""Descriptions -> a scenario: read, recognise, normalise, join, map, write; and a report of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netlab.errors import Finding
from netlab.imports import header, inventory, reading, stubs, writing
from netlab.imports.bodies import Resource, leaves
from netlab.imports.gathering import Gathered, gathered
from netlab.imports.mapping import everything
from netlab.imports.mapping.job import Job
from netlab.imports.names import lab
from netlab.imports.notes import Notes
from netlab.imports.options import Options
from netlab.imports.refusals import no_network, unknown_options, without_values
from netlab.imports.secrets import SECRET
from netlab.results.importing import ImportReport, Input


@dataclass(frozen=True, slots=True)
class Outcome:
    """The text of a scenario, or none where the import is refused; and the report."""

    text: str
    report: ImportReport


def imported(given: Sequence[str], options: Options, stdin: bytes = b"") -> Outcome:
    """The scenario that files describe."""
    notes = Notes()
    found = gathered(reading.paths(tuple(given)), options, notes, given, stdin)
    if not found.inputs:
        return _refused(notes, found)
    job = _mapped(found, options, notes)
    refusals = (*without_values(job, found), *no_network(job, found))
    for finding in refusals:
        notes.errors.setdefault(finding)
    unknown_options(job)
    if notes.errors:
        return _refused(notes, found)
    _name(job, given, options)
    text = writing.written(job.draft, header.lines(job, _source(given), len(found.off)))
    return Outcome(text, _report(notes, found, "imported", 0))


def _mapped(found: Gathered, options: Options, notes: Notes) -> Job:
    resources = []
    for item in found.resources:
        _count_secrets(notes, item)
        state = item.get("provisioningstate")
        if isinstance(state, str) and state.lower() in ("deleting", "failed"):
            notes.warn(item.name, f"its provisioning state is {state}: it is imported as it is")
        if options.takes(item.id.text, item.name):
            resources.append(item)
        else:
            notes.leave_out(item, "--only and --without leave it out")
    made = inventory.joined(resources, notes)
    if options.stubs:
        stubs.add(made)
    made.used |= found.used
    job = Job(made, notes, options)
    everything.add(job)
    return job


def _count_secrets(notes: Notes, item: Resource) -> None:
    for path, value in leaves(item.properties):
        if value is SECRET:
            notes.secrets[f"{item.kind}: {path}"] += 1


def _name(job: Job, given: Sequence[str], options: Options) -> None:
    """The name of the scenario: as asked, of the only resource group, or of the files."""
    groups = {item.id.group.lower(): item.id.group for item in job.inventory.by_key.values() if item.id.group}
    only = next(iter(groups.values())) if len(groups) == 1 else ""
    azure = options.name or only or min((_stem(path) for path in given), key=lambda name: (name.lower(), name))
    job.draft.name = lab(azure)
    job.draft.azure_name = azure if azure != job.draft.name and azure == only else ""


def _stem(path: str) -> str:
    if path in reading.IN_MEMORY:
        return "stdin" if path == reading.STANDARD_INPUT else "subscription"
    return Path(path).resolve().name.split(".")[0] or "network"


def _source(given: Sequence[str]) -> str:
    names = sorted(reading.IN_MEMORY.get(path) or Path(path).resolve().name for path in given)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _refused(notes: Notes, found: Gathered) -> Outcome:
    return Outcome("", _report(notes, found, "refused", 2))


def _report(notes: Notes, found: Gathered, result: Literal["imported", "refused"], exit_: int) -> ImportReport:
    findings = tuple(sorted(notes.errors, key=_place))
    return ImportReport(
        inputs=tuple(Input(path, format_, count) for path, format_, count in found.inputs),
        imported=notes.count("imported"),
        approximated=tuple(notes.approximated),
        invented=tuple(notes.invented),
        left_out=tuple(notes.left_out.values()),
        unresolved=notes.unresolved,
        not_modelled=notes.count("not modelled"),
        format_dependent=notes.count("format"),
        containers=notes.count("container"),
        properties=_sorted(notes.properties),
        substituted=tuple(notes.substituted),
        renamed=dict(sorted(notes.renamed.items())),
        warnings=tuple(notes.warnings),
        secrets=_sorted(notes.secrets),
        off=found.off,
        findings=findings,
        result=result,
        exit=exit_,
    )


def _place(finding: Finding) -> tuple[str, int, str, str]:
    return finding.where, finding.line, finding.rule, finding.message


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
