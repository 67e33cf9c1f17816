"""The file of a campaign: which scenarios, on which data planes, at which time scales.

::

    name: nightly
    scenarios: [p2s-branch-bgp, networks/*.yaml]   # names from `netlab list`, files beside this one
    sweeps: [s2s-active-active]                    # of these every part is broken once
    data_planes: [userspace, kernel]               # else auto
    time_scales: [20, 60]                          # else that of each scenario
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from netlab import files
from netlab.errors import Finding, UsageError
from netlab.scenario.document import Document, read
from netlab.scenario.loader import MAX_BYTES, SUFFIXES, decoded, invalid

_HINT = "a campaign has `name`, `scenarios`, `sweeps`, `data_planes`, `time_scales`"
Texts = tuple[Annotated[str, Field(min_length=1)], ...]


class CampaignFile(BaseModel):
    """What the file of a campaign says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
    scenarios: Texts = ()
    sweeps: Texts = ()
    data_planes: tuple[Literal["auto", "kernel", "userspace"], ...] = ()
    time_scales: tuple[Annotated[float, Field(ge=1, le=60)], ...] = ()


def load(path: Path) -> CampaignFile:
    """The campaign of a file; UsageError if it cannot be read, ScenarioError with each mistake and its line."""
    try:
        content = files.read(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "name the file of a campaign") from None
    return parse(decoded(content, str(path)), str(path))


def parse(text: str, where: str) -> CampaignFile:
    """The campaign that a text describes; ``where`` is the file's name for messages."""
    document = read(text, where)
    try:
        found = CampaignFile.model_validate(document.data)
    except ValidationError as error:
        raise invalid(where, tuple(_findings(error, document, where)), _HINT) from None
    if not found.scenarios and not found.sweeps:
        raise invalid(where, (Finding("neither `scenarios` nor `sweeps` names anything", where=where, line=1),), _HINT)
    return found


def references(patterns: Texts, folder: Path) -> Iterator[str]:
    """What `netlab test` takes: names from the catalogue, and the files that patterns stand for, in order.

    UsageError for a pattern without a file.
    """
    for pattern in patterns:
        if "/" not in pattern and not pattern.endswith(SUFFIXES):
            yield pattern
            continue
        absolute = Path(pattern)
        root = Path(absolute.anchor) if absolute.is_absolute() else folder
        found = sorted(root.glob(str(absolute.relative_to(root) if absolute.is_absolute() else absolute)))
        if not found:
            raise UsageError(f"there is no file {pattern} in {folder}", "paths begin where the campaign's file is")
        yield from map(str, found)


def _findings(error: ValidationError, document: Document, where: str) -> Iterator[Finding]:
    for item in error.errors(include_url=False):
        place = ".".join(map(str, item["loc"]))
        known = f"; allowed here: {', '.join(CampaignFile.model_fields)}"
        said = f"unknown key{known}" if item["type"] == "extra_forbidden" else item["msg"][:1].lower() + item["msg"][1:]
        yield Finding(f"{place}: {said}" if place else said, where=where, line=document.line(item["loc"]))
