"""Check every connection between gateways and sites.

Success: it is Connected or NotConnected as the scenario documents, if it does, and as the model predicts; one that is
not is so for the predicted reason. A tunnel on demand that no packet has asked for is idle, which is a success.
Failure: scenario, model and lab are not of one opinion, or a tunnel of the connection is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netlab.azure.ike import CODES, Negotiated
from netlab.azure.state import State
from netlab.lab.measure.judgement import three_way
from netlab.lab.story.connections import Seen, ends, observe
from netlab.machine.ports import Sas
from netlab.plan.model import Plan
from netlab.results.verification import Check


def check(plan: Plan, state: State, sas: Sas, documented: Mapping[str, str]) -> Iterator[Check]:
    """Every connection, as documented, predicted and observed."""
    for name, negotiated in state.negotiated.items():
        tunnels = [tunnel.name for tunnel in state.topology.tunnels_by_connection[name]]
        up = [tunnel for tunnel in tunnels if tunnel in state.up]
        seen = observe(plan, sas, tunnels)
        if up and _idle(plan, tunnels, seen):
            yield Check(f"connection {name}", "passed", "idle: the next packet brings it up")
            continue
        problem = _problem(documented.get(name), negotiated, bool(up), seen) or _lacking(plan, sas, up, seen)
        yield Check(f"connection {name}", "failed" if problem else "passed", problem or _message(seen))


def _idle(plan: Plan, tunnels: Iterable[str], seen: Seen) -> bool:
    on_demand = any(item.on_demand for tunnel in tunnels for _, item in ends(plan, tunnel))
    return on_demand and seen.state != "Connected" and not seen.reason


def _lacking(plan: Plan, sas: Sas, up: Iterable[str], seen: Seen) -> str:
    """The tunnels that must be up and are not, of a connection of which one is."""
    if seen.state != "Connected":
        return ""
    lacking = [tunnel for tunnel in up if observe(plan, sas, (tunnel,)).state != "Connected"]
    return f"no INSTALLED CHILD SA of {', '.join(lacking)}" if lacking else ""


def _message(seen: Seen) -> str:
    if seen.state == "Connected":
        return "INSTALLED"
    code = next((code for reason, code in CODES.items() if reason == seen.reason), "")
    return f"{seen.words}, as expected" + (f"; Azure's troubleshooting says {code}" if code else "")


def _problem(documented: str | None, negotiated: Negotiated, up: bool, seen: Seen) -> str:
    """Who stands alone; an attempt under way counts as not connected."""
    is_up = seen.state == "Connected"
    said = documented == "Connected" if documented is not None else None
    if up and not is_up and said is not False:
        return f"no INSTALLED CHILD SA: {seen.words}"
    problem = three_way(said, up, is_up, lambda up: "Connected" if up else "NotConnected")
    # What the ends do not agree on has a reason of IKE's; what was broken has none.
    if problem or is_up or negotiated.up or seen.reason == negotiated.reason:
        return problem
    return three_way(None, Seen("NotConnected", negotiated.reason).words, seen.words, str)
