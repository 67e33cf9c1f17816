"""Check the flow that runs while a step acts.

Success: its outage is not longer than the step allows; where the step allows any, always.
Failure: its outage is longer. Error: the namespace of one of its ends is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlab.machine.waiting import stretched
from netlab.results.verification import Check, FlowReport
from netlab.scenario.models import Step


def check(step: Step, found: FlowReport | None) -> Iterator[Check]:
    """The outage of a step's flow, in Azure's time; nothing where the step has none."""
    if step.flow is None:
        return
    if found is None:
        yield Check(f"flow {step.flow.source} to {step.flow.target}", "error", "not measured: a namespace is gone")
        return
    limit = step.flow.outage_at_most
    late = limit is not None and found.azure_seconds > stretched(limit)
    allowed = f", at most {stretched(limit):g} s are expected" if limit is not None else ""
    words = (
        f"{found.lost} of {found.sent} lost, an outage of {found.outage_seconds:g} s, "
        f"{found.azure_seconds:g} s in Azure's time{allowed}"
    )
    yield Check(f"flow {found.source} to {found.target}", "failed" if late else "passed", words)
