"""What several verbs do alike: load a scenario, say what came of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli.options import Format
from netlab.cli.output import display, log, print_json
from netlab.errors import UsageError

if TYPE_CHECKING:
    from netlab.api.scenarios import Loaded
    from netlab.results.lab import Incident


def require_root() -> None:
    """HostError where this machine, or this user, can have no lab."""
    from netlab.api.host import require

    require()


def one_name(lab: str, named: str) -> str:
    """The name of a lab, given as an argument or by --lab."""
    if lab and named:
        raise UsageError("LAB and --lab exclude each other", "name the lab once")
    return lab or named


def load_scenario(reference: str) -> Loaded:
    """A scenario from a file or from the catalogue; its warnings are printed."""
    from netlab.api.scenarios import load

    return warned(load(reference))


def warned(loaded: Loaded) -> Loaded:
    """A scenario whose warnings are printed."""
    for warning in loaded.warnings:
        log(str(warning))
    return loaded


def print_incident(found: Incident, output: Format) -> None:
    """What came of an incident, as a result."""
    if output is Format.json:
        print_json(found)
    else:
        from netlab.report import prose

        display(prose.incident(found))
