"""What the live page has above and beside the report, as HTML: findings of a file, the state of a lab, answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netlab.errors import NetlabError
from netlab.render.text import environment
from netlab.report import prose, tables
from netlab.results.lab import Followed, NodeRoute
from netlab.results.live import Design, Loss, Standing
from netlab.results.prediction import Explanation


def design(found: Design) -> str:
    """What is found about a scenario file, line by line."""
    return _made("design", design=found, says=_verdict(found))


def explained(found: Explanation) -> str:
    """Why a pair can talk or not."""
    return _answer(prose.explained(found), ())


def followed(found: Followed) -> str:
    """What became of a probe, and every packet of it."""
    return _answer(prose.followed(found), tables.passings(found))


def routes(found: Iterable[NodeRoute]) -> str:
    """The routes of a node."""
    return _answer("", [{key: _cell(value) for key, value in tables.row(item).items()} for item in found])


def loss(found: Loss) -> str:
    """What a flow has lost so far, in a line."""
    lost = f"{found.lost} of {found.sent} packets lost, the longest outage {found.outage_seconds:g} s"
    return f"{found.source} to {found.target}: {lost} (100 packets a second; one counts after a second)"


def standing(found: Standing, command: str, changes: Sequence[str]) -> str:
    """A lab: what is broken, connections and peers with their counters, nodes, and the commands that change it."""
    wrong = [check for check in found.overview.checks if check.status != "passed"]
    says = f"{len(wrong)} of {len(found.overview.checks)} checks failed" if wrong else "healthy"
    broken = dict.fromkeys(item.node for check in wrong for item in check.findings)
    return _made(
        "lab", lab=found, words=prose.overview(found.overview), says=says, wrong=wrong, broken=tuple(broken),
        command=command, changes=changes,
    )  # fmt: skip


def gone(error: NetlabError) -> str:
    """Why there is nothing to show of a lab."""
    return _made("gone", error=error)


def _answer(text: str, rows: Sequence[tables.Row]) -> str:
    return _made("answer", text=text, columns=tuple(rows[0]) if rows else (), rows=rows)


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _verdict(found: Design) -> str:
    """Whether a file is valid, and how many findings there are of each kind."""
    kinds = ((kind, sum(item.severity == kind for item in found.findings)) for kind in ("error", "warning"))
    counted = ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in kinds if number)
    return f"{'valid' if found.report is not None else 'not valid'}{f': {counted}' if counted else ''}"


def _made(name: str, **values: object) -> str:
    return environment(html=True).get_template(f"report/{name}.html.j2").render(**values)
