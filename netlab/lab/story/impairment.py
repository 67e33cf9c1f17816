"""Which link a user means, and what it shall do to packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from netlab.errors import UsageError
from netlab.lab.build.records import Lab
from netlab.plan.model import Uplink
from netlab.scenario.models import Impairment
from netlab.scenario.names import suggest


def impaired(lab: Lab, link: str, asked: Mapping[str, str], reset: bool) -> Uplink:
    """A link by the name of its gateway's VNet, site, client or edge router, with what was asked of it.

    UsageError if that is not sense.
    """
    uplinks = {uplink.name.lower(): uplink for uplink in lab.plan.uplinks}
    if link.lower() not in uplinks:
        known = [uplink.name for uplink in lab.plan.uplinks]
        raise UsageError(f"{lab.facts.lab} has no link called {link[:60]!r}", suggest(link, known))
    if reset == bool(asked):
        raise UsageError("say either --reset or what the link shall do", "as --delay 40ms --loss 1%")
    uplink = uplinks[link.lower()]
    if reset:
        return uplink
    try:
        wanted = Impairment.model_validate(asked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = f"--{first['loc'][0]}: " if first["loc"] else ""
        raise UsageError(f"{option}{first['msg'].removeprefix('Value error, ')}", "netlab impair --help") from None
    return replace(uplink, delay=wanted.delay, jitter=wanted.jitter, loss=wanted.loss, rate=wanted.rate)
