"""Check every connection between gateways and sites.

Success: it is Connected or NotConnected as the scenario documents, if it does, and as the model predicts; one that is
not is so for the predicted reason, and the CHILD SAs of one that is select what the model predicts. A tunnel on demand
that no packet has asked for is idle, which is a success.
Failure: scenario, model and lab are not of one opinion, or a tunnel of the connection is missing. Each such tunnel is a
finding at both of its ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netlab.azure.ike import CODES, Negotiated
from netlab.azure.state import State
from netlab.lab.build.rousing import ends
from netlab.lab.measure.judgement import three_way
from netlab.lab.story.connections import Seen, observe
from netlab.machine.ports import Sas
from netlab.plan.model import Plan
from netlab.results.verification import Check, Deviation
from netlab.scenario.network import Tunnel


def check(plan: Plan, state: State, sas: Sas, documented: Mapping[str, str]) -> Iterator[Check]:
    """Every connection, as documented, predicted and observed."""
    for name, negotiated in state.negotiated.items():
        tunnels = [tunnel.name for tunnel in state.topology.tunnels_by_connection[name]]
        up = [tunnel for tunnel in tunnels if tunnel in state.up]
        seen = observe(plan, sas, tunnels)
        if up and _idle(plan, tunnels, seen, negotiated):
            yield Check(f"connection {name}", "passed", "idle: the next packet brings it up")
            continue
        problem = _problem(documented.get(name), negotiated, bool(up), seen) or _lacking(plan, sas, up, seen)
        problem = problem or next(filter(None, (_selected_otherwise(plan, state, sas, each) for each in up)), "")
        found = tuple(_ends(plan, state, sas, name, problem)) if problem else ()
        yield Check(f"connection {name}", "failed" if problem else "passed", problem or _message(seen), found)


def _ends(plan: Plan, state: State, sas: Sas, name: str, problem: str) -> Iterator[Deviation]:
    """Both ends of those tunnels of a connection that are not up or down as predicted; of all, if each is."""
    tunnels = state.topology.tunnels_by_connection[name]
    otherwise = {t: t.name in state.up for t in tunnels if _is_up(plan, sas, t) != (t.name in state.up)}
    for tunnel in otherwise or tunnels:
        kind = {True: "tunnel-missing", False: "tunnel-extra", None: "tunnel-changed"}[otherwise.get(tunnel)]
        yield from (Deviation(kind, router.node, tunnel.name, problem) for router in tunnel.routers)


def _is_up(plan: Plan, sas: Sas, tunnel: Tunnel) -> bool:
    return observe(plan, sas, (tunnel.name,)).state == "Connected"


def _idle(plan: Plan, tunnels: Iterable[str], seen: Seen, negotiated: Negotiated) -> bool:
    """Whether it waits for a packet; one whose first proposal is refused does, and has the reason of that (R50)."""
    on_demand = any(item.on_demand for tunnel in tunnels for _, item in ends(plan, tunnel))
    refused = "selectors unacceptable" if negotiated.waits else ""
    return on_demand and seen.state != "Connected" and seen.reason in ("", refused)


def _lacking(plan: Plan, sas: Sas, up: Iterable[str], seen: Seen) -> str:
    """The tunnels that must be up and are not, of a connection of which one is."""
    if seen.state != "Connected":
        return ""
    lacking = [tunnel for tunnel in up if observe(plan, sas, (tunnel,)).state != "Connected"]
    return f"no INSTALLED CHILD SA of {', '.join(lacking)}" if lacking else ""


def _selected_otherwise(plan: Plan, state: State, sas: Sas, name: str) -> str:
    """What is wrong with the selectors of a tunnel's CHILD SAs at one of its ends; empty if nothing, or if it has none.

    Of a tunnel on demand some may be missing.
    """
    tunnel = state.topology.tunnel[name]
    places = {each.edge: each.node for each in plan.tunnels if each.connection == name}
    for charon, item in ends(plan, name):
        agreed = state.negotiated[tunnel.connection.name].selectors[tunnel.side(places[charon.node]).index]
        predicted = {_pair(each.local, each.remote) for each in agreed}
        found = sas.children(charon.directory, name)
        observed = {_pair(child.local_ts.prefixes, child.remote_ts.prefixes) for child in found}
        if found and (observed - predicted if item.on_demand else observed != predicted):
            return (
                f"at {places[charon.node]} model and lab disagree on the selectors: "
                f"predicted {_in_words(predicted)}, observed {_in_words(observed)}"
            )
    return ""


def _pair(local: Iterable[object], remote: Iterable[object]) -> str:
    return f"{' '.join(sorted(map(str, local)))} === {' '.join(sorted(map(str, remote)))}"


def _in_words(pairs: Iterable[str]) -> str:
    return ", ".join(sorted(pairs))


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
