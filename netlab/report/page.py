"""A report as one HTML page that needs nothing else: no network, no other file, and JavaScript only for comfort."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

from netlab.render.text import environment, template_directory
from netlab.report import prose
from netlab.report.chapters import chapters
from netlab.report.lights import Lights
from netlab.results.verification import Report


def page(found: Report, drawing: str) -> str:
    """The page of a report; ``drawing`` is the SVG of its topology."""
    script = (template_directory() / "report/report.js").read_text(encoding="utf-8")
    return (
        environment(html=True)
        .get_template("report/report.html.j2")
        .render(
            report=found,
            silent=prose.unstated(found.unstated),
            inferred=prose.inferred(found.inferred, found.summary.inferred),
            chapters=tuple(chapters(found)),
            drawing=_inline(drawing),
            lights=Lights.of(found.topology),
            opening=_opening(found),
            style=(template_directory() / "report/report.css").read_text(encoding="utf-8"),
            script=script,
            # Nothing but this very script may run, whatever a name or a reason holds.
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )


def _opening(found: Report) -> frozenset[str]:
    """The machines with which another VNet or site begins in the matrix."""
    places = ((machine.node, machine.place or machine.kind) for machine in found.machines)
    return frozenset(next(same)[0] for _, same in groupby(places, key=itemgetter(1)))


def _inline(svg: str) -> str:
    """An SVG file as a part of a page: without prolog, comments and namespaces, which HTML knows by itself."""
    element = re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, rest = element.split(">", 1)
    return re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", head) + ' role="img" aria-labelledby="topology">' + rest
