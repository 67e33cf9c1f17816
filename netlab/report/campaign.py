"""A campaign for a terminal, and as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netlab.render.text import asset, environment
from netlab.results.campaign import Campaign, Tried
from netlab.results.verification import Status

_WORST_FIRST: tuple[Status, ...] = ("error", "failed", "passed")


def title(tried: Tried) -> str:
    """A lab in few words: its scenario, and what of it was asked for."""
    scale = "" if tried.time_scale is None else f", time scale {tried.time_scale:g}"
    return f"{'sweep of ' if tried.sweep else ''}{tried.scenario} ({tried.data_plane}{scale})"


def rows(found: Campaign) -> list[dict[str, Any]]:
    """A row per lab, in the order of the campaign's file."""
    return [
        {
            "lab": title(lab),
            "verdict": lab.verdict,
            "passed": lab.passed,
            "failed": lab.failed,
            "errors": lab.errors,
            "seconds": lab.seconds,
            "worker": lab.worker,
        }
        for lab in found.labs
    ]


def verdict(found: Campaign) -> str:
    """The campaign in one line."""
    counts = ", ".join(f"{found.count(one)} {one}" for one in reversed(_WORST_FIRST))
    left = f", {found.untried} not tried" if found.untried else ""
    return f"{found.name}: {len(found.labs)} labs: {counts}{left}"


def lines(found: Campaign) -> Iterator[str]:
    """What did not pass with its messages, then the campaign in one line."""
    for lab in found.labs:
        if lab.verdict != "passed":
            yield f"{lab.verdict.upper()} {title(lab)}, {lab.file}"
            yield from (f"  - {message}" for message in lab.messages)
    yield verdict(found)


def page(found: Campaign) -> str:
    """A page that needs nothing else: every lab, the worst first, with its messages."""
    labs = sorted(found.labs, key=lambda lab: _WORST_FIRST.index(lab.verdict))
    template = environment(html=True).get_template("report/campaign.html.j2")
    shown = [(title(lab), lab) for lab in labs]
    return template.render(found=found, labs=shown, verdict=verdict(found), style=asset("report/report.css"))
