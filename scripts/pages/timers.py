"""Which times an outage consists of, and who says how long they are on Azure."""

from __future__ import annotations

from pages.markdown import keys


def timers() -> str:
    """Every time that an action's outage consists of."""
    from netlab.azure.faults.timers import TIMERS

    found: dict[object, list[str]] = {}
    for action, known in TIMERS.items():
        for timer in known:
            found.setdefault(timer, []).append(f"`{action}`")
    rows = (
        (t.what, t.standing, " ".join(filter(None, (t.azure, t.source))), t.lab or "the same", ", ".join(actions))
        for t, actions in found.items()
    )
    return keys(("Time until", "On Azure", "How long there", "In the lab", "Actions"), rows)
