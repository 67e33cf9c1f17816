"""What a designer sees of a scenario file: its findings by line, and what the model makes of it. No lab, no root."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netlab.api import model, scenarios
from netlab.azure.foretold import foretold
from netlab.errors import Finding, ScenarioError, UsageError
from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.results.live import Design
from netlab.results.prediction import Explanation
from netlab.results.protocols import PROTOCOLS, Protocol
from netlab.scenario.loader import SUFFIXES, Loaded, catalogue, load


def path(reference: str) -> Path:
    """The file of a scenario; UsageError if there is none, or if it cannot be read."""
    try:
        return Path(load(reference).where)
    except ScenarioError:
        known = {} if "/" in reference or reference.endswith(SUFFIXES) else catalogue()
        return known.get(reference, Path(reference))


def design(file: Path) -> Design:
    """A scenario file as it is now, whatever it holds, or if it is gone."""
    where = str(file)
    try:
        loaded = _loaded(file)
    except ScenarioError as error:
        return Design(where, error.findings or (Finding(error.message, where=where),), None, "")
    except UsageError as error:
        return Design(where, (Finding(error.message, where=where),), None, "")
    found = sorted((*loaded.warnings, *scenarios.remarks(loaded)), key=lambda finding: finding.line)
    report = foretold(loaded.scenario)
    return Design(where, tuple(found), report, svg(dot(report.topology)))


def explanation(file: Path, asked: Mapping[str, str]) -> Explanation:
    """Why a pair can talk or not, and what would mend it: ``source``, ``target``, ``step`` and ``protocol``."""
    step, source, target = (asked.get(name, "") for name in ("step", "source", "target"))
    return model.explanation(_loaded(file).scenario, step, source, target, protocol(asked))


def protocol(asked: Mapping[str, str]) -> Protocol:
    """The ``protocol`` that is asked for, ICMP without one; UsageError if it is none."""
    name = asked.get("protocol", "icmp")
    found = next((known for known in PROTOCOLS if known == name), None)
    if found is None:
        raise UsageError(f"{name[:60]!r} is no protocol here", f"one of {', '.join(PROTOCOLS)}")
    return found


def _loaded(file: Path) -> Loaded:
    """The scenario of a file, which no name of the catalogue stands for."""
    return load(str(file.absolute()))
