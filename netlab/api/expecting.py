"""The prediction written into a scenario file as what it expects."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

from netlab.azure.expecting import additions
from netlab.azure.prediction import AS_BUILT
from netlab.errors import UsageError
from netlab.results.catalogue import Written
from netlab.scenario.loader import Loaded, catalogue, parse
from netlab.scenario.writing import with_expectations


def expected(loaded: Loaded, output: Path | None) -> tuple[Written, str]:
    """What comes into a file, or into another one, and its text; what the file states already stays as it is."""
    text = with_expectations(loaded.text, additions(loaded.scenario), AS_BUILT)
    parse(text, loaded.where)
    target = str(output or loaded.where)
    before, now = loaded.text.splitlines(), text.splitlines()
    diff = tuple(unified_diff(before, now, fromfile=loaded.where, tofile=target, lineterm=""))
    return Written(target, bool(diff), diff), text


def own_file(loaded: Loaded) -> Path:
    """The file of a scenario, unless it came with netlab: that one is not changed."""
    path = Path(loaded.where)
    if path.resolve() in {known.resolve() for known in catalogue().values()}:
        raise UsageError(
            f"{loaded.scenario.name} came with netlab", "name another file with --output, or use --dry-run"
        )
    return path
