"""Answers that Azure gave about a real deployment, a file each, beside what the model predicts of a scenario."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from netlab import files
from netlab.api import model
from netlab.azure.recorded import matching
from netlab.azure.recorded.answers import Unrecognised, answer
from netlab.azure.recorded.foreseen import foreseen
from netlab.azure.recorded.reasons import Reasons
from netlab.azure.state import State
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.imports import reading
from netlab.results.recorded import ComparedFile, Comparison, Counts
from netlab.scenario.models import Scenario

# Lines of remarks that a script writes around what it recorded; no line of JSON begins with this character.
_REMARK = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*#[^\n]*", re.MULTILINE)
_HINT = "leave only recorded answers there: `netlab compare --help` says how to call them"


def compare(scenario: Scenario, directory: str, step: str = "") -> Comparison:
    """Each recorded answer beside the prediction after a step of the story; ScenarioError if one cannot be read."""
    state = model.state(scenario, step)
    found: list[ComparedFile] = []
    findings: list[Finding] = []
    for source, path in reading.paths((directory,)):
        try:
            found.append(_compared(state, source, path))
        except reading.Refused as error:
            findings.append(_in_words(error.finding))
        except Unrecognised as error:
            findings.append(Finding(str(error), "", source))
    if findings:
        count = "1 file" if len(findings) == 1 else f"{len(findings)} files"
        raise ScenarioError(f"{count} in {directory[:200]} cannot be compared", tuple(findings), _HINT)
    rows = [row.verdict for file in found for row in file.rows]
    counts = Counts(*(rows.count(verdict) for verdict in ("equal", "different", "missing here", "missing there")))
    return Comparison(scenario.name, step, tuple(found), counts)


def _compared(state: State, source: str, path: Path) -> ComparedFile:
    try:
        content = files.read(path, reading.MOST_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {source[:200]}: {error.strerror}", "name a readable directory") from None
    recorded = answer(path.name, reading.parsed(source, _REMARK.sub(b"", content)).data)
    here = foreseen(state, recorded)
    now = here.answer
    rows = matching.rows(now.kind, now.rows, here.rows, Reasons(state, here).why)
    return ComparedFile(source, now.kind, now.subject, now.peer, rows)


def _in_words(finding: Finding) -> Finding:
    """Why a file cannot be read, without the codes of an import."""
    known = finding.rule in ("E01", "E04")
    return replace(finding, rule="", message=finding.message if known else "no JSON, as `az ... -o json` prints it")
