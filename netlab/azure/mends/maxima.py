"""Changes where a BGP session is closed because a router advertised more prefixes than its peer accepts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.bgp.policy import why_exceeded
from netlab.azure.state import State
from netlab.results.mends import Change, Edit
from netlab.scenario.models import SitePrefix
from netlab.scenario.network import Circuit


def fewer(state: State) -> Iterator[Change]:
    """The parts of a prefix that the story had a speaker announce, withdrawn, as long as a maximum is exceeded."""
    closed = state.bgp.exceeded
    for action in state.history if closed else ():
        subject = action.subject
        if action.verb != "announce" or not isinstance(subject, SitePrefix) or subject.count == 1:
            continue
        if subject.parts & state.announced[subject.speaker]:
            name = {"site": subject.site} if subject.site is not None else {"nva": subject.nva}
            why = why_exceeded(closed[0].router, closed[0].peer)
            sentence = f"have {subject.site or subject.nva} withdraw the {subject.count} parts of {subject.prefix}"
            withdrawn = {"withdraw": {**name, "prefix": str(subject.prefix), "count": subject.count}}
            yield Change(f"{sentence}: {why}", actions=(withdrawn,))


def larger(state: State) -> Iterator[Change]:
    """The circuits that take too few prefixes as Premium ones, one alone and all (R98)."""
    ends = (router.end for session in state.bgp.exceeded for router in (session.router, session.peer))
    few = [end for end in dict.fromkeys(ends) if isinstance(end, Circuit) and end.spec.sku_tier == "Standard"]
    for some in dict.fromkeys((*((each,) for each in few), tuple(few))) if few else ():
        names = " and ".join(circuit.name for circuit in some)
        edits = (Edit("set", ("expressroute_circuits", circuit.name, "sku_tier"), "Premium") for circuit in some)
        yield Change(f"make {names} Premium: a Standard circuit takes 4,000 prefixes, it 10,000 (R98)", tuple(edits))
