"""A report as one HTML page that needs nothing else: no network, no other file, and JavaScript only for comfort."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

from netlab.render.text import asset, environment
from netlab.report import prose, timeline
from netlab.report.chapters import chapters
from netlab.report.inside import configured, inside
from netlab.report.lights import Lights
from netlab.report.matrix import Matrix
from netlab.report.story import changes
from netlab.results.protocols import PROTOCOLS
from netlab.results.topology import Machine
from netlab.results.verification import Report

# Pixels for a point of a drawing at least: its letters have 10 and 11 points.
_LEAST = 0.85
# So many points do not fit above a matrix: a higher drawing scrolls there.
_HIGH = 800
_SIDES = ("width", "height")
_NAMESPACES = r'\s+xmlns(:\w+)?="[^"]*"'


@dataclass(frozen=True, slots=True)
class Live:
    """What a live page has above the report: its first text, and which version of all that is shown this is.

    ``kind`` is design or lab; ``command`` is the end of every command about it.
    """

    html: str
    version: int
    kind: str
    command: str


@dataclass(frozen=True, slots=True)
class _Script:
    """A script of the page, and the hash by which the page's policy knows it."""

    text: str

    @property
    def hash(self) -> str:
        """SHA-256 in base64, as a Content Security Policy has it."""
        return b64encode(sha256(self.text.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class _Choice:
    """A filter of the matrices: its title, its name in the script, and its options with their words."""

    title: str
    name: str
    options: Mapping[str, str]


def page(found: Report, drawing: str) -> str:
    """The page of a report; ``drawing`` is the SVG of its topology."""
    return _page(f"{found.lab}: netlab report", content(found, drawing), None, "report.js", "filters.js", "inside.js")


def live_page(title: str, inside: str, live: Live) -> str:
    """The page that a server keeps up to date; ``inside`` is the content of a report, or empty."""
    return _page(title, inside, live, "report.js", "filters.js", "inside.js", "live.js")


def content(found: Report, drawing: str, *, judged: bool = True) -> str:
    """What is inside of the page of a report: all but its style and its scripts.

    Without ``judged`` it has no verdict and no expectations: a moment of a lab has none.
    """
    places = {machine.node: _place(machine) for machine in found.machines}
    told, rules = tuple(chapters(found)), tuple(configured(found.definition))
    tables = (*rules, *(table for chapter in told for same in chapter.tables.values() for table in same))
    return (
        environment(html=True)
        .get_template("report/content.html.j2")
        .render(
            report=found,
            judged=judged,
            silent=prose.unstated(found.unstated) if judged else "",
            inferred=prose.inferred(found.inferred, found.summary.inferred),
            chapters=told,
            rules=rules,
            changes=dict(enumerate(changes(found), 1)),
            numbers=Matrix(found.machines).numbers,
            inside=inside(found.topology, found.definition, tables),
            drawing=_inline(drawing),
            width=timeline.WIDTH,
            lights=Lights.of(found.topology),
            opening=_opening(found),
            places=places,
            choices=_choices(tuple(places.values()), judged=judged, story=len(found.steps) > 1),
        )
    )


def _page(title: str, inside: str, live: Live | None, *scripts: str) -> str:
    """A whole page. Nothing but these very scripts may run in it, whatever a name or a reason holds."""
    return (
        environment(html=True)
        .get_template("report/report.html.j2")
        .render(
            title=title,
            content=inside,
            live=live,
            style=asset("report/report.css"),
            scripts=tuple(_Script(asset(f"report/{name}")) for name in scripts),
        )
    )


def _opening(found: Report) -> frozenset[str]:
    """The machines with which another VNet or site begins in the matrix."""
    places = ((machine.node, machine.place or machine.kind) for machine in found.machines)
    return frozenset(next(same)[0] for _, same in groupby(places, key=itemgetter(1)))


def _place(machine: Machine) -> str:
    """Where a machine is, for a reader to choose: its VNet or site, or what it is."""
    return machine.place or {"client": "point-to-site clients", "internet": "the Internet"}.get(machine.kind, "")


def _choices(places: Iterable[str], *, judged: bool, story: bool) -> tuple[_Choice, ...]:
    """What a reader may choose to see of the matrices; without a story nothing changes in it."""
    named = {place: place for place in places if place}
    verdicts = {
        **({"FAIL": "not as expected"} if judged else {}),
        **({"changed": "changed"} if story else {}),
        "yes": "reached",
        "no": "not reached",
        "mixed": "mixed",
    }
    return (
        _Choice("From", "from", named),
        _Choice("To", "to", named),
        _Choice("Verdict", "verdict", verdicts),
        _Choice("Protocol", "protocol", {protocol: protocol for protocol in PROTOCOLS}),
    )


def _inline(svg: str) -> str:
    """An SVG file as a part of a page: without prolog, comments and namespaces, which HTML knows by itself.

    It is never so small that its letters cannot be read: a big one scrolls.
    """
    element = re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, rest = element.split(">", 1)
    width, height = (float(found[1]) if (found := re.search(rf'{side}="([\d.]+)pt"', head)) else 0 for side in _SIDES)
    least = f"<style>.topology svg {{ --least: {width * _LEAST:.0f}px; }}</style>"
    size = "big" if height > _HIGH else "small"
    return f'{least}{re.sub(_NAMESPACES, "", head)} class="{size}" role="img" aria-labelledby="topology">{rest}'
