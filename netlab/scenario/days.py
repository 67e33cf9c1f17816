"""The day of a scenario: what Azure has begun or ended by then. No clock is read."""

from __future__ import annotations

from datetime import date

from netlab.scenario.models import Scenario

RELEASED = date(2026, 11, 27)
"""The day of this release: what the profile current describes."""
# U1, U11, E24: what Microsoft.Network has from API version 2025-07-01 on.
API_2025_07 = date(2025, 7, 1)
# P5.
BASIC_HAS_IKEV2 = date(2025, 11, 1)
# P4.
SSTP_IS_NOT_ENABLED = date(2026, 3, 31)
SSTP_HAS_ENDED = date(2027, 3, 31)


def day_of(scenario: Scenario) -> date:
    """The day of a scenario; without one the profile counts: the seeds are older than all that has a day here."""
    return scenario.as_of or (date.min if scenario.profile == "seed" else RELEASED)


def after_day(scenario: Scenario, day: date) -> str:
    """A day that is after a scenario's, as a message says it; empty for one that is not."""
    return f"{day}, after this scenario's day {by_day(scenario)}" if day_of(scenario) < day else ""


def by_day(scenario: Scenario) -> str:
    """The end of a message that only this day gives."""
    return f"(as_of: {day_of(scenario)})" if scenario.as_of or scenario.profile != "seed" else "(profile: seed)"
