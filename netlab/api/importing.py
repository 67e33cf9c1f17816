"""Imports: the scenario that other descriptions of a network make, checked as a file would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netlab.api import references
from netlab.api.scenarios import findings
from netlab.azure.expecting import additions
from netlab.errors import ScenarioError
from netlab.imports.commands import COMMANDS
from netlab.imports.importer import Outcome, imported
from netlab.imports.options import Options, options
from netlab.imports.reading import SUBSCRIPTION
from netlab.scenario.loader import parse
from netlab.scenario.writing import with_expectations as extended

__all__ = ["COMMANDS", "SUBSCRIPTION", "Options", "Outcome", "knowing", "options", "run", "with_expectations"]

AS_IMPORTED = "as imported"


def run(paths: Sequence[str], given: Options, where: str, strict: bool, stdin: bytes = b"") -> Outcome:
    """The outcome of an import, with what `check` finds in the scenario; ``where`` is its file's name for messages.

    ``stdin`` is the content of the path that is no file: standard input, or `SUBSCRIPTION`.
    """
    outcome = imported(paths, given, stdin)
    if not outcome.text:
        return outcome
    found, valid = findings(outcome.text, where)
    report = outcome.report
    incomplete = report.left_out or report.approximated or report.not_modelled or report.format_dependent
    exit_ = 1 if not valid or (strict and incomplete) else 0
    return replace(outcome, report=replace(report, findings=found, exit=exit_))


def knowing(given: Options, reference: str) -> Options:
    """The same options, with the sites of a scenario: what is on premises no description of Azure says."""
    loaded = references.scenario(reference)
    return replace(given, known=references.sites(loaded.text, reference))


def with_expectations(text: str) -> str:
    """A scenario's text with what the model predicts as its expectation; as it is where it has errors."""
    try:
        loaded = parse(text, "")
    except ScenarioError:
        return text
    return extended(text, additions(loaded.scenario), AS_IMPORTED)
