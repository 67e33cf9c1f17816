"""Answers that Azure gave about a real deployment, a file each, beside what the model predicts, or what a lab has."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from netlab import files
from netlab.api import model, show
from netlab.api.labs import Lab
from netlab.api.machine import LINUX
from netlab.azure.recorded import matching
from netlab.azure.recorded.answers import Unrecognised, answer
from netlab.azure.recorded.foreseen import Side, foreseen, of_model
from netlab.azure.recorded.reasons import Reasons
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.imports import reading
from netlab.lab.build import records
from netlab.lab.measure.shown.bgp import Daemons
from netlab.lab.measure.shown.nics import effective_routes as of_nic
from netlab.lab.measure.shown.nics import learned
from netlab.results.recorded import ComparedFile, Comparison, Counts
from netlab.scenario.models import Scenario

# Lines of remarks that a script writes around what it recorded; no line of JSON begins with this character.
_REMARK = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*#[^\n]*", re.MULTILINE)
_HINT = "leave only recorded answers there: `netlab compare --help` says how to call them"


def compare(scenario: Scenario, directory: str, step: str = "") -> Comparison:
    """Each recorded answer beside the prediction after a step of the story; ScenarioError if one cannot be read."""
    return _comparison(of_model(model.state(scenario, step)), directory, Comparison(scenario.name, step))


def compare_lab(lab: Lab, directory: str) -> Comparison:
    """The same beside what a running lab has now."""
    now, knowing = records.state(lab), learned(lab.plan, LINUX.gateways)

    def status(name: str) -> tuple[str, str]:
        end = show.gateway(lab, now.network.connections[name].spec.between[0])
        (found,) = (row for row in end.connections().rows if row.name == name)
        return found.connectionStatus, found.reason

    side = Side(now, Daemons(lab.plan, now, LINUX.bgp), partial(of_nic, now, knowing), status)
    return _comparison(side, directory, Comparison(now.scenario.name, "", lab.facts.lab))


def _comparison(side: Side, directory: str, empty: Comparison) -> Comparison:
    found: list[ComparedFile] = []
    findings: list[Finding] = []
    for source, path in reading.paths((directory,)):
        try:
            found.append(_compared(side, source, path))
        except reading.Refused as error:
            findings.append(_in_words(error.finding))
        except Unrecognised as error:
            findings.append(Finding(str(error), "", source))
    if findings:
        count = "1 file" if len(findings) == 1 else f"{len(findings)} files"
        raise ScenarioError(f"{count} in {directory[:200]} cannot be compared", tuple(findings), _HINT)
    rows = [row.verdict for file in found for row in file.rows]
    counts = Counts(*(rows.count(verdict) for verdict in ("equal", "different", "missing here", "missing there")))
    return replace(empty, files=tuple(found), summary=counts)


def _compared(side: Side, source: str, path: Path) -> ComparedFile:
    try:
        content = files.read(path, reading.MOST_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {source[:200]}: {error.strerror}", "name a readable directory") from None
    recorded = answer(path.name, reading.parsed(source, _REMARK.sub(b"", content)).data)
    here = foreseen(side, recorded)
    now = here.answer
    rows = matching.rows(now.kind, now.rows, here.rows, Reasons(side.state, here).why)
    return ComparedFile(source, now.kind, now.subject, now.peer, rows)


def _in_words(finding: Finding) -> Finding:
    """Why a file cannot be read, without the codes of an import."""
    known = finding.rule in ("E01", "E04")
    return replace(finding, rule="", message=finding.message if known else "no JSON, as `az ... -o json` prints it")
