"""Check that a lab is as it was built (`status` only: `verify` puts back what was changed before it begins).

Success: no fault lasts, what is advertised, the keys, the clients and the links are those of the scenario.
Failure: something was changed since `up` and not put back; the message says by which actions and on which links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netlab.azure.outcome import actions
from netlab.azure.state import State
from netlab.plan.model import Uplink
from netlab.results.verification import Check
from netlab.scenario.models import Step

NAME = "changed"


def check(opening: State, now: State, built: Iterable[Uplink], links: Iterable[Uplink]) -> Iterator[Check]:
    """What was changed of a lab since it was built; no check where nothing was."""
    words = [*(actions(Step(name=NAME, do=now.history)) if _is_another(opening, now) else ())]
    words += [f"link {link.name} is impaired" for was, link in zip(built, links, strict=True) if was != link]
    if words:
        hint = "`netlab reset story` puts back what actions changed, `netlab impair LINK --reset` a link"
        yield Check(NAME, "failed", f"since `up`: {'; '.join(words)}. {hint}")


def _is_another(opening: State, now: State) -> bool:
    """Whether actions have left anything: a fault that was mended, or a client that came back, leaves nothing."""
    return any(
        before != after
        for before, after in (
            (opening.faults, now.faults),
            (opening.announced, now.announced),
            (opening.sessions, now.sessions),
            (opening.keys, now.keys),
            (opening.scenario, now.scenario),
        )
    )
