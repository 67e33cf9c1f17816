"""The report of an import as lines for standard error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.results.importing import ImportReport

_COLUMN = 14


def lines(found: ImportReport, verbose: bool) -> Iterator[str]:
    """What was read, what became of it, and what a reader has to know."""
    for each in found.inputs:
        yield _line(
            "read", f"{each.path}: {each.format}, {each.resources} resource{'' if each.resources == 1 else 's'}"
        )
    if found.result == "imported":
        yield from _of_scenario(found)
    for sought in found.unresolved:
        needed = ", ".join(sought.needed_by[:8]) + (" …" if len(sought.needed_by) > 8 else "")
        yield _line("not found", f"{sought.type} {sought.name}, needed by {needed}: {sought.command}")
    if found.off:
        yield _line("off", f"{len(found.off)} by condition: {', '.join(found.off[:8])}")
    if verbose:
        yield from (_line("not read", f"{path} ({count})") for path, count in found.properties.items())
    yield from (str(finding) for finding in found.findings)
    yield f"{found.result}, exit {found.exit}"


def _of_scenario(found: ImportReport) -> Iterator[str]:
    for label, counts in (
        ("imported", found.imported),
        ("no key yet", found.format_dependent),
        ("not modelled", found.not_modelled),
    ):
        if counts:
            yield _line(label, _counted(counts))
    for approximated in found.approximated:
        yield _line("approximated", f"{approximated['name']} as {approximated['as']}: {approximated['why']}")
    for invented in found.invented:
        yield _line("invented", f"{invented.kind} {invented.name}: {invented.why}")
    for left in found.left_out:
        yield _line("left out", f"{left.type} {left.name}: {left.why}")
    for substituted in found.substituted:
        yield _line("substituted", f"{substituted['name']}: {substituted['from']} by {substituted['to']}")
    if found.renamed:
        yield _line("renamed", f"{len(found.renamed)}, each has a comment in the file")
    for warned in found.warnings:
        yield _line("warning", f"{warned.name}: {warned.message}")
    if found.secrets:
        yield _line("not written", f"secrets: {_counted(found.secrets)}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.removeprefix('Microsoft.Network/')}" for name, count in counts.items())


def _line(label: str, text: str) -> str:
    return f"{label:<{_COLUMN}}{text}"
