"""What a shell completes: scenarios and files, labs, their nodes, steps of a story. What cannot be read completes
nothing: a completion never complains."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from netlab.errors import NetlabError


def scenarios(incomplete: str) -> list[str]:
    """Names of the catalogue, scenario files, and directories in which there may be some."""
    from netlab.api.scenarios import names

    return _fitting((*names(), *_files(incomplete)), incomplete)


def labs(incomplete: str) -> list[str]:
    """The labs that there are, as far as the user may see them."""
    from netlab.api.labs import names

    try:
        return _fitting(names(), incomplete)
    except OSError:
        return []


def nodes(context: typer.Context, incomplete: str) -> list[str]:
    """The nodes of the lab that is named before, or of the only one."""
    from netlab.api.labs import read

    try:
        return _fitting((node.name for node in read(context.params.get("lab") or "").plan.nodes), incomplete)
    except (NetlabError, OSError):
        return []


def steps(context: typer.Context, incomplete: str) -> list[str]:
    """The steps of the story of the scenario that is named before."""
    from netlab.api.scenarios import load

    # Before an option that lacks its value, arguments are not assigned yet.
    reference = context.params.get("predicted") or context.params.get("scenario") or next(iter(context.args), None)
    try:
        return _fitting((step.name for step in load(reference).scenario.story), incomplete) if reference else []
    except (NetlabError, OSError):
        return []


def _files(incomplete: str) -> Iterable[str]:
    """Files and directories that begin so; a directory with a slash, so that a shell goes on in it."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    prefix = incomplete[: incomplete.rfind("/") + 1]
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return
    for path in found:
        if path.is_dir() and not path.name.startswith("."):
            yield f"{prefix}{path.name}/"
        elif path.suffix in (".yaml", ".yml"):
            yield f"{prefix}{path.name}"


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
