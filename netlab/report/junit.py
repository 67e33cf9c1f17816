"""Reports as JUnit XML, for CI: a suite per step, a case per cell and check; warnings, and what the scenario states
nothing about, are the suites' output."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netlab.report import prose
from netlab.results.verification import Cell, Inferred, Report, Status, StepReport


def junit(reports: Iterable[Report], broken: Mapping[str, str]) -> str:
    """The XML of several reports; ``broken`` are the scenarios that could not be measured, and why."""
    root = ElementTree.Element("testsuites", name="netlab")
    for report in reports:
        for step in report.steps:
            suite = _suite(root, f"{report.scenario}: {step.name}", step, report.inferred)
            last = step is report.steps[-1]
            _output(suite, (*_warnings(step), *((prose.unstated(report.unstated),) if last else ())))
        if report.stopped == "interrupted":
            broken = {**broken, f"{report.scenario}: not played": prose.STOPPED[report.stopped]}
    for scenario, message in broken.items():
        suite = ElementTree.SubElement(root, "testsuite", name=scenario, tests="1", failures="0", errors="1")
        add_case(suite, "lab", "error", message)
    return written(root)


def written(root: ElementTree.Element) -> str:
    """The text of a file with an element."""
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, name: str, step: StepReport, inferred: Sequence[Inferred]) -> ElementTree.Element:
    statuses = [*(cell.status for cell in step.cells), *(check.status for check in step.checks)]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(statuses) + len(inferred)),
        failures=str(statuses.count("failed")),
        errors=str(statuses.count("error")),
        skipped=str(len(inferred)),
    )
    for cell in step.cells:
        add_case(suite, f"{cell.source} to {cell.target} ({cell.protocol})", cell.status, _said(cell))
    for item in inferred:
        case = ElementTree.SubElement(
            suite, "testcase", classname=name, name=f"{item.source} to {item.target}: {item.pairs} more pairs"
        )
        ElementTree.SubElement(case, "skipped", message=f"{item.status}: {item.why}")
    for check in step.checks:
        add_case(suite, check.name, check.status, check.message)
    return suite


def _warnings(step: StepReport) -> Iterator[str]:
    return (f"warning: {item.name}: {item.message}" for item in step.warnings)


def _output(suite: ElementTree.Element, lines: Iterable[str]) -> None:
    text = "\n".join(filter(None, lines))
    if text:
        ElementTree.SubElement(suite, "system-out").text = text


def _said(cell: Cell) -> str:
    drop = cell.dropped_at
    where = f"; dropped at {drop.node} ({drop.direction}): {drop.reason}" if drop else ""
    return f"{cell.message or cell.observed}; forward: {' > '.join(cell.forward)}{where}"


def add_case(suite: ElementTree.Element, name: str, status: Status, message: str) -> ElementTree.Element:
    """A case of a suite, with what is wrong with it."""
    case = ElementTree.SubElement(suite, "testcase", classname=suite.get("name", ""), name=name)
    tag = {"failed": "failure", "error": "error"}.get(status)
    if tag is not None:
        ElementTree.SubElement(case, tag, message=message)
    return case
