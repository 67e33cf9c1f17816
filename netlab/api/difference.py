"""What differs between two descriptions of a network: files, their revisions, imports, verifications."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from netlab import files
from netlab.api import importing, references, sweep
from netlab.api.importing import Options
from netlab.api.scenarios import remarks
from netlab.azure.difference import whole
from netlab.azure.prediction import predict
from netlab.azure.state import State
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.report import encoding
from netlab.results.difference import (
    PARTS,
    CellChange,
    CheckChange,
    Compared,
    Difference,
    FailureChange,
    Part,
    RedundancyDifference,
    Summary,
)
from netlab.results.protocols import Protocol
from netlab.results.sweep import Failed, LostPair
from netlab.results.verification import Report, StepReport
from netlab.scenario.document import read
from netlab.scenario.models import Scenario
from netlab.scenario.names import step_among, suggest

MOST_READ = 64 << 20
# What the device of a site sends into its tunnels: an import makes it of the VNets that it finds.
_ASSUMED = (("sites", "static_routes"),)


@dataclass(frozen=True, slots=True)
class _Read:
    """One of the two: a scenario, its sites as they are written, read when an import needs them, what `check` finds,
    and the verification that it is from."""

    compared: Compared
    scenario: Scenario
    sites: Callable[[], references.Sites]
    findings: tuple[Finding, ...] = ()
    report: Report | None = None


def difference(
    a: str,
    b: str,
    parts: Collection[Part] = PARTS,
    step: str = "",
    accepted: str = "",
    options: tuple[Options, Options] = (Options(), Options()),
    *,
    redundancy: bool = False,
) -> Difference:
    """What differs between two descriptions, in these parts; ``accepted`` is a list of changes that do not count.

    ``options`` are those of the import of each; with ``redundancy`` every single failure is predicted on both sides.
    """
    one, other = _with_one_premises((a, b), options)
    measured = None
    if one.report is not None and other.report is not None:
        measured = (one.report, _step_of(one.report, step)), (other.report, _step_of(other.report, step))
    assumed = _ASSUMED if "import" in (one.compared.kind, other.compared.kind) else ()
    found = whole.difference(_state(one, step), _state(other, step), parts, measured, assumed)
    checks = tuple(_checks(one.findings, other.findings, found.in_words)) if "checks" in parts else ()
    made = Difference(
        one.compared,
        other.compared,
        "observed" if measured else "predicted",
        step,
        found.objects,
        found.routes,
        found.cells,
        checks,
        Summary(0, 0, 0, 0, 0, 0, 0, found.unchanged),
    )
    made = _summed(_without_accepted(made, _accepted(accepted)))
    return _with_failures(made, _state(one, step), _state(other, step), found.names) if redundancy else made


def _with_failures(made: Difference, one: State, other: State, names: Mapping[str, str]) -> RedundancyDifference:
    """The same, and the failures that cost other pairs."""
    failures = tuple(_failures(sweep.predicted(one), sweep.predicted(other), names))
    return RedundancyDifference(
        *(made.a, made.b, made.compared, made.step, made.objects, made.routes, made.cells, made.checks, made.summary),
        failures=failures,
    )


def _failures(before: Iterable[Failed], after: Iterable[Failed], names: Mapping[str, str]) -> Iterator[FailureChange]:
    """The failures that cost other pairs; nodes of ``before`` by the names that they have after it."""
    one, other = ({failed.name: failed for failed in each} for each in (before, after))
    for name in dict.fromkeys((*one, *other)):
        was, now = one.get(name), other.get(name)
        pairs = {_renamed(pair, names): pair for pair in was.lost} if was is not None else {}
        lost = {(pair.source, pair.target, pair.protocols): pair for pair in (now.lost if now is not None else ())}
        new, gone = (tuple(a[key] for key in a if key not in b) for a, b in ((lost, pairs), (pairs, lost)))
        if (new or gone) and (some := now or was):
            yield FailureChange(_change(was, now), some.kind, name, new, gone)


def _change(was: Failed | None, now: Failed | None) -> Literal["added", "removed", "changed"]:
    if was is None or now is None:
        return "added" if was is None else "removed"
    return "changed"


def _renamed(pair: LostPair, names: Mapping[str, str]) -> tuple[str, str, tuple[Protocol, ...]]:
    return names.get(pair.source, pair.source), names.get(pair.target, pair.target), pair.protocols


# --- the two ----------------------------------------------------------------------------------------------------------


def _with_one_premises(references_: tuple[str, str], options: tuple[Options, Options]) -> tuple[_Read, _Read]:
    """Both, with the same sites: a template knows of a site what Azure is told, and a mistake in that moves no site.

    A scenario knows them. Of two imports each knows a part; where they contradict each other, the first one is right.
    """
    one, other = (_read(reference, given) for reference, given in zip(references_, options, strict=True))
    imported = [each.compared.kind == "import" for each in (one, other)]
    if not any(imported):
        return one, other
    before, after = one.sites(), other.sites()
    if not references.contradict(before, after):
        return one, other
    known = references.merged(before, after) if all(imported) else after if imported[0] else before
    first, second = (
        _read(reference, replace(given, known=known, told=all(imported)))
        for reference, given in zip(references_, options, strict=True)
    )
    return first, second


def _read(reference: str, options: Options) -> _Read:
    path = Path(reference)
    if references.is_revision(reference):
        if _is_import(path):
            return _imported("-", reference, options, references.revision(reference, MOST_READ))
    elif path.is_dir() or (_is_import(path) and not _is_report(path)):
        return _imported(reference, reference, options)
    elif path.suffix == ".json":
        return _verification(reference)
    loaded = references.scenario(reference)
    found, sites = (*loaded.warnings, *remarks(loaded)), partial(references.sites, loaded.text, reference)
    return _Read(Compared(reference, "scenario"), loaded.scenario, sites, found)


def _is_import(path: Path) -> bool:
    return path.suffix in (".json", ".tfstate")


def _is_report(path: Path) -> bool:
    """Whether a file is what `verify -f json` printed: its first keys are a lab and a scenario."""
    try:
        start = files.read(path, 400)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)[:200]}: {error.strerror}", "name a readable file") from None
    return re.match(rb'\s*\{\s*"lab":\s*"[^"]*",\s*"scenario":', start) is not None


def _imported(path: str, reference: str, options: Options, content: bytes = b"") -> _Read:
    """The scenario that another description makes, whatever rules it breaks: `check` says so on its side."""
    outcome = importing.run([path], options, reference, False, content)
    if not outcome.text:
        raise ScenarioError(f"{reference[:200]} cannot be imported", outcome.report.findings)
    data = read(outcome.text, reference).data
    scenario = Scenario.model_validate(data)
    return _Read(Compared(reference, "import"), scenario, lambda: data.get("sites") or {}, outcome.report.findings)


def _verification(reference: str) -> _Read:
    try:
        content = files.read(Path(reference), MOST_READ)
        report = encoding.read(content.decode(), reference)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"cannot read {reference[:200]}: {why}", "name a readable file") from None
    try:
        scenario = Scenario.model_validate(dict(report.definition))
    except ValidationError:
        raise UsageError(f"{reference[:200]} holds no scenario that this version reads", "verify it again") from None
    definition = dict(report.definition)
    return _Read(Compared(reference, "verification"), scenario, lambda: definition.get("sites") or {}, (), report)


def _state(read: _Read, step: str) -> State:
    """The state after a step of the story; without one after the first."""
    steps = list(predict(read.scenario))
    chosen = step_among(steps, step)
    if chosen is None:
        names = [item.name for item in steps]
        raise UsageError(f"{read.compared.source} has no step {step[:60]!r}", suggest(step, names))
    return chosen.state


def _step_of(report: Report, step: str) -> StepReport:
    chosen = step_among(report.steps, step)
    if chosen is None:
        raise UsageError(f"the verification of {report.lab} has no step {step[:60]!r}", "see its `steps`")
    return chosen


# --- findings of check ------------------------------------------------------------------------------------------------


def _checks(a: Iterable[Finding], b: Iterable[Finding], renamed: Callable[[str], str]) -> Iterable[CheckChange]:
    """The findings that only one side has, wherever the line is; those of ``a`` with the names of ``b``."""
    before = list(dict.fromkeys((one.rule, renamed(one.message)) for one in a))
    after = list(dict.fromkeys((one.rule, one.message) for one in b))
    yield from (_check("removed", *one) for one in before if one not in after)
    yield from (_check("added", *one) for one in after if one not in before)


def _check(change: str, rule: str, message: str) -> CheckChange:
    place = re.match(r"([\w.-]+(?:\[[^\]]*\])?): ", message)
    where = place[1] if place else ""
    rest = message[place.end() :] if place else message
    return CheckChange("added" if change == "added" else "removed", rule, where, rest)


# --- accepted changes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A line of the list: what kind of change, and a glob of its names."""

    kind: str
    glob: str

    def fits(self, kinds: Collection[str], name: str) -> bool:
        return self.kind in kinds and fnmatchcase(name.lower(), self.glob.lower())


# The words that a line begins with.
_KINDS = {
    **{word: f"{word.removesuffix('s')}s" for part in PARTS for word in (part, part.removesuffix("s"))},
    **{word: word for word in ("lost", "gained", "new", "gone")},
    "drop": "other drop",
    "path": "other path",
}


def _accepted(text: str) -> tuple[_Accepted, ...]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, glob = line.partition("#" if line.lstrip().startswith("#") else " #")[0].strip().partition(" ")
        if not kind:
            continue
        if kind.lower() not in _KINDS or not glob.strip():
            raise UsageError(
                f"--allow, line {number}: {line[:60]!r} names no change",
                f"begin with one of {', '.join(_KINDS)}, then a name, as `lost spoke1-vm -> site1-*`",
            )
        found.append(_Accepted(_KINDS[kind.lower()], " ".join(glob.split())))
    return tuple(found)


def _without_accepted(found: Difference, accepted: Collection[_Accepted]) -> Difference:
    """The difference without the changes that are accepted; the summary counts these."""

    def kept(name: str, *kinds: str) -> bool:
        return not any(one.fits(kinds, name) for one in accepted)

    objects = tuple(one for one in found.objects if kept(one.name, "objects"))
    routes = tuple(one for one in found.routes if kept(f"{one.place} {one.prefix}", "routes"))
    cells = tuple(one for one in found.cells if kept(_pair(one), "cells", one.kind))
    checks = tuple(one for one in found.checks if kept(f"{one.rule} {one.where}".strip(), "checks"))
    before = sum(map(len, (found.objects, found.routes, found.cells, found.checks)))
    left = sum(map(len, (objects, routes, cells, checks)))
    summary = replace(found.summary, accepted=before - left)
    return replace(found, objects=objects, routes=routes, cells=cells, checks=checks, summary=summary)


def _pair(cell: CellChange) -> str:
    return f"{cell.source} -> {cell.target}" if cell.target else cell.source


def _summed(found: Difference) -> Difference:
    def count(kind: str) -> int:
        return sum(cell.kind == kind for cell in found.cells)

    summary = replace(
        found.summary,
        objects=len(found.objects),
        routes=len(found.routes),
        checks=len(found.checks),
        lost=count("lost"),
        gained=count("gained"),
        other_drop=count("other drop"),
        other_path=count("other path"),
    )
    return replace(found, summary=summary)
